# SPDX-License-Identifier: Apache-2.0
"""Cars, vans, lorries and buses: a lower body and a cabin with painted sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hart_ros.data.drive.mesh import Face, Mesh, face
from hart_ros.data.drive.raster import pyramid
from hart_ros.data.drive.texture import Colour, noise, scaled, shifted, to_uint8

_PAINTS = (
    ((235, 235, 232), 5),
    ((190, 190, 188), 4),
    ((120, 120, 118), 4),
    ((62, 60, 58), 3),
    ((34, 32, 32), 5),
    ((38, 32, 165), 3),
    ((150, 84, 36), 3),
    ((96, 52, 30), 2),
    ((70, 110, 60), 1),
    ((50, 190, 225), 1),
    ((60, 80, 120), 1),
    ((170, 200, 215), 1),
)
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


_SHAPES = {
    'hatchback': Shape(3.9, 1.72, 1.5, 0.88, (0.01, 0.1), (0.58, 0.76), 0.2, 'car'),
    'saloon': Shape(4.6, 1.82, 1.44, 0.86, (0.12, 0.27), (0.58, 0.74), 0.22, 'car'),
    'estate': Shape(4.6, 1.82, 1.5, 0.88, (0.01, 0.07), (0.6, 0.75), 0.2, 'car'),
    'suv': Shape(4.5, 1.9, 1.74, 1.05, (0.01, 0.08), (0.62, 0.77), 0.18, 'car'),
    'van': Shape(4.9, 1.95, 2.0, 1.1, (0.0, 0.02), (0.74, 0.9), 0.1, 'van'),
    'transporter': Shape(5.7, 2.05, 2.5, 1.25, (0.0, 0.01), (0.78, 0.92), 0.06, 'van'),
    'lorry': Shape(7.6, 2.4, 3.2, 1.1, (0.0, 0.0), (0.98, 0.99), 0.0, 'none'),
    'bus': Shape(10.5, 2.5, 3.0, 1.2, (0.0, 0.0), (0.98, 0.995), 0.03, 'bus'),
}
CARS = ('hatchback', 'saloon', 'estate', 'suv', 'van', 'transporter')
ALL = (*CARS, 'lorry', 'bus')


def draw_paint(rng: np.random.Generator) -> Colour:
    """Choose a colour as often as it is seen on the road."""
    weights = np.array([share for _, share in _PAINTS], float)
    paint = _PAINTS[rng.choice(len(_PAINTS), p=weights / weights.sum())][0]
    return shifted(rng, paint, 14)


def build_vehicle(rng: np.random.Generator, kind: str, paint: Colour) -> Mesh:
    """Make a vehicle that drives towards +z, its wheels on y = 0, its middle at the origin."""
    s = _SHAPES[kind]
    brush = _Brush(rng, paint, s)
    scale = rng.uniform(0.95, 1.06)
    w, z0, z1 = s.width / 2, -s.length / 2, s.length / 2
    roof_w, bonnet = w - s.narrow, -s.belt * (0.86 if s.windows == 'car' else 1.0)
    rear = [z0 + s.length * part for part in s.rear]
    front = [z0 + s.length * part for part in s.front]
    sides = pyramid(brush.lower_side()), pyramid(brush.upper_side())
    faces: list[Face] = []
    for x, roof in ((-w, -roof_w), (w, roof_w)):
        out = [np.sign(x), 0.0, 0.0]
        nose = [0.0, 0.0, np.sign(x)]  # the picture's right end: the front on the right side
        lower = [[x, 0, z0], [x, -s.belt, z0], [x, -s.belt, front[1]], [x, bonnet, z1], [x, 0, z1]]
        upper = [
            [x, -s.belt, rear[0]],
            [roof, -s.height, rear[1]],
            [roof, -s.height, front[0]],
            [x, -s.belt, front[1]],
        ]
        pictures = [p if x > 0 else [np.ascontiguousarray(q[:, ::-1]) for q in p] for p in sides]
        faces.append(face(lower, nose, out, pictures[0]))
        faces.append(face(upper, nose, out, pictures[1]))

    def across(
        za: float, ya: float, wa: float, zb: float, yb: float, wb: float, picture: np.ndarray
    ) -> None:
        """Add a face from edge a (lower or further back) to edge b that spans the width."""
        ahead = za + zb > 0
        corners = [[-wa, ya, za], [wa, ya, za], [wb, yb, zb], [-wb, yb, zb]]
        outward = [0.0, -0.3, 1.0 if ahead else -1.0]
        faces.append(face(corners, [-1.0 if ahead else 1.0, 0, 0], outward, pyramid(picture)))

    across(z0, 0, w, z0, -s.belt, w, brush.tail())
    across(z1, 0, w, z1, bonnet, w, brush.nose())
    if rear[0] > z0 + 0.1:
        across(z0, -s.belt, w, rear[0], -s.belt, w, brush.panel())
    across(front[1], -s.belt, w, z1, bonnet, w, brush.panel())
    across(rear[0], -s.belt, w, rear[1], -s.height, roof_w, brush.pane(s.windows != 'none'))
    across(front[1], -s.belt, w, front[0], -s.height, roof_w, brush.pane(True))
    roof = [[-1, rear[1]], [1, rear[1]], [1, front[0]], [-1, front[0]]]
    corners = [[sign * roof_w, -s.height, z] for sign, z in roof]
    faces.append(face(corners, [1, 0, 0], [0, -1, 0], pyramid(brush.panel())))
    return Mesh([Face(f.points * scale, f.plane * scale, f.normal, f.texture) for f in faces])


class _Brush:
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
        grain = noise(self._rng, *picture.shape[:2], cell=10, octaves=3)[:, :, None]
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


def similar(rng: np.random.Generator, paint: Sequence[float]) -> Colour:
    """Return a paint that is hard to tell from another."""
    return shifted(rng, paint, 6)
