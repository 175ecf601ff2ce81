# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Ventral and dorsal stream of HART (2017), and the features masked by appearance attention."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .initialise import glorot, unit_scaling
from .v1 import pad_same


class VentralStream(nn.Module):
    """What is seen, nu_t: 1x1 convolution, dropout, batch norm, ELU.

    Shapes: (B, 384, S, S) -> (B, 5, S, S).
    """

    def __init__(
        self, inputs: int = 384, outputs: int = 5, keep: float = 0.75, decay: float = 0.95
    ) -> None:
        super().__init__()
        self.conv = glorot(nn.Conv2d(inputs, outputs, 1))
        self.dropout = nn.Dropout(1 - keep)
        # PyTorch's momentum is the share of the new batch, and the authors' eps is 1e-3.
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=1 - decay)

    def forward(self, features: Tensor) -> Tensor:
        return F.elu(self.norm(self.dropout(self.conv(features))))


class DynamicConv(nn.Module):
    """A convolution whose filters and biases are made from the appearance (De Brabandere 2016).

    A small net, affine 100 -> 100 and ELU, then one affine map to all weights of the filters and
    one to a bias per channel; a static bias is learnt as well. ELU follows the convolution.
    """

    def __init__(self, appearance: int, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.shape = (outputs, inputs, kernel, kernel)
        count = outputs * inputs * kernel * kernel
        self.hidden = glorot(nn.Linear(appearance, appearance))
        self.to_weight = unit_scaling(nn.Linear(appearance, count), 0.1)
        self.to_bias = unit_scaling(nn.Linear(appearance, outputs), 2**0.5)
        limit = (6.0 / (1 + outputs)) ** 0.5  # Glorot uniform, as a 1x1 kernel of one channel
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-limit, limit))

    def forward(self, features: Tensor, appearance: Tensor) -> tuple[Tensor, Tensor]:
        """Convolves each sample with its own filters.

        Args:
            features: (B, C, S, S).
            appearance: (B, 100), alpha_t.

        Returns:
            (B, D, S, S), and (B,), half the sum of squares of what was generated.
        """
        batch, _, height, width = features.shape
        outputs, inputs, kernel, _ = self.shape
        hidden = F.elu(self.hidden(appearance))
        weight = self.to_weight(hidden)  # (B, D * C * k * k)
        bias = self.to_bias(hidden)  # (B, D)
        padded = pad_same(features, kernel)
        # A group per sample: (1, B * C, S + k - 1, S + k - 1) with (B * D, C, k, k)
        response = F.conv2d(
            padded.reshape(1, batch * inputs, *padded.shape[-2:]),
            weight.reshape(batch * outputs, inputs, kernel, kernel),
            groups=batch,
        ).reshape(batch, outputs, height, width)
        energy = 0.5 * (weight.square().sum(-1) + bias.square().sum(-1))
        return F.elu(response + (bias + self.bias)[:, :, None, None]), energy


class DorsalStream(nn.Module):
    """Where the target is, s_t: two dynamic convolutions, 1x1 and 3x3, then a static 1x1.

    The appearance alpha_t is the LSTM's output of the step before.
    """

    def __init__(self, appearance: int = 100, inputs: int = 384, width: int = 5) -> None:
        super().__init__()
        self.select = DynamicConv(appearance, inputs, width, 1)
        self.shape = DynamicConv(appearance, width, width, 3)
        self.to_mask = glorot(nn.Conv2d(width, 1, 1))

    def forward(self, features: Tensor, appearance: Tensor) -> tuple[Tensor, Tensor]:
        """Mask logits (B, S, S) and the energy of the generated filters (B,).

        Args:
            features: (B, 384, S, S), of V1.
            appearance: (B, 100).
        """
        x, energy_select = self.select(features, appearance)
        x, energy_shape = self.shape(x, appearance)
        return self.to_mask(x)[:, 0], energy_select + energy_shape


class MaskedFeatures(nn.Module):
    """v_t = nu_t * s_t, flattened, with the numbers of the Gaussian grid -> affine, ELU.

    Shapes: nu_t (B, 5, S, S), s_t (B, S, S) or None for no mask, grid (B, 6) -> (B, 100). The grid
    counts in units of `grid_unit` pixels.
    """

    def __init__(
        self, width: int = 5, cells: int = 14, outputs: int = 100, grid_unit: float = 1.0
    ) -> None:
        super().__init__()
        self.grid_unit = grid_unit
        self.affine = glorot(nn.Linear(width * cells * cells + 6, outputs))

    def forward(self, ventral: Tensor, mask: Tensor | None, grid: Tensor) -> Tensor:
        if mask is not None:
            ventral = ventral * mask[:, None]
        # Never in half precision, in which a place is known to 2 pixels of 600.
        with torch.autocast(grid.device.type, enabled=False):
            flat = ventral.flatten(1).to(grid.dtype)
            return F.elu(self.affine(torch.cat((flat, grid / self.grid_unit), 1)))  # of 980 + 6
