# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The Gaussian glimpse: g = F_y x F_x^T (HART, section 3.1; DRAW, Gregor et al. 2015).

A grid of Gaussians, one row and one column of it per glimpse pixel, is laid over the attention
window; every glimpse pixel is the image averaged under its Gaussian. The read is differentiable
in the window, and independent of the size of the image.
"""

from __future__ import annotations

import torch
from torch import Tensor


def gaussian_matrix(centres: Tensor, sigma: Tensor, length: int) -> Tensor:
    """One Gaussian per glimpse pixel along one axis of the image.

    Args:
        centres: (B, G), pixels; the centre of image pixel j is at j + 0.5.
        sigma: (B,), standard deviation, pixels.
        length: pixels of the image along this axis, N.

    Returns:
        (B, G, N); the weights of a Gaussian over an endless image would sum to 1, so a row's sum
        tells how much of that Gaussian lies on the image (0 outside, 1 well inside).
    """
    pixels = torch.arange(length, dtype=centres.dtype, device=centres.device) + 0.5
    sigma = sigma[:, None, None]
    offset = (pixels - centres[..., None]) / sigma  # (B, G, N)
    weights = torch.exp(-0.5 * offset * offset)
    # Sum over the endless pixel grid. The closed form sigma*sqrt(2 pi) holds for sigma > 0.5;
    # below that the sum depends on where the centre lies between two pixels.
    phase = centres - torch.floor(centres) - 0.5  # (B, G), distance to the pixel it lies in
    reach = torch.arange(-3, 4, dtype=centres.dtype, device=centres.device)
    near = (phase[..., None] + reach) / sigma  # (B, G, 7)
    narrow_sum = torch.exp(-0.5 * near * near).sum(-1, keepdim=True)
    wide_sum = sigma * (2 * torch.pi) ** 0.5
    return weights / torch.where(sigma > 0.6, wide_sum, narrow_sum)


def sigma_of_stride(stride: Tensor, narrowest: float = 0.25) -> Tensor:
    """Standard deviation in pixels for a stride in pixels, (B,) -> (B,).

    The deviation is fixed by the stride alone, as in the authors' release: wide enough to average
    what a glimpse pixel stands for. At 0.25 pixel an image aligned with the glimpse is reproduced
    to less than half a grey level in 255; 0.4 enlarges small targets smoothly.
    """
    return torch.clamp(0.45 * stride - 0.2, min=narrowest)


def window_centres(start: Tensor, extent: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Centres (B, G) and stride (B,) of `size` cells that tile [start, start + extent), pixels."""
    stride = extent / size
    cells = torch.arange(size, dtype=start.dtype, device=start.device) + 0.5
    return start[:, None] + cells * stride[:, None], stride


def gaussian_glimpse(
    image: Tensor, window_xywh: Tensor, size: int, narrowest: float = 0.25
) -> tuple[Tensor, Tensor]:
    """Reads the window of an image through the Gaussian grid.

    Args:
        image: (B, C, H, W), float.
        window_xywh: (B, 4), pixels; may hang over the image or lie outside it.
        size: G, pixels of the square glimpse.
        narrowest: least standard deviation, pixels.

    Returns:
        glimpse (B, C, G, G), in which everything outside the image counts as 0, and
        coverage (B, 1, G, G) in [0, 1], the share of each Gaussian that lies on the image.
    """
    height, width = image.shape[-2:]
    x, y, w, h = window_xywh.unbind(-1)
    centres_x, stride_x = window_centres(x, w, size)
    centres_y, stride_y = window_centres(y, h, size)
    f_x = gaussian_matrix(centres_x, sigma_of_stride(stride_x, narrowest), width)  # (B, G, W)
    f_y = gaussian_matrix(centres_y, sigma_of_stride(stride_y, narrowest), height)  # (B, G, H)
    rows = torch.einsum('bgh,bchw->bcgw', f_y, image)
    glimpse = torch.einsum('bcgw,bkw->bcgk', rows, f_x)
    coverage = f_y.sum(-1)[:, None, :, None] * f_x.sum(-1)[:, None, None, :]
    return glimpse, coverage.clamp(max=1.0)


def standardise(glimpse: Tensor, coverage: Tensor) -> Tensor:
    """Zero mean and unit deviation over the part of the glimpse that lies on the image.

    Takes out brightness and contrast; what lies outside the image becomes 0, the mean.

    Args:
        glimpse: (B, C, G, G); coverage: (B, 1, G, G).

    Returns:
        (B, C, G, G); all 0 for a constant glimpse or one wholly outside the image.
    """
    count = coverage.sum((-1, -2), keepdim=True).clamp(min=1.0) * glimpse.shape[1]
    mean = glimpse.sum((1, 2, 3), keepdim=True) / count
    centred = glimpse - mean * coverage
    deviation = (centred.square().sum((1, 2, 3), keepdim=True) / count + 1e-4).sqrt()
    return centred / deviation
