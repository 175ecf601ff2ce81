# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""V1 in 8-bit integers, for processors with instructions for these.

The ranges of the integers come from batch norm, which knows the mean and the deviation of what each
convolution returns: no frames are needed, and any weights will do.
"""

from __future__ import annotations

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from hart_ros.model.hart import HART, V1, ConvBlock

DEVIATIONS = 5.0  # from the mean that are told apart
LARGEST_INPUT = 4.0  # of a standardised glimpse


def with_quantised_v1(model: HART) -> HART:
    """A copy whose V1, nearly all of its cost, ONNX Runtime computes with integers.

    In torch it rounds alike, and is slow.
    """
    model = copy.deepcopy(model).requires_grad_(False).eval()
    model.v1 = _quantised(model.v1)  # type: ignore[assignment]
    return model


def _quantised(v1: V1) -> nn.Module:
    layers: list[nn.Module] = [Rounded(-LARGEST_INPUT, LARGEST_INPUT)]
    most = 0.0
    for block in v1:
        assert isinstance(block, ConvBlock)
        norm = block.norm
        of_conv = float((norm.bias + DEVIATIONS * norm.weight.abs()).max())
        most = math.hypot(of_conv, most) if block.residual else of_conv  # independent: squares add
        layers.append(RoundedBlock(block, of_conv, most))
    return nn.Sequential(*layers)


class Rounded(nn.Module):
    """Rounds to 256 steps from least to most, of which 0 is one."""

    def __init__(self, least: float, most: float) -> None:
        super().__init__()
        self.step = (most - least) / 255
        self.zero = round(-least / self.step)

    def forward(self, x: Tensor) -> Tensor:
        return torch.fake_quantize_per_tensor_affine(x, self.step, self.zero, 0, 255)


class RoundedBlock(nn.Module):
    """A `ConvBlock` whose weights, sums and result are rounded."""

    def __init__(self, block: ConvBlock, of_conv: float, most: float) -> None:
        """Largest numbers that the convolution and the whole block return."""
        super().__init__()
        self.conv = fuse_conv_bn_eval(block.conv, block.norm)
        self.residual = block.residual
        self.before = Rounded(-of_conv, of_conv) if block.residual else nn.Identity()
        self.after = Rounded(0.0, most)

    def forward(self, x: Tensor) -> Tensor:
        conv = self.conv
        steps = conv.weight.abs().amax((1, 2, 3)) / 127  # a filter has its own
        weight = torch.fake_quantize_per_channel_affine(
            conv.weight, steps, torch.zeros_like(steps, dtype=torch.int32), 0, -128, 127
        )
        y = self.before(F.conv2d(x, weight, conv.bias, conv.stride, conv.padding))
        return self.after(F.relu(x + y if self.residual else y))
