# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Pictures of the ground from above: one repeat of the road, and of the shadows on it."""

from __future__ import annotations

import cv2
import numpy as np

from hart_ros.data.drive.street import Style
from hart_ros.data.drive.texture import noise, shifted, surface, to_uint8

REACH, PERIOD = 22.0, 36.0  # metres: half width and length of one repeat
SHADE_PERIOD = 2.5 * PERIOD  # of the shadows
CELL = 0.04  # metres a pixel


def paint_road(rng: np.random.Generator, style: Style) -> np.ndarray:
    """Paint one repeat of the road (along, across, 3) uint8, d from left to right."""
    rows, columns = round(PERIOD / CELL), round(2 * REACH / CELL)
    grass = shifted(rng, (50, 105, 95), 14)
    picture = surface(rng, rows, columns, grass, 14, 16)
    tar = shifted(rng, (112, 110, 108), 22)
    if style.walk:
        stone = shifted(rng, (150, 152, 155), 18)
        left, right = style.left - style.walk, style.right + style.walk
        pave = surface(rng, rows, _cells(right - left), stone, 6, 7)
        pave[:: _cells(1.2)] *= 0.85
        pave[:, :: _cells(0.6)] *= 0.9
        picture[:, _at(left) : _at(left) + pave.shape[1]] = pave
        if style.kind == 'town':
            picture[:, : _at(left)] = surface(rng, rows, _at(left), stone, 6, 7)
            rest = columns - _at(right)
            picture[:, _at(right) :] = surface(rng, rows, rest, stone, 6, 7)
    road = surface(rng, rows, _at(style.right) - _at(style.left), tar, 5, 10)
    for lane in range(-style.lanes_left, style.lanes_right):  # tyres polish two tracks a lane
        for part in (0.25, 0.75):
            middle = _at((lane + part) * style.lane) - _at(style.left)
            road[:, max(middle - 8, 0) : middle + 8] *= rng.uniform(0.9, 1.05)
    for _ in range(int(rng.integers(2, 9))):  # patches and cracks
        y, x = int(rng.integers(rows)), int(rng.integers(road.shape[1]))
        road[y : y + int(rng.integers(20, 200)), x : x + int(rng.integers(10, 70))] *= rng.uniform(
            0.78, 1.12
        )
        crack = np.cumsum(rng.normal(0, 4, (20, 2)), axis=0) + [[x, y]]
        crack[:, 1] += np.linspace(0, 160, 20)
        cv2.polylines(road, [crack.astype(np.int32)], False, (50, 50, 50), 1, cv2.LINE_AA)
    picture[:, _at(style.left) : _at(style.right)] = road
    _mark(rng, picture, style)
    return to_uint8(picture)


def _mark(rng: np.random.Generator, picture: np.ndarray, style: Style) -> None:
    """Paint lane marks, kerbs and edges."""
    white = shifted(rng, (205, 208, 210), 14)
    wear = 0.25 + 0.5 * rng.random()

    def stripe(d: float, width: float, colour: tuple[float, ...], dash: float = 0.0) -> None:
        span = slice(_at(d - width / 2), _at(d + width / 2) + 1)
        rows = np.arange(len(picture)) * CELL
        on = (rows % 9.0 < dash) if dash else np.ones(len(rows), bool)
        worn = np.clip(wear + 0.3 * noise(rng, len(rows), span.stop - span.start, 20, 3), 0, 0.9)
        mixed = np.asarray(colour, np.float32) * (1 - worn[:, :, None])
        picture[on, span] = (mixed + picture[:, span] * worn[:, :, None])[on]

    for lane in range(1 - style.lanes_left, style.lanes_right):
        stripe(lane * style.lane, 0.14, white, 3.0 if lane or rng.random() < 0.6 else 0.0)
    for side in (-1, 1):
        edge = style.edge(side)
        if style.walk:
            stripe(edge + side * 0.1, 0.2, shifted(rng, (165, 168, 170), 12))
            stripe(edge - side * 0.12, 0.2, (60, 60, 60))
        else:
            stripe(edge - side * 0.3, 0.14, white)


def paint_shadows(rng: np.random.Generator, style: Style, strength: float) -> np.ndarray:
    """Paint the shadows of trees and houses on the ground: gain (along, across), 255 is light."""
    period = SHADE_PERIOD
    rows, columns = round(period / 0.2), round(2 * REACH / 0.2)
    dark = np.zeros((rows, columns), np.float32)
    side = int(rng.choice([-1, 1]))
    lean = rng.uniform(-6, 6)
    reach = rng.uniform(2, 9)
    for s in np.arange(0, period, 9.0):
        edge = style.edge(side)
        if rng.random() < style.houses * 0.7:
            tip = edge - side * reach * rng.uniform(0.6, 1.2)
            corners = [
                [s, edge + side * 9],
                [s + 9, edge + side * 9],
                [s + 9 + lean, tip],
                [s + lean, tip],
            ]
            cells = [[(d + REACH) / 0.2, a / 0.2] for a, d in corners]
            cv2.fillPoly(dark, [np.array(cells, np.int32)], 1.0)
        if rng.random() < style.trees:
            for _ in range(60):
                d = edge - side * rng.normal(reach * 0.5, 1.6)
                at = round((d + REACH) / 0.2), round((s + rng.normal(4, 1.6)) / 0.2)
                cv2.circle(dark, at, int(rng.integers(1, 5)), 1.0, -1)
    return to_uint8(255 * (1 - strength * cv2.GaussianBlur(dark, (0, 0), 1.2)))


def _cells(metres: float) -> int:
    return round(metres / CELL)


def _at(d: float) -> int:
    return _cells(d + REACH)
