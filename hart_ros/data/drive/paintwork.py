# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the sides of a vehicle look like: metal, windows, lights, wheels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from hart_ros.data.drive.texture import Colour, noise, scaled, shifted, to_uint8

_PIXELS = 44  # a metre


@dataclass(frozen=True)
class Shape:
    """Measures of a vehicle in metres, fractions of the length counted from the rear."""

    length: float
    width: float
    height: float
    belt: float  # height of the lower body
    rear: tuple[float, float]  # where the cabin's rear begins: at the belt, at the roof
    front: tuple[float, float]  # where it ends: at the roof, at the belt
    narrow: float  # by how much the roof is narrower on each side
    windows: str  # 'car', 'van', 'bus' or 'none'


class Brush:
    """Paints the pictures of one vehicle."""

    def __init__(self, rng: np.random.Generator, paint: Colour, shape: Shape) -> None:
        self._rng, self._paint, self._shape = rng, paint, shape
        self._glass = shifted(rng, (62, 54, 46), 10)
        self._trim = scaled(paint, 0.45) if rng.random() < 0.5 else (45.0, 45.0, 45.0)
        self._stripe = shifted(rng, rng.uniform(20, 230, 3), 5) if rng.random() < 0.25 else None
        self._wheel = float(np.clip(shape.height * 0.21, 0.29, 0.48))

    def panel(self) -> np.ndarray:
        return self._finish(self._sheet(1.6, 1.2, top=1.1, foot=0.95))

    def tail(self) -> np.ndarray:
        """The rear below the window: lights, plate, bumper, tyres."""
        s = self._shape
        picture = self._sheet(s.width, s.belt)
        self._ground_gap(picture)
        h = 0.3 * s.belt if s.windows == 'car' else 0.42 * s.belt
        w = (0.3 if s.windows == 'car' else 0.16) * self._rng.uniform(0.7, 1.2)
        red = shifted(self._rng, (36, 28, 170), 16)
        for left in (0.04, s.width - 0.04 - w):
            self._rect(picture, left, 0.1 * s.belt, w, h, red)
            self._rect(
                picture, left + 0.2 * w, 0.1 * s.belt + 0.6 * h, 0.5 * w, 0.3 * h, scaled(red, 1.5)
            )
        self._rect(picture, 0, 0.62 * s.belt, s.width, 0.17 * s.belt, scaled(self._paint, 0.82))
        self._rect(picture, s.width / 2 - 0.26, 0.44 * s.belt, 0.52, 0.12, (205, 215, 215))
        return self._finish(picture)

    def nose(self) -> np.ndarray:
        """The front below the window: headlights, grille, plate, bumper, tyres."""
        s = self._shape
        picture = self._sheet(s.width, s.belt)
        self._ground_gap(picture)
        w = 0.34 * self._rng.uniform(0.8, 1.2)
        for left in (0.06, s.width - 0.06 - w):
            self._rect(picture, left, 0.12 * s.belt, w, 0.2 * s.belt, (215, 220, 218))
            self._rect(
                picture, left + 0.2 * w, 0.15 * s.belt, 0.4 * w, 0.13 * s.belt, (120, 120, 120)
            )
        self._rect(
            picture, 0.25 * s.width, 0.18 * s.belt, 0.5 * s.width, 0.16 * s.belt, (38, 38, 38)
        )
        self._rect(
            picture, 0.12 * s.width, 0.58 * s.belt, 0.76 * s.width, 0.17 * s.belt, (48, 48, 48)
        )
        self._rect(picture, s.width / 2 - 0.26, 0.44 * s.belt, 0.52, 0.11, (210, 218, 218))
        return self._finish(picture)

    def pane(self, window: bool) -> np.ndarray:
        """The rear window or windscreen in its frame."""
        s = self._shape
        height = s.height - s.belt
        picture = self._sheet(s.width, height)
        if window:
            self._window(picture, 0.08 * s.width, 0.12 * height, 0.84 * s.width, 0.72 * height)
        return self._finish(picture)

    def lower_side(self) -> np.ndarray:
        """The side below the windows, front on the right: doors, sill, wheels."""
        s = self._shape
        picture = self._sheet(s.length, s.belt)
        self._rect(picture, 0, s.belt - 0.2, s.length, 0.2, (24, 24, 24))
        self._rect(picture, 0, s.belt - 0.34, s.length, 0.12, self._trim)
        for part in (0.3, 0.5, 0.72) if s.windows != 'none' else (0.8, 0.97):
            self._rect(picture, part * s.length, 0, 0.025, s.belt - 0.3, scaled(self._paint, 0.5))
            self._rect(picture, part * s.length + 0.08, 0.13, 0.16, 0.05, scaled(self._paint, 0.6))
        self._rect(picture, 0, 0.15, 0.16, 0.16, (40, 32, 150))
        self._rect(picture, s.length - 0.3, 0.2, 0.3, 0.14, (205, 210, 210))
        if self._stripe:
            self._rect(picture, 0, 0.3 * s.belt, s.length, 0.18 * s.belt, self._stripe)
        for at in (0.19 * s.length, 0.81 * s.length):
            self._disc(picture, at, s.belt - self._wheel, self._wheel * 1.18, (20, 20, 20))
            self._disc(picture, at, s.belt - self._wheel, self._wheel, (38, 38, 38))
            self._disc(picture, at, s.belt - self._wheel, self._wheel * 0.62, (150, 150, 150))
            self._disc(picture, at, s.belt - self._wheel, self._wheel * 0.2, (70, 70, 70))
        return self._finish(picture)

    def upper_side(self) -> np.ndarray:
        """The side above the belt, front on the right: windows and pillars."""
        s = self._shape
        length = (s.front[1] - s.rear[0]) * s.length
        height = s.height - s.belt
        picture = self._sheet(length, height)
        panes = {
            'car': ((0.1, 0.3), (0.34, 0.6), (0.64, 0.9)),
            'van': ((0.74, 0.95),),
            'bus': tuple((i / 8 + 0.01, (i + 1) / 8 - 0.01) for i in range(8)),
            'none': (),
        }[s.windows]
        for a, b in panes:
            self._window(picture, a * length, 0.14 * height, (b - a) * length, 0.7 * height)
        if s.windows in ('van', 'none') and self._rng.random() < 0.7:  # lettering
            for _ in range(int(self._rng.integers(2, 6))):
                x, y = self._rng.uniform(0.05, 0.5) * length, self._rng.uniform(0.1, 0.8) * height
                size = self._rng.uniform(0.1, 0.3) * length, self._rng.uniform(0.05, 0.25) * height
                self._rect(picture, x, y, *size, shifted(self._rng, self._rng.uniform(20, 230, 3)))
        return self._finish(picture)

    def _sheet(
        self, width: float, height: float, top: float = 1.12, foot: float = 0.72
    ) -> np.ndarray:
        """Return painted metal: lighter above, with a soft reflection of the surroundings."""
        rows, columns = max(round(height * _PIXELS), 8), max(round(width * _PIXELS), 8)
        ramp = np.linspace(top, foot, rows, dtype=np.float32)[:, None]
        bend = noise(self._rng, rows, columns, 40, 2) * 0.05
        line = 0.08 * np.tanh((np.linspace(0.35, -0.65, rows)[:, None] + bend) * 14)
        picture = np.empty((rows, columns, 3), np.float32)
        picture[:] = np.asarray(self._paint, np.float32)
        return picture * (ramp + line + bend)[:, :, None] + 9 * (1 - ramp[:, :, None])

    def _finish(self, picture: np.ndarray) -> np.ndarray:
        grain = noise(self._rng, picture.shape[0], picture.shape[1], 10, 3)[:, :, None]
        return cv2.GaussianBlur(to_uint8(picture * (1 + 0.035 * grain) + 2 * grain), (3, 3), 0.7)

    def _ground_gap(self, picture: np.ndarray) -> None:
        s = self._shape
        self._rect(picture, 0, s.belt - 0.2, s.width, 0.2, (18, 18, 18))
        for left in (0.06, s.width - 0.28):
            self._rect(picture, left, s.belt - 0.3, 0.22, 0.3, (34, 34, 34))

    def _window(self, picture: np.ndarray, x: float, y: float, w: float, h: float) -> None:
        self._rect(picture, x - 0.02, y - 0.02, w + 0.04, h + 0.04, (22, 22, 22))
        self._rect(picture, x, y, w, h, self._glass)
        self._rect(picture, x, y, w, 0.45 * h, scaled(self._glass, 1.7))
        for part in self._rng.uniform(0.1, 0.75, 2):  # seats, people, reflections
            self._rect(
                picture, x + part * w, y + 0.35 * h, 0.16 * w, 0.65 * h, scaled(self._glass, 0.5)
            )

    def _rect(
        self, picture: np.ndarray, x: float, y: float, w: float, h: float, colour: Colour
    ) -> None:
        scale = _PIXELS
        a, b = (
            (round(x * scale), round(y * scale)),
            (round((x + w) * scale), round((y + h) * scale)),
        )
        cv2.rectangle(picture, a, (max(b[0] - 1, a[0]), max(b[1] - 1, a[1])), tuple(colour), -1)

    def _disc(self, picture: np.ndarray, x: float, y: float, radius: float, colour: Colour) -> None:
        scale = _PIXELS
        centre = (round(x * scale), round(y * scale))
        cv2.circle(picture, centre, round(radius * scale), tuple(colour), -1, cv2.LINE_AA)
