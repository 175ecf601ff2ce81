# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Cars, vans, lorries and buses: a lower body and a cabin with painted sides."""

from __future__ import annotations

import numpy as np

from hart_ros.data.drive.mesh import Face, Mesh, face
from hart_ros.data.drive.paintwork import Brush, Shape
from hart_ros.data.drive.raster import pyramid
from hart_ros.data.drive.texture import Colour, shifted

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


def similar(rng: np.random.Generator, paint: Colour) -> Colour:
    """Return a paint that is hard to tell from another."""
    return shifted(rng, paint, 6)


def build_vehicle(rng: np.random.Generator, kind: str, paint: Colour) -> Mesh:
    """Make a vehicle that drives towards +z, its wheels on y = 0, its middle at the origin."""
    s = _SHAPES[kind]
    brush = Brush(rng, paint, s)
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
    ends = [[-1, rear[1]], [1, rear[1]], [1, front[0]], [-1, front[0]]]
    corners = [[sign * roof_w, -s.height, z] for sign, z in ends]
    faces.append(face(corners, [1, 0, 0], [0, -1, 0], pyramid(brush.panel())))
    return Mesh([Face(f.points * scale, f.plane * scale, f.normal, f.texture) for f in faces])
