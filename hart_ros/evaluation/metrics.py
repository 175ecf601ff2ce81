# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Measures of boxes against the true boxes, and of scores against both.

Boxes are x, y, w, h in pixels. Which frames count is the protocol's business.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IOU_THRESHOLDS = np.linspace(0, 1, 21)
PIXEL_THRESHOLDS = np.arange(0, 51)
NORMALISED_THRESHOLDS = np.arange(0, 51) / 100
PRECISION_AT = 20  # index of both: 20 pixels; a fifth of the box


def iou_xywh(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes x, y, w, h, pixels; 0 for a box without area."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def centre_errors(boxes: npt.ArrayLike, truths: npt.ArrayLike) -> np.ndarray:
    """Distances of the centres, pixels.

    Args:
        boxes: (N, 4).
        truths: (N, 4).

    Returns:
        (N,)
    """
    return np.hypot(*_offsets(boxes, truths).T)


def normalised_centre_errors(boxes: npt.ArrayLike, truths: npt.ArrayLike) -> np.ndarray:
    """The same in units of the true box: x by its width, y by its height (TrackingNet, LaSOT)."""
    sizes = np.asarray(truths, float).reshape(-1, 4)[:, 2:]
    return np.hypot(*(_offsets(boxes, truths) / sizes).T)


def success_curve(ious: npt.ArrayLike) -> np.ndarray:
    """Share of frames with an IoU above each of `IOU_THRESHOLDS` (OTB): (21,)."""
    return np.mean(np.asarray(ious, float)[:, None] > IOU_THRESHOLDS, axis=0)


def success_auc(ious: npt.ArrayLike) -> float:
    """Mean of the success curve; at most 20/21, for no IoU is above 1."""
    return float(np.mean(success_curve(ious)))


def precision_curve(errors: npt.ArrayLike, thresholds: np.ndarray) -> np.ndarray:
    """Share of frames whose centre is off by at most each threshold: (51,).

    `errors` from `centre_errors` with `PIXEL_THRESHOLDS` (OTB), or from
    `normalised_centre_errors` with `NORMALISED_THRESHOLDS` (LaSOT). The value at `PRECISION_AT` is
    what OTB and LaSOT rank by.
    """
    return np.mean(np.asarray(errors, float)[:, None] <= thresholds, axis=0)


def average_precision(scores: npt.ArrayLike, right: npt.ArrayLike) -> float | None:
    """Area under precision over recall of "score above a threshold" as a test for `right`.

    Summed in steps, without interpolation; equal scores enter together.

    Args:
        scores: (N,).
        right: (N,) bool.

    Returns:
        In (0, 1]; None if nothing is right.
    """
    scores, right = np.asarray(scores, float), np.asarray(right, bool)
    if not right.any():
        return None
    order = np.argsort(-scores, kind='stable')
    scores, hits = scores[order], np.cumsum(right[order])
    last = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # of each group of equals
    precision, recall = hits[last] / (last + 1), hits[last] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def calibration_error(scores: npt.ArrayLike, ious: npt.ArrayLike) -> float:
    """How far a score is from the IoU that it predicts (expected calibration error).

    |mean score − mean IoU| in each tenth of the score, weighted by their frames.
    """
    scores, ious = np.asarray(scores, float), np.asarray(ious, float)
    gaps = np.bincount(np.clip((scores * 10).astype(int), 0, 9), scores - ious)
    return float(np.sum(np.abs(gaps)) / len(scores))


def _offsets(boxes: npt.ArrayLike, truths: npt.ArrayLike) -> np.ndarray:
    a, b = np.asarray(boxes, float).reshape(-1, 4), np.asarray(truths, float).reshape(-1, 4)
    return a[:, :2] - b[:, :2] + (a[:, 2:] - b[:, 2:]) / 2  # exactly 0 for equal boxes
