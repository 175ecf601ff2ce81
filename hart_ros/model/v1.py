# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""V1 of HART (2017): the first three convolutions of AlexNet without its max-pooling."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 4  # of the glimpse to the features, see `V1.conv1`


def pad_same(x: Tensor, kernel: int, stride: int = 1) -> Tensor:
    """TensorFlow's 'SAME' padding: as little as gives ceil(size / stride) outputs.

    An odd pixel goes to the bottom and the right, which `nn.Conv2d` cannot be told.
    Shapes: (..., H, W) -> (..., H + p, W + q).
    """
    padding: list[int] = []
    for size in (x.shape[-1], x.shape[-2]):  # F.pad begins with the last axis
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        padding += [total // 2, total - total // 2]
    return F.pad(x, padding)


class LocalResponseNorm(nn.LocalResponseNorm):
    """x / (1 + alpha * sum of x^2 over 2 radius + 1 channels)^beta (Krizhevsky et al. 2012).

    PyTorch divides alpha by the number of channels summed; the published alpha is not divided.
    """

    def __init__(self, radius: int = 2, alpha: float = 2e-5, beta: float = 0.75) -> None:
        size = 2 * radius + 1
        super().__init__(size, alpha * size, beta, 1.0)


class V1(nn.Module):
    """Features that ventral and dorsal stream share: (B, 3, G, G) -> (B, 384, G/4, G/4).

    The mean of each channel over the glimpse is taken off first. Starts at random; the authors
    started from AlexNet trained on ImageNet, see `load_imagenet`, and trained it further.
    """

    def __init__(self, widths: tuple[int, int, int] = (96, 256, 384)) -> None:
        super().__init__()
        first, second, third = widths
        self.conv1 = nn.Conv2d(3, first, 11, STRIDE)
        self.conv2 = nn.Conv2d(first, second, 5, groups=2)
        self.conv3 = nn.Conv2d(second, third, 3)
        self.norm = LocalResponseNorm()
        for conv in (self.conv1, self.conv2, self.conv3):
            nn.init.kaiming_uniform_(conv.weight, nonlinearity='relu')
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]

    def forward(self, glimpse: Tensor) -> Tensor:
        x = glimpse - glimpse.mean((-1, -2), keepdim=True)
        x = self.norm(F.relu(self.conv1(pad_same(x, 11, STRIDE))))  # (B, 96, G/4, G/4)
        x = self.norm(F.relu(self.conv2(pad_same(x, 5))))  # (B, 256, G/4, G/4)
        return F.relu(self.conv3(pad_same(x, 3)))  # (B, 384, G/4, G/4)

    def load_imagenet(self, alexnet: Mapping[str, Tensor]) -> None:
        """Takes the first three convolutions from an AlexNet with two groups, such as Caffe's.

        Args:
            alexnet: `conv1.weight` (96, 3, 11, 11), `conv1.bias` (96,), and the same of `conv2`
                and `conv3`, in PyTorch's layout; further layers are left alone. Glimpses
                are RGB; Caffe's is for BGR, so exchange the channels of its first layer.

        Raises:
            ValueError: a layer is missing, or has another shape; nothing was taken.
        """
        own = self.state_dict()
        for name, parameter in own.items():
            if name not in alexnet:
                raise ValueError(f'{name} is missing')
            if alexnet[name].shape != parameter.shape:
                raise ValueError(
                    f'{name} is {tuple(alexnet[name].shape)}, '
                    f'V1 needs {tuple(parameter.shape)} (AlexNet with two groups, as in Caffe)'
                )
        with torch.no_grad():
            self.load_state_dict({name: alexnet[name] for name in own})
