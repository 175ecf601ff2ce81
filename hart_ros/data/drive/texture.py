# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Pictures made of noise and simple shapes: surfaces and cut-out sprites."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

Colour = Sequence[float] | np.ndarray  # BGR, 0 to 255


def noise(
    rng: np.random.Generator, height: int, width: int, cell: float = 32, octaves: int = 4
) -> np.ndarray:
    """Return tileable noise (H, W) float32 with deviation 1; `cell` is its coarsest grain."""
    out = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        size = max(cell / 2**octave, 1)
        rows, columns = max(round(height / size), 2), max(round(width / size), 2)
        grid = rng.standard_normal((rows, columns)).astype(np.float32)
        padded = np.pad(grid, 2, mode='wrap')  # so that opposite borders fit
        step_y, step_x = height / rows, width / columns
        whole = (round((columns + 4) * step_x), round((rows + 4) * step_y))
        large = cv2.resize(padded, whole, interpolation=cv2.INTER_CUBIC)
        top, left = round(2 * step_y), round(2 * step_x)
        out += 0.6**octave * large[top : top + height, left : left + width]
    return out / max(float(out.std()), 1e-6)


def surface(
    rng: np.random.Generator,
    height: int,
    width: int,
    colour: Colour,
    coarse: float = 8,
    fine: float = 6,
) -> np.ndarray:
    """Return a rough surface (H, W, 3) float32; `coarse` and `fine` are deviations in levels."""
    out = np.empty((height, width, 3), np.float32)
    out[:] = np.asarray(colour, np.float32)
    grey = coarse * noise(rng, height, width) + fine * noise(rng, height, width, 3, 2)
    hue = 0.3 * coarse * noise(rng, height, width, 48, 2)
    return out + np.stack([grey - hue, grey, grey + hue], axis=2)


def to_uint8(picture: np.ndarray) -> np.ndarray:
    """Return a picture clipped to 0..255."""
    return np.clip(picture, 0, 255).astype(np.uint8)


def shifted(rng: np.random.Generator, colour: Colour, spread: float = 12) -> tuple[float, ...]:
    """Return a colour moved at random: together by `spread`, each channel by a fifth of it."""
    moved = np.asarray(colour, float) + rng.normal(0, spread) + rng.normal(0, spread / 5, 3)
    return tuple(float(c) for c in np.clip(moved, 4, 250))


def scaled(colour: Colour, factor: float) -> tuple[float, ...]:
    """Return a colour made brighter or darker."""
    return tuple(min(float(c) * factor, 255.0) for c in colour)


class Pen:
    """Draws a sprite in units of metres, origin at its middle foot, y upwards.

    Args:
        width, height: of the paper in metres.
        resolution: pixels a metre of the finished sprite.
    """

    def __init__(self, width: float, height: float, resolution: float) -> None:
        self._unit = 2 * resolution  # drawn twice as large, for clean edges
        self._foot = (width / 2 * self._unit, height * self._unit)
        shape = (int(height * self._unit) + 2, int(width * self._unit) + 2)
        self.colour = np.zeros((*shape, 3), np.uint8)
        self.alpha = np.zeros(shape, np.uint8)

    def polygon(self, points: Sequence[Sequence[float]], colour: Colour) -> None:
        """Fill a polygon."""
        corners = np.array([self._pixel(p) for p in points], np.int32)
        cv2.fillPoly(self.colour, [corners], tuple(colour), cv2.LINE_AA)
        cv2.fillPoly(self.alpha, [corners], 255, cv2.LINE_AA)

    def line(self, points: Sequence[Sequence[float]], width: float, colour: Colour) -> None:
        """Draw a line with round ends, `width` metres wide."""
        corners = np.array([self._pixel(p) for p in points], np.int32)
        thick = max(round(width * self._unit), 1)
        cv2.polylines(self.colour, [corners], False, tuple(colour), thick, cv2.LINE_AA)
        cv2.polylines(self.alpha, [corners], False, 255, thick, cv2.LINE_AA)

    def ellipse(
        self, centre: Sequence[float], radii: Sequence[float], colour: Colour, thick: float = 0
    ) -> None:
        """Fill an ellipse, or draw its rim if `thick` metres are given."""
        axes = (max(round(radii[0] * self._unit), 1), max(round(radii[1] * self._unit), 1))
        pixels = max(round(thick * self._unit), 1) if thick else -1
        at = self._pixel(centre)
        cv2.ellipse(self.colour, at, axes, 0, 0, 360, tuple(colour), pixels, cv2.LINE_AA)
        cv2.ellipse(self.alpha, at, axes, 0, 0, 360, 255, pixels, cv2.LINE_AA)

    def sprite(self, rng: np.random.Generator, rough: float = 0.08) -> np.ndarray:
        """Return the drawing as premultiplied BGRA, trimmed to its tight box, with some texture."""
        rows = np.flatnonzero(self.alpha.max(axis=1) > 127)
        columns = np.flatnonzero(self.alpha.max(axis=0) > 127)
        span = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        alpha, colour = self.alpha[span], self.colour[span].astype(np.float32)
        colour *= 1 + rough * noise(rng, alpha.shape[0], alpha.shape[1], 8, 3)[:, :, None]
        colour = np.minimum(np.maximum(colour, 0), alpha[:, :, None])
        size = (max(alpha.shape[1] // 2, 2), max(alpha.shape[0] // 2, 2))
        whole = np.dstack([colour.astype(np.uint8), alpha])
        return cv2.resize(whole, size, interpolation=cv2.INTER_AREA)

    def _pixel(self, point: Sequence[float]) -> tuple[int, int]:
        return (
            round(self._foot[0] + point[0] * self._unit),
            round(self._foot[1] - point[1] * self._unit),
        )
