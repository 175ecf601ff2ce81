# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Readouts of HART (2017): the next attention and the correction of the box, from the LSTM."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .initialise import glorot, near_zero

GAIN_START = -2.5  # sigmoid: an attention moves by at most 7.6% of the image a step


class MaskSummary(nn.Module):
    """m_t = ELU(affine(s_t)): (B, S, S) -> (B, 10)."""

    def __init__(self, cells: int = 14, outputs: int = 10) -> None:
        super().__init__()
        self.affine = glorot(nn.Linear(cells * cells, outputs))

    def forward(self, mask: Tensor) -> Tensor:
        return F.elu(self.affine(mask.flatten(1)))  # (B, S * S)


class DeltaReadout(nn.Module):
    """tanh(affine(ELU(affine(x)))): (B, 110) -> (B, 4), in (-1, 1); starts near 0."""

    def __init__(self, inputs: int = 110, hidden: int = 100) -> None:
        super().__init__()
        self.hidden = glorot(nn.Linear(inputs, hidden))
        self.delta = near_zero(nn.Linear(hidden, 4))

    def forward(self, x: Tensor) -> Tensor:
        # Never in half precision: a change of the whole image's size is a matter of pixels.
        with torch.autocast(x.device.type, enabled=False):
            hidden = F.elu(self.hidden(x.to(self.hidden.weight.dtype)))
            return torch.tanh(self.delta(hidden))


class AttentionReadout(nn.Module):
    """a_{t+1} = a_t + sigmoid(gamma) * delta a_t, with learnt gains gamma, (4,)."""

    def __init__(self, inputs: int = 110, hidden: int = 100) -> None:
        super().__init__()
        self.readout = DeltaReadout(inputs, hidden)
        self.gain = nn.Parameter(torch.full((4,), GAIN_START))

    def forward(self, attention: Tensor, x: Tensor) -> Tensor:
        """The next attention, (B, 4), from this one and x = [o_t, m_t], (B, 110)."""
        return attention + torch.sigmoid(self.gain) * self.readout(x)


class BoxReadout(nn.Module):
    """b_t = box(a_t - offset) + delta b_t * (W, H, W, H); xywh, pixels."""

    def __init__(self, inputs: int = 110, hidden: int = 100) -> None:
        super().__init__()
        self.readout = DeltaReadout(inputs, hidden)

    def forward(self, box_xywh: Tensor, x: Tensor, image_size: tuple[int, int]) -> Tensor:
        """The box, (B, 4), from the attention's and x = [o_t, m_t], (B, 110)."""
        height, width = image_size
        return box_xywh + self.readout(x) * box_xywh.new_tensor((width, height, width, height))
