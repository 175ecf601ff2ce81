# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How a thing bends, leans and turns while it moves: smooth in space and time, and bounded.

What moves as one rigid piece teaches a tracker to hold on to anything that does, its target's
background included.
"""

from __future__ import annotations

import cv2
import numpy as np

from .clips import Random

POINTS = 4  # control points a side
MOST = 0.12  # shift of a control point, of the thing's width or height
OVERSHOOT = 1.9  # cubic interpolation leaves the range of its points by less than this factor


class Bending:
    """The shape of a thing in time.

    Args:
        rng: draws all of it.
        steps: length of the clip.
        strength: 0 (rigid, but for a slow drift of aspect and tilt) to 1.
    """

    def __init__(self, rng: Random, steps: int, strength: float) -> None:
        period = np.exp(rng.uniform(np.log(7), np.log(40)))  # steps: a stride, or a slow turn
        field = waves(rng, steps, (POINTS, POINTS, 2), period)
        self.strength = strength
        self.field = (strength * MOST * field).astype(np.float32)
        aspect = rng.normal(0, 0.15) + np.cumsum(rng.normal(0, 0.02, steps))
        aspect += 0.5 * strength * waves(rng, steps, (), period)
        tilt = rng.normal(0, 0.03) if rng.random() < 0.5 else 0.0
        self.aspect = np.exp(0.5 * aspect.clip(-0.8, 0.8))
        self.angle = rng.normal(0, 0.1) + tilt * np.arange(steps)
        self.angle += 0.2 * strength * waves(rng, steps, (), period)
        self.lean = 0.3 * strength * waves(rng, steps, (), period)

    def warped(
        self, layer: np.ndarray, t: int, zoom: float, place: np.ndarray, margin: float = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """The thing as it is at a time.

        Args:
            layer: (h, w, C) uint8, nothing outside of it.
            t: step.
            zoom: factor of its size.
            place: x, y of its centre, pixels; continuous.
            margin: pixels that stay empty all around.

        Returns:
            Layer (h', w', C) uint8 and the pixel x, y of its upper left corner.
        """
        size = np.array(layer.shape[1::-1])
        cosine, sine = np.cos(self.angle[t]), np.sin(self.angle[t])
        turn = np.array([[cosine, -sine], [sine, cosine]]) @ [[1.0, self.lean[t]], [0.0, 1.0]]
        turn = zoom * turn * (self.aspect[t], 1 / self.aspect[t])
        room = 0.5 + OVERSHOOT * MOST * self.strength
        half = np.abs(turn) @ (room * size) + margin + 1
        corner = np.floor(place - half).astype(int)
        span = np.ceil(place + half).astype(int) - corner
        back = np.linalg.inv(turn)
        # Where each pixel's centre comes from; cv2.remap has pixels' centres at whole numbers.
        x, y = (np.arange(n, dtype=np.float32) + 0.5 for n in span)
        start = size / 2 - 0.5 - back @ (place - corner)
        shift = cv2.resize(self.field[t], span.tolist(), interpolation=cv2.INTER_CUBIC)
        source_x, source_y = (
            float(back[k, 0]) * x
            + (float(back[k, 1]) * y + float(start[k]))[:, None]
            + float(size[k]) * shift[..., k]
            for k in (0, 1)
        )
        border = cv2.BORDER_CONSTANT
        return cv2.remap(layer, source_x, source_y, cv2.INTER_LINEAR, borderMode=border), corner


def waves(rng: Random, steps: int, shape: tuple[int, ...], period: float) -> np.ndarray:
    """Sines of about one period with random phases: (steps, *shape), each in [-1, 1]."""
    pace = 2 * np.pi / period * rng.uniform(0.8, 1.25, shape)
    height, phase = rng.uniform(0.3, 1.0, shape), rng.uniform(0, 2 * np.pi, shape)
    time = np.arange(steps).reshape(-1, *(1 for _ in shape))
    return np.asarray(height * np.sin(pace * time + phase))
