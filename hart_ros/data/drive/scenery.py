# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What stands at the roadside: houses, trees, hedges, walls, poles and signs."""

from __future__ import annotations

import cv2
import numpy as np

from hart_ros.data.drive.board import Board
from hart_ros.data.drive.mesh import Mesh, face
from hart_ros.data.drive.raster import Pyramid, pyramid
from hart_ros.data.drive.texture import Colour, Pen, noise, scaled, shifted, surface, to_uint8

_WALLS = (
    (150, 175, 195),
    (190, 205, 215),
    (110, 130, 165),
    (80, 95, 140),
    (170, 170, 170),
    (140, 165, 175),
    (200, 195, 180),
    (120, 120, 125),
)
_LEAVES = ((40, 85, 60), (30, 70, 50), (45, 110, 85), (40, 95, 120), (35, 60, 45))
_PIXELS = 22  # a metre of wall


def build_house(rng: np.random.Generator, length: float, floors: int, gable: bool) -> Mesh:
    """Make a house whose front looks towards -x; its middle is at the origin, its foot at y = 0."""
    wall = shifted(rng, _WALLS[int(rng.integers(len(_WALLS)))], 14)
    height, depth, half = 3.0 * floors + 0.6, rng.uniform(8, 12), length / 2
    front = pyramid(_facade(rng, length, height, wall, floors), 5)
    side = pyramid(_facade(rng, depth, height, scaled(wall, 0.95), floors), 5)
    faces = []
    for z in (-half, half):
        corners = [[0, 0, z], [depth, 0, z], [depth, -height, z], [0, -height, z]]
        faces.append(face(corners, [-np.sign(z), 0, 0], [0, 0, np.sign(z)], side))
        if gable:
            tip = [[0, -height, z], [depth / 2, -height - 3, z], [depth, -height, z]]
            faces.append(face(tip, [-np.sign(z), 0, 0], [0, 0, np.sign(z)], _plain(rng, wall)))
    corners = [[0, 0, -half], [0, 0, half], [0, -height, half], [0, -height, -half]]
    faces.append(face(corners, [0, 0, -1], [-1, 0, 0], front))
    if gable:
        tiles = pyramid(_tiles(rng, length))
        corners = [[-0.4, -height, -half], [-0.4, -height, half]]
        corners += [[depth / 2, -height - 3, half], [depth / 2, -height - 3, -half]]
        faces.append(face(corners, [0, 0, -1], [-1, -1, 0], tiles))
    return Mesh(faces)


def build_wall(rng: np.random.Generator, length: float) -> Mesh:
    """Make a hedge, a wall or a fence along the road; it looks towards -x."""
    height, thick = rng.uniform(0.7, 2.0), 0.5
    if rng.random() < 0.6:
        colour = shifted(rng, _LEAVES[int(rng.integers(len(_LEAVES)))], 10)
        picture = surface(rng, 48, round(length * 16), colour, 22, 18)
    else:
        colour = shifted(rng, _WALLS[int(rng.integers(len(_WALLS)))], 18)
        picture = surface(rng, 48, round(length * 16), colour, 7, 6)
        picture[:, :: int(rng.integers(6, 40))] *= 0.7
    picture *= np.linspace(1.1, 0.7, 48, dtype=np.float32)[:, None, None]
    texture, half = pyramid(to_uint8(picture), 5), length / 2
    front = [[0, 0, -half], [0, 0, half], [0, -height, half], [0, -height, -half]]
    top = [[0, -height, -half], [0, -height, half], [thick, -height, half], [thick, -height, -half]]
    end = [[0, 0, -half], [thick, 0, -half], [thick, -height, -half], [0, -height, -half]]
    return Mesh(
        [
            face(front, [0, 0, -1], [-1, 0, 0], texture),
            face(top, [0, 0, -1], [0, -1, 0], texture),
            face(end, [1, 0, 0], [0, 0, -1], _plain(rng, colour)),
        ]
    )


def build_tree(rng: np.random.Generator) -> Board:
    """Make a tree: a trunk and leaves lit from above, or a conifer."""
    height, conifer = rng.uniform(4.5, 11), rng.random() < 0.25
    pen = Pen(height, height * 1.05, 20)
    leaf = shifted(rng, _LEAVES[int(rng.integers(len(_LEAVES)))], 12)
    bark = shifted(rng, (50, 65, 80), 12)
    trunk = 0.025 * height
    crown = height * (0.12 if conifer else rng.uniform(0.25, 0.4))
    pen.polygon(
        [(-trunk, 0), (trunk, 0), (trunk / 2, height * 0.7), (-trunk / 2, height * 0.7)], bark
    )
    wide = height * rng.uniform(0.24, 0.4)
    for _ in range(260):
        up = rng.uniform(0, 1)
        reach = (1 - up) * 0.7 if conifer else np.sqrt(max(1 - (2 * up - 1) ** 2, 0.02))
        x = rng.uniform(-1, 1) * reach * wide
        y = crown + up * (height - crown) * 0.97
        shine = 0.65 + 0.7 * up + rng.normal(0, 0.16) - 0.12 * x / wide
        size = height * rng.uniform(0.015, 0.05)
        pen.ellipse((x, y), (size * 1.2, size), scaled(leaf, max(shine, 0.2)))
    return Board(pen.sprite(rng, 0.2), height)


def build_bush(rng: np.random.Generator) -> Board:
    """Make a bush, or the edge of a wood."""
    height = rng.uniform(1.0, 4.0)
    pen = Pen(height * 2.6, height * 1.2, 40 / height**0.5)
    leaf = shifted(rng, _LEAVES[int(rng.integers(len(_LEAVES)))], 12)
    for _ in range(220):
        x, up = rng.uniform(-1, 1), rng.uniform(0, 1)
        top = np.sqrt(1 - 0.9 * x * x)
        size = height * rng.uniform(0.03, 0.09)
        shine = 0.6 + 0.7 * up + rng.normal(0, 0.15)
        at = (x * height, (0.05 + 0.88 * up) * top * height)
        pen.ellipse(at, (size, size), scaled(leaf, max(shine, 0.2)))
    return Board(pen.sprite(rng, 0.2), height)


def build_pole(rng: np.random.Generator) -> Board:
    """Make a lamp post, a road sign, a traffic light or a bare pole."""
    kind = rng.choice(['lamp', 'sign', 'light', 'pole'])
    steel = shifted(rng, (120, 122, 120), 25)
    height = {'lamp': 7.0, 'sign': 2.7, 'light': 3.4, 'pole': 5.0}[kind] * rng.uniform(0.9, 1.15)
    pen = Pen(4, height * 1.02, 40)
    pen.line([(0, 0), (0, height * 0.97)], 0.16 if kind == 'lamp' else 0.1, steel)
    if kind == 'lamp':
        pen.line([(0, height * 0.96), (-1.2, height * 0.98)], 0.1, steel)
        pen.line([(-0.8, height * 0.97), (-1.5, height * 0.98)], 0.18, (190, 190, 190))
    elif kind == 'light':
        box = [(-0.17, height), (0.17, height), (0.17, height - 0.95), (-0.17, height - 0.95)]
        pen.polygon(box, (30, 32, 30))
        for i, lamp in enumerate(((40, 40, 210), (40, 160, 200), (60, 170, 50))):
            pen.ellipse((0, height - 0.2 - 0.28 * i), (0.1, 0.1), lamp)
    elif kind == 'sign':
        ring, middle = (
            ((40, 30, 190), (235, 235, 235)) if rng.random() < 0.5 else ((170, 80, 30),) * 2
        )
        pen.ellipse((0, height - 0.35), (0.34, 0.34), ring)
        pen.ellipse((0, height - 0.35), (0.25, 0.25), middle)
        pen.line([(-0.12, height - 0.35), (0.12, height - 0.35)], 0.09, (240, 240, 240))
    return Board(pen.sprite(rng), height)


def _plain(rng: np.random.Generator, colour: Colour) -> Pyramid:
    return pyramid(to_uint8(surface(rng, 48, 64, colour)))


def _tiles(rng: np.random.Generator, length: float) -> np.ndarray:
    colour = shifted(rng, (60, 75, 130) if rng.random() < 0.6 else (75, 72, 70), 14)
    picture = surface(rng, 80, round(length * 14), colour, 8, 7)
    picture[::6] *= 0.75
    return to_uint8(picture)


def _facade(
    rng: np.random.Generator, width: float, height: float, wall: Colour, floors: int
) -> np.ndarray:
    """Return a wall with rows of windows, doors, sometimes a shop."""
    rows, columns = round(height * _PIXELS), round(width * _PIXELS)
    picture = surface(rng, rows, columns, wall, 6, 4)
    if rng.random() < 0.4:  # bricks
        picture[::5] *= 0.88
    picture *= 1 - 0.12 * np.linspace(0, 1, rows, dtype=np.float32)[:, None, None] ** 6
    pitch, wide, tall = rng.uniform(1.8, 3.2), rng.uniform(0.8, 1.4), rng.uniform(1.2, 1.8)
    frame = shifted(rng, (225, 225, 225) if rng.random() < 0.7 else scaled(wall, 0.5), 10)
    count = max(int(width / pitch), 1)
    for floor in range(floors):
        base = height - 3.0 * floor - 0.3
        for i in range(count):
            x = (i + 0.5) * width / count - wide / 2
            if floor == 0 and rng.random() < 0.2:
                _rect(picture, x, base - 2.1, min(wide, 1.0), 2.3, shifted(rng, (60, 60, 80), 25))
                continue
            _window(rng, picture, x, base - 0.9 - tall, wide, tall, frame)
    if rng.random() < 0.35:  # a shop: panes and a sign along the ground floor
        sign = shifted(rng, rng.uniform(20, 230, 3))
        _rect(picture, 0.3, height - 2.6, width - 0.6, 2.2, (60, 58, 55))
        for x in np.arange(0.6, width - 2.2, 2.4):
            _window(rng, picture, x, height - 2.5, 2.0, 2.0, frame)
        _rect(picture, 0.2, height - 3.2, width - 0.4, 0.6, sign)
    picture *= 1 + 0.04 * noise(rng, rows, columns, 24, 3)[:, :, None]
    return to_uint8(picture)


def _window(
    rng: np.random.Generator,
    picture: np.ndarray,
    x: float,
    y: float,
    w: float,
    h: float,
    frame: Colour,
) -> None:
    glass = shifted(rng, (75, 65, 55), 22)
    _rect(picture, x - 0.1, y - 0.1, w + 0.2, h + 0.25, frame)
    _rect(picture, x, y, w, h, glass)
    _rect(picture, x, y, w, h * rng.uniform(0.2, 0.6), scaled(glass, rng.uniform(1.2, 2.2)))
    _rect(picture, x + w / 2 - 0.03, y, 0.06, h, frame)


def _rect(picture: np.ndarray, x: float, y: float, w: float, h: float, colour: Colour) -> None:
    a = (round(x * _PIXELS), round(y * _PIXELS))
    b = (round((x + w) * _PIXELS) - 1, round((y + h) * _PIXELS) - 1)
    cv2.rectangle(picture, a, b, tuple(colour), -1)
