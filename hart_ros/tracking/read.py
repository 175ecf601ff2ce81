# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The Gaussian glimpse, read from a camera's frame at the cost of the window alone.

F_y x F_x^T is all but zeros: a Gaussian of the grid sees a handful of pixels. Only the pixels that
some Gaussian sees are converted to float, and each glimpse pixel sums its handful, rows first. The
dense form that networks are trained with is in `hart_ros.model`; tests hold the two together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F

TAIL = 1e-8  # added by `gaussian_filters` of 2017 to the sum that it divides by


@dataclass(frozen=True)
class Grid:
    """Gaussians along one axis of the frame, evenly spaced."""

    centres: np.ndarray  # (G,), pixels; the centre of pixel j is at j + 0.5
    sigma: float  # pixels
    reach: float  # deviations after which a Gaussian counts as 0

    def span(self, length: int) -> tuple[int, int]:
        """First pixel and last + 1 that are seen, of `length`; at least one."""
        first, last = sorted((float(self.centres[0]), float(self.centres[-1])))
        tail = self.reach * self.sigma
        start = min(max(math.floor(first - tail), 0), length - 1)
        return start, max(min(math.ceil(last + tail), length), start + 1)

    def on(self, start: int, step: int, mean: int) -> Grid:
        """The grid on a crop from `start` on: of every `step`-th pixel, means of `mean` each.

        A mean over f pixels has the variance (f^2 - 1) / 12 already; the rest is left to do.
        """
        sigma = math.sqrt((self.sigma / step) ** 2 - (mean**2 - 1) / 12)
        centres = (self.centres - (start + 0.5)) / step + 0.5  # the first pixel's centre stays
        return Grid(centres / mean, sigma / mean, self.reach)

    def taps(self, length: int, clipped: bool) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (G, K) that each Gaussian sees, and their weights, 0 off the image.

        Args:
            length: pixels of the image.
            clipped: the weights on the image sum to 1 (2017); else those on an endless image do.
        """
        count = int(2 * self.reach * self.sigma) + 2
        first = np.floor(self.centres - 0.5 * (count - 1))
        offset = np.arange(0.5, count, dtype=np.float32) - (self.centres - first)[:, None]
        offset *= math.sqrt(0.5) / self.sigma
        weights = np.exp(-offset * offset)
        pixels = first.astype(np.int64)[:, None] + np.arange(count)
        if not clipped:
            weights /= weights.sum(-1, keepdims=True)
        ends = first[0], first[-1]
        if min(ends) < 0 or max(ends) + count > length:
            weights *= (pixels >= 0) & (pixels < length)
            pixels = pixels.clip(0, length - 1)
        if clipped:
            weights /= weights.sum(-1, keepdims=True) + TAIL
        return pixels, weights


def read(
    frame: np.ndarray,
    down: Grid,
    across: Grid,
    planes: np.ndarray,
    least_sigma: float = math.inf,
    clipped: bool = False,
) -> np.ndarray:
    """Reads the glimpse under a grid of Gaussians.

    Where the Gaussians are wide, pixels are first averaged by twos, as long as the deviation stays
    at least `least_sigma` of the larger pixels. That takes a window of many pixels at a fraction
    of the time, and puts steps into a Gaussian that are small beside it. From two such halvings on
    every second row is left alone instead of the first: most of the time it would take is that of
    fetching the pixels from memory.

    Args:
        frame: (H, W, 3) BGR, (H, W, 1) or (H, W) mono, uint8.
        down, across: grids of N and of M Gaussians.
        planes: (3, N, M) float32, RGB in [0, 1], written to.
        least_sigma: see above; infinite for never.
        clipped: see `Grid.taps`.

    Returns:
        (N, M), the share of each Gaussian that lies on the frame.
    """
    narrowest = min(down.sigma, across.sigma)
    halvings = int(math.log2(narrowest / least_sigma)) if narrowest > least_sigma else 0
    halvings = min(halvings, int(math.log2(min(frame.shape[:2]))))  # a pixel has to be left
    step = 2 if halvings > 1 else 1  # of rows
    mean = 2**halvings // step
    rows = _multiple(*down.span(frame.shape[0]), step * mean, frame.shape[0])
    columns = _multiple(*across.span(frame.shape[1]), mean, frame.shape[1])
    crop = frame[rows[0] : rows[1] : step, columns[0] : columns[1]]
    for _ in range(halvings - step + 1):
        crop = cv2.resize(crop, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    y, weights_y = down.on(rows[0], step, mean).taps(crop.shape[0], clipped)
    x, weights_x = across.on(columns[0], 1, mean).taps(crop.shape[1], clipped)
    _sum_up(crop, (y, weights_y), (x, weights_x), planes)
    return weights_y.sum(-1)[:, None] * weights_x.sum(-1)


def _sum_up(
    crop: np.ndarray,
    down: tuple[np.ndarray, np.ndarray],
    across: tuple[np.ndarray, np.ndarray],
    planes: np.ndarray,
) -> None:
    """Weighted sums of pixels, first of rows, then, after a transposition, of columns."""
    (y, weights_y), (x, weights_x) = down, across
    pixels = torch.from_numpy(np.ascontiguousarray(crop)).flatten(1).float()  # (H, W * C)
    rows = _weighted_rows(y, weights_y / np.float32(255), pixels)  # (N, W * C)
    columns = torch.from_numpy(cv2.transpose(rows)).view(crop.shape[1], -1)  # (W, C * N)
    glimpse = _weighted_rows(x, weights_x, columns)  # (M, C * N), transposed
    side = len(rows)
    for i, plane in enumerate(planes):
        channel = glimpse.shape[1] - (i + 1) * side if glimpse.shape[1] > side else 0  # BGR to RGB
        cv2.transpose(glimpse[:, channel : channel + side], plane)


def _weighted_rows(index: np.ndarray, weights: np.ndarray, table: torch.Tensor) -> np.ndarray:
    """Row i of the result is the sum over k of weights[i, k] * table[index[i, k]]."""
    summed = F.embedding_bag(
        torch.from_numpy(index), table, per_sample_weights=torch.from_numpy(weights), mode='sum'
    )
    return summed.numpy()


def _multiple(start: int, stop: int, step: int, length: int) -> tuple[int, int]:
    """The span widened to a multiple of `step` pixels; narrowed where the image is too small."""
    count = min(-(-(stop - start) // step), length // step)
    start = min(start, length - count * step)
    return start, start + count * step
