# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Pedestrians and cyclists: cut-outs with a few phases of movement."""

from __future__ import annotations

import math

import numpy as np

from hart_ros.data.drive.board import Board
from hart_ros.data.drive.texture import Colour, Pen, scaled, shifted

_PHASES = 6
_SKINS = ((150, 180, 225), (110, 145, 200), (70, 100, 150), (45, 65, 95))
_RESOLUTION = 80  # pixels a metre


def build_pedestrian(rng: np.random.Generator) -> list[Board]:
    """Make a walker: one board for each phase of a step."""
    look = _Clothes(rng)
    height = rng.uniform(1.55, 1.9)
    phases = [2 * math.pi * i / _PHASES for i in range(_PHASES)]
    out = []
    for phase in phases:
        views = []
        for across in (False, True):
            pen = Pen(1.6, 2.0, _RESOLUTION)
            _walker(pen, look, phase, across)
            views.append(pen.sprite(np.random.default_rng(look.seed)))
        out.append(Board(views[0], height, views[1]))
    return out


def build_cyclist(rng: np.random.Generator) -> list[Board]:
    """Make a rider on a bicycle: one board for each phase of the pedals."""
    look = _Clothes(rng)
    height = rng.uniform(1.65, 1.9)
    out = []
    for i in range(_PHASES):
        views = []
        for across in (False, True):
            pen = Pen(2.4, 2.0, _RESOLUTION)
            (_rider_side if across else _rider_back)(pen, look, 2 * math.pi * i / _PHASES)
            views.append(pen.sprite(np.random.default_rng(look.seed)))
        out.append(Board(views[0], height, views[1]))
    return out


class _Clothes:
    def __init__(self, rng: np.random.Generator) -> None:
        self.skin: Colour = shifted(rng, _SKINS[int(rng.integers(len(_SKINS)))], 8)
        self.top: Colour = shifted(rng, rng.uniform(20, 220, 3), 8)
        self.legs: Colour = shifted(rng, scaled(rng.uniform(20, 150, 3), rng.uniform(0.5, 1)), 8)
        self.hair: Colour = shifted(rng, (30, 40, 55), 15)
        self.bag: Colour | None = (
            shifted(rng, rng.uniform(20, 200, 3)) if rng.random() < 0.5 else None
        )
        self.skirt = rng.random() < 0.25
        self.helmet: Colour | None = (
            shifted(rng, rng.uniform(40, 240, 3)) if rng.random() < 0.5 else None
        )
        self.frame: Colour = shifted(rng, rng.uniform(20, 200, 3))
        self.broad = float(rng.uniform(0.9, 1.15))
        self.seed = int(rng.integers(1 << 30))


def _head(pen: Pen, look: _Clothes, x: float, y: float) -> None:
    pen.line([(x, y - 0.16), (x, y - 0.05)], 0.11, look.skin)
    pen.ellipse((x, y), (0.095, 0.125), look.skin)
    pen.ellipse((x - 0.015, y + 0.05), (0.1, 0.09), look.helmet or look.hair)


def _walker(pen: Pen, look: _Clothes, phase: float, across: bool) -> None:
    swing = math.sin(phase)
    stride = 0.3 * swing if across else 0.05 * swing
    hip = 0.0 if across else 0.09
    b = look.broad
    for sign, dark in ((-1, 0.75), (1, 1.0)):  # the far limb first, and darker
        foot = (sign * (stride + hip), 0.04 + max(0.0, 0.08 * sign * math.cos(phase)))
        knee = (sign * (0.6 * stride + hip) + (0.05 if across else 0), 0.48)
        pen.line([(sign * hip, 0.9), knee, foot], 0.15 * b, scaled(look.legs, dark))
        shoe = (foot[0] + (0.1 if across else 0.0), foot[1] - 0.01)
        pen.line([foot, shoe], 0.09, (40, 40, 45))
        if sign < 0 or not across:
            _arm(pen, look, sign, swing, across, dark)
    if look.skirt:
        pen.polygon([(-0.15, 1.0), (0.15, 1.0), (0.25, 0.5), (-0.25, 0.5)], look.legs)
    w = (0.13 if across else 0.2) * b
    pen.polygon([(-w, 1.42), (w, 1.42), (w * 0.85, 0.85), (-w * 0.85, 0.85)], look.top)
    pen.line([(-w * 0.8, 1.4), (w * 0.8, 1.4)], 0.12, look.top)
    pen.polygon([(-w, 1.1), (0, 1.1), (0, 0.85), (-w * 0.85, 0.85)], scaled(look.top, 0.8))
    if look.bag:
        x = -w - 0.06 if across else 0.0
        pen.polygon(
            [(x - 0.12, 1.35), (x + 0.12, 1.35), (x + 0.12, 0.98), (x - 0.12, 0.98)], look.bag
        )
    if across:
        _arm(pen, look, 1, swing, across, 1.1)
    _head(pen, look, 0.03 if across else 0.0, 1.62)


def _arm(pen: Pen, look: _Clothes, sign: int, swing: float, across: bool, dark: float) -> None:
    shoulder = (0.0, 1.38) if across else (sign * 0.22 * look.broad, 1.38)
    reach = -sign * 0.22 * swing if across else sign * 0.06
    elbow = (shoulder[0] + 0.5 * reach, 1.12)
    hand = (shoulder[0] + reach, 0.88)
    pen.line([shoulder, elbow, hand], 0.09, scaled(look.top, 0.9 * dark))
    pen.ellipse(hand, (0.045, 0.05), look.skin)


def _rider_side(pen: Pen, look: _Clothes, phase: float) -> None:
    crank, hip, hand = (0.0, 0.32), (-0.22, 0.98), (0.42, 1.02)
    for sign in (-1, 1):
        pedal = (crank[0] + sign * 0.16 * math.cos(phase), crank[1] - sign * 0.16 * math.sin(phase))
        knee = ((hip[0] + pedal[0]) / 2 + 0.22, (hip[1] + pedal[1]) / 2 + 0.06)
        if sign < 0:
            pen.line([hip, knee, pedal], 0.14, scaled(look.legs, 0.7))
            for x in (-0.53, 0.53):
                pen.ellipse((x, 0.34), (0.33, 0.33), (35, 35, 35), 0.045)
                pen.ellipse((x, 0.34), (0.05, 0.05), (120, 120, 120))
            frame = [(-0.53, 0.34), (-0.18, 0.8), (0.4, 0.82), crank, (-0.18, 0.8)]
            pen.line(frame, 0.05, look.frame)
            pen.line([(0.53, 0.34), (0.4, 0.82), hand], 0.05, look.frame)
        else:
            pen.line([hip, knee, pedal], 0.15, look.legs)
    pen.line([hip, (0.12, 1.42)], 0.3, look.top)
    pen.line([(0.12, 1.4), (0.26, 1.16), hand], 0.1, scaled(look.top, 0.85))
    if look.bag:
        pen.line([(-0.22, 1.15), (-0.02, 1.4)], 0.2, look.bag)
    _head(pen, look, 0.22, 1.66)


def _rider_back(pen: Pen, look: _Clothes, phase: float) -> None:
    pen.line([(0, 0.03), (0, 0.66)], 0.06, (35, 35, 35))
    pen.line([(-0.28, 1.0), (0.28, 1.0)], 0.05, (60, 60, 60))
    for sign in (-1, 1):
        knee = 0.62 + 0.1 * sign * math.sin(phase)
        pen.line(
            [(sign * 0.1, 0.95), (sign * 0.17, knee), (sign * 0.12, knee - 0.36)], 0.14, look.legs
        )
        pen.line([(sign * 0.12, knee - 0.38), (sign * 0.13, knee - 0.4)], 0.1, (40, 40, 45))
        pen.line(
            [(sign * 0.2, 1.4), (sign * 0.28, 1.2), (sign * 0.26, 1.0)], 0.1, scaled(look.top, 0.9)
        )
    w = 0.19 * look.broad
    pen.polygon([(-w, 1.45), (w, 1.45), (w * 0.9, 0.9), (-w * 0.9, 0.9)], look.top)
    pen.polygon([(-0.12, 1.0), (0.12, 1.0), (0.08, 0.8), (-0.08, 0.8)], scaled(look.legs, 0.8))
    if look.bag:
        pen.polygon([(-0.13, 1.4), (0.13, 1.4), (0.13, 1.05), (-0.13, 1.05)], look.bag)
    pen.line([(0, 0.72), (0, 0.76)], 0.07, (40, 30, 190))
    _head(pen, look, 0.0, 1.66)
