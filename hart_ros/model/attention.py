# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Spatial attention of HART (2017): where the glimpse is read, and the read itself.

Attention is a = (u_y, u_x, d_y, d_x): the window's corner over the image's size, and the window's
size over (the image's size - 1). As published, it counts in pixel indices: index j is the centre
of pixel j. Boxes outside of this file are continuous, where that centre is at j + 0.5; the half
pixel is taken off where a box enters (`box_to_attention`) and put back where one leaves
(`attention_to_box`), which makes the two inverse to each other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

OFFSET_LIMIT = 0.25  # of the learnt offset, in units of the attention
NARROWEST_SIGMA = 0.3  # pixels; reached by strides of more than 30 pixels only
# Deviations after which a Gaussian counts as 0. Its rows are normalised by what lies on the image,
# plus 1e-8: at 4 deviations a tail may still be all that a Gaussian far outside has there.
REACH = 8.0
ImageSize = tuple[int, int]  # height, width, pixels


def _height_width(image_size: ImageSize, like: Tensor) -> Tensor:
    return torch.tensor(image_size, dtype=like.dtype, device=like.device)


def box_to_attention(box_xywh: Tensor, image_size: ImageSize) -> Tensor:
    """Attention whose window is the box; (..., 4) xywh, pixels -> (..., 4) u_y, u_x, d_y, d_x."""
    size = _height_width(image_size, box_xywh)
    x, y, w, h = box_xywh.unbind(-1)
    corner = torch.stack((y, x), -1) - 0.5
    return torch.cat((corner / size, torch.stack((h, w), -1) / (size - 1)), -1)


def attention_to_box(attention: Tensor, image_size: ImageSize) -> Tensor:
    """The window as a box; (..., 4) u_y, u_x, d_y, d_x -> (..., 4) xywh, pixels."""
    size = _height_width(image_size, attention)
    y, x = (attention[..., :2] * size + 0.5).unbind(-1)
    h, w = (attention[..., 2:] * (size - 1)).unbind(-1)
    return torch.stack((x, y, w, h), -1)


class LearntOffset(nn.Module):
    """The offset 0.25 tanh(b) of the first attention to the target's box, for all targets alike.

    It lets the window become larger than the box. It is taken off again before an attention is
    read as a box. b, (4,), starts in U(-1e-3, 1e-3).
    """

    def __init__(self) -> None:
        super().__init__()
        self.b = nn.Parameter(torch.empty(4).uniform_(-1e-3, 1e-3))

    def forward(self) -> Tensor:
        """The offset, (4,), in units of the attention."""
        return OFFSET_LIMIT * torch.tanh(self.b)


def stride_to_sigma(stride: Tensor) -> Tensor:
    """Standard deviations for strides, (B, 2) y, x -> (B, 2), pixels.

    The published deviation hangs on the stride alone; it was fitted so that the read is close to
    bicubic resampling. Over the strides of a KITTI image, up to 3.4 by 11.3 pixels, that fit is
    all but linear: these two lines stay within 0.005 pixels of it.
    """
    sigma = stride.new_tensor((0.612, 0.921)) - stride.new_tensor((0.010, 0.011)) * stride
    return sigma.clamp(min=NARROWEST_SIGMA)


def gaussian_grid(attention: Tensor, image_size: ImageSize, glimpse_size: int) -> Tensor:
    """The six numbers of the grid of Gaussians, in pixels.

    Args:
        attention: (B, 4).
        image_size: height, width.
        glimpse_size: G; the first Gaussian lies on the window's corner, the last on the opposite
            one, so that stride = window / (G - 1).

    Returns:
        (B, 6): first means y, x (pixel indices), deviations y, x, strides y, x.
    """
    size = _height_width(image_size, attention)
    corner = attention[:, :2] * size
    stride = attention[:, 2:] * (size - 1) / (glimpse_size - 1)
    return torch.cat((corner, stride_to_sigma(stride), stride), -1)


def gaussian_filters(
    start: Tensor, sigma: Tensor, stride: Tensor, glimpse_size: int, length: int
) -> Tensor:
    """One axis of the grid: F[i, j] = exp(-(j - start - i stride)^2 / 2 sigma^2), rows to sum 1.

    RATM, equations 9 to 12, with the mean counted from the corner. A Gaussian that hangs over the
    image's edge is normalised by what lies inside; one far outside reads 0.

    Args:
        start, sigma, stride: (B,), pixels; start in pixel indices.
        glimpse_size: G, number of Gaussians.
        length: N, pixels of the image along this axis.

    Returns:
        (B, G, N).
    """
    steps = torch.arange(glimpse_size, dtype=start.dtype, device=start.device)
    pixels = torch.arange(length, dtype=start.dtype, device=start.device)
    means = start[:, None] + steps * stride[:, None]  # (B, G)
    distance = (pixels - means[..., None]) / sigma[:, None, None]  # (B, G, N)
    weights = torch.exp(-0.5 * distance.square())
    return weights / (weights.sum(-1, keepdim=True) + 1e-8)


def read_glimpse(image: Tensor, grid: Tensor, glimpse: tuple[int, int]) -> Tensor:
    """The glimpse, F_y x F_x^T of every channel (RATM, equation 4).

    Of each image only the pixels are touched on which a Gaussian lies: the same glimpse, for a
    fraction of the time that the whole image takes.

    Args:
        image: (B, C, H, W); uint8 is read as shares of 255.
        grid: (B, 6), of `gaussian_grid`, here or in `ratm`.
        glimpse: N rows, M columns.

    Returns:
        (B, C, N, M).
    """
    rows, columns = glimpse
    height, width = image.shape[-2:]
    start_y, start_x, sigma_y, sigma_x, stride_y, stride_x = grid.unbind(-1)
    top, high = _reached(start_y, sigma_y, stride_y, rows, height)
    left, wide = _reached(start_x, sigma_x, stride_x, columns, width)
    corners = zip(image, top.tolist(), left.tolist())
    seen = torch.stack([one[:, y : y + high, x : x + wide] for one, y, x in corners])
    if seen.dtype == torch.uint8:
        seen = seen.to(grid.dtype) / 255.0  # not of the whole image, which takes long
    f_y = gaussian_filters(start_y - top, sigma_y, stride_y, rows, high)
    f_x = gaussian_filters(start_x - left, sigma_x, stride_x, columns, wide)
    # (B, 1, N, h) (B, C, h, w) (B, 1, w, M) -> (B, C, N, M)
    return f_y[:, None] @ seen @ f_x[:, None].transpose(-1, -2)


@torch.no_grad()
def _reached(
    start: Tensor, sigma: Tensor, stride: Tensor, count: int, length: int
) -> tuple[Tensor, int]:
    """First of the pixels on which Gaussians lie, (B,), and how many these are at most."""
    last = start + (count - 1) * stride
    low = torch.minimum(start, last) - REACH * sigma
    high = torch.maximum(start, last) + REACH * sigma
    # A network that has come to NaN reads the first pixel; its loss is what says so.
    first = low.nan_to_num().floor().clamp(0, length - 1).long()
    end = high.nan_to_num().ceil().clamp(0, length - 1).long() + 1
    extent = int((end - first).amax())
    return first.clamp(max=length - extent), extent


def normalise_contrast(glimpse: Tensor) -> Tensor:
    """(g - min) / (max - min + 1e-5) over all pixels and channels; (B, C, G, G), to [0, 1]."""
    low = glimpse.amin((1, 2, 3), keepdim=True)
    high = glimpse.amax((1, 2, 3), keepdim=True)
    return (glimpse - low) / (high - low + 1e-5)


def target_mask(window_xywh: Tensor, box_xywh: Tensor, cells: int) -> Tensor:
    """tau(a, b): what the mask should be, for a window and the box of the target (section 4).

    The part of the box inside the window is drawn as ones in a picture of the window's size, in
    whole pixels, which is resized bilinearly. A box is a product of two intervals, and so is its
    resized drawing: each axis is drawn at the cells' places only.

    Args:
        window_xywh, box_xywh: (..., 4), pixels.
        cells: S, side of the mask.

    Returns:
        (..., S, S) in [0, 1], without gradient; all 0 where box and window do not meet.
    """
    window, box = window_xywh.detach(), box_xywh.detach()
    low = torch.maximum(box[..., :2], window[..., :2])
    high = torch.minimum(box[..., :2] + box[..., 2:], window[..., :2] + window[..., 2:])
    inside = (high - low).clamp(min=0)
    x, y = _drawn(low - window[..., :2], inside, window[..., 2:], cells).unbind(-2)
    return y[..., :, None] * x[..., None, :]


def _drawn(start: Tensor, length: Tensor, extent: Tensor, cells: int) -> Tensor:
    """Ones at [start, start + length) of `extent` pixels, resized; (...,) each -> (..., cells)."""
    extent = extent.round().clamp(min=1)[..., None]
    first = start.round()[..., None]
    last = first + length.round()[..., None]
    centres = torch.arange(cells, dtype=start.dtype, device=start.device) + 0.5
    at = (centres * extent / cells - 0.5).clamp(min=0)
    left = at.floor()
    right = torch.minimum(left + 1, extent - 1)
    drawn_left = ((left >= first) & (left < last)).to(start.dtype)
    drawn_right = ((right >= first) & (right < last)).to(start.dtype)
    return torch.lerp(drawn_left, drawn_right, at - left)
