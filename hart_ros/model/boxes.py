# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Box arithmetic on tensors (..., 4), pixels; the format is part of every name.

`xywh` is the top-left corner and the size, `cxcywh` the centre and the size. Pixel (i, j) covers
[j, j+1) x [i, i+1): an integer box covers exactly `frame[y:y + h, x:x + w]`.
"""

from __future__ import annotations

import torch
from torch import Tensor

EPS = 1e-6


def xywh_to_cxcywh(xywh: Tensor) -> Tensor:
    """Top-left corner and size to centre and size, (..., 4)."""
    return torch.cat((xywh[..., :2] + 0.5 * xywh[..., 2:], xywh[..., 2:]), -1)


def cxcywh_to_xywh(cxcywh: Tensor) -> Tensor:
    """Centre and size to top-left corner and size, (..., 4)."""
    return torch.cat((cxcywh[..., :2] - 0.5 * cxcywh[..., 2:], cxcywh[..., 2:]), -1)


def intersection_xywh(a: Tensor, b: Tensor) -> Tensor:
    """Area shared by boxes a and b, (...,), pixels squared."""
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    return (high - low).clamp(min=0).prod(-1)


def area(box: Tensor) -> Tensor:
    """Area of boxes in either format, (...,), pixels squared."""
    return box[..., 2:].clamp(min=0).prod(-1)


def iou_xywh(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes a and b, (...,), in [0, 1]."""
    shared = intersection_xywh(a, b)
    return shared / (area(a) + area(b) - shared + EPS)


def giou_xywh(a: Tensor, b: Tensor) -> Tensor:
    """Generalised IoU (Rezatofighi et al. 2019), (...,), in [-1, 1]: has a gradient when apart."""
    shared = intersection_xywh(a, b)
    union = area(a) + area(b) - shared
    low = torch.minimum(a[..., :2], b[..., :2])
    high = torch.maximum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    hull = (high - low).prod(-1)
    return shared / (union + EPS) - (hull - union) / (hull + EPS)
