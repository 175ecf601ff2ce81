# SPDX-License-Identifier: Apache-2.0
"""Measures of a box against the true box."""

from __future__ import annotations

from collections.abc import Sequence


def iou_xywh(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes x, y, w, h, pixels; 0 for a box without area."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)
