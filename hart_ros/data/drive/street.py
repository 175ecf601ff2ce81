# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The course of a road, its lanes, and the scenery along it.

Places on a road are (s, d): metres along it and metres to the right of its centre line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hart_ros.data.drive.board import Board
from hart_ros.data.drive.mesh import Mesh
from hart_ros.data.drive.scenery import (
    build_bush,
    build_house,
    build_pole,
    build_tree,
    build_wall,
)
from hart_ros.data.drive.wobble import Wobble

Look = Mesh | Board
_SLOT = 9.0  # metres of roadside that are furnished at a time


@dataclass(frozen=True)
class Style:
    """What kind of road it is; widths in metres, shares from 0 to 1."""

    kind: str
    lanes_right: int
    lanes_left: int
    lane: float
    parking: float  # width of the parking strips
    walk: float  # width of the pavements
    setback: float  # from the pavement to the houses
    houses: float
    trees: float
    poles: float
    speed: tuple[float, float]  # metres a second

    @property
    def right(self) -> float:
        """Where the carriageway ends on the right."""
        return self.lanes_right * self.lane + self.parking

    @property
    def left(self) -> float:
        """Where it ends on the left: negative."""
        return -self.lanes_left * self.lane - self.parking

    def edge(self, side: int) -> float:
        """Where it ends on the right (1) or left (-1)."""
        return self.right if side > 0 else self.left


@dataclass(frozen=True)
class Item:
    """Something at the roadside; `turned` is its heading against the road's."""

    look: Look
    s: float
    d: float
    turned: float


def draw_style(rng: np.random.Generator) -> Style:
    """Choose a road in a town, a suburb or the country."""
    kind = str(rng.choice(['town', 'suburb', 'country', 'highway'], p=[0.38, 0.3, 0.2, 0.12]))
    lane = rng.uniform(2.9, 3.6)
    if kind == 'town':
        lanes = int(rng.integers(1, 3))
        walk, setback = rng.uniform(2, 4), rng.uniform(0, 1.5)
        shares = rng.uniform(0.8, 1.0), rng.uniform(0, 0.4), rng.uniform(0.2, 0.7)
        return Style(kind, lanes, lanes, lane, 2.3, walk, setback, *shares, (4, 11))
    if kind == 'suburb':
        parking = 2.2 if rng.random() < 0.7 else 0.0
        walk, setback = rng.uniform(1.5, 2.5), rng.uniform(3, 8)
        shares = rng.uniform(0.4, 0.8), rng.uniform(0.3, 0.8), rng.uniform(0.2, 0.5)
        return Style(kind, 1, 1, lane, parking, walk, setback, *shares, (4, 12))
    if kind == 'country':
        shares = rng.uniform(0, 0.15), rng.uniform(0.3, 0.9), rng.uniform(0, 0.4)
        return Style(kind, 1, 1, lane, 0.0, 0.0, rng.uniform(4, 8), *shares, (10, 20))
    shares = 0.0, rng.uniform(0.2, 0.7), rng.uniform(0.1, 0.4)
    return Style(kind, int(rng.integers(2, 4)), 2, 3.7, 0.8, 0.0, 6.0, *shares, (15, 24))


class Street:
    """A winding road with what stands along it.

    Attributes:
        style: lanes and furniture.
        junctions: places s of side streets, which stay free.
    """

    def __init__(self, seed: int, style: Style, rng: np.random.Generator) -> None:
        self.style = style
        self.junctions: list[float] = []
        self._seed = seed
        # slopes stay below 1/3, so that lanes keep their width
        long = rng.uniform(150, 400)
        self._course = Wobble(rng, rng.uniform(0, 0.03) * long, (long, 2 * long))
        self._stock = _stock(rng, style)
        self._slot = lru_cache(maxsize=256)(self._furnish)

    def point(self, s: float, d: float, y: float = 0.0) -> np.ndarray:
        """Return the point (3,) of the world at a place."""
        return np.array([self._course(s) + d, y, s])

    def heading(self, s: float) -> float:
        """Return the road's heading in radians."""
        return math.atan(self._course.slope(s))

    def offset(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return d of points of the ground."""
        return x - self._course.many(z)

    def items(self, start: float, stop: float) -> list[Item]:
        """Return what stands between two places along the road."""
        slots = range(math.floor(start / _SLOT), math.ceil(stop / _SLOT))
        return [item for k in slots for item in self._slot(k)]

    def free(self, s: float, margin: float) -> bool:
        """Return whether no side street is near."""
        return all(abs(s - junction) > margin for junction in self.junctions)

    def _furnish(self, k: int) -> list[Item]:
        style, out = self.style, []
        for side in (-1, 1):
            rng = np.random.default_rng((self._seed, 77, k + 10000, side + 1))
            turned = 0.0 if side > 0 else math.pi
            kerb = style.edge(side) + side * 0.5
            line = style.edge(side) + side * (style.walk + style.setback)
            middle = (k + 0.5) * _SLOT
            if not self.free(middle, _SLOT):
                continue
            if rng.random() < style.houses:
                look = self._pick(rng, 'house')
                out.append(Item(look, middle, line + side * rng.uniform(0, 0.8), turned))
            else:
                for _ in range(int(rng.integers(1, 4))):
                    name = 'bush' if rng.random() < 0.5 else 'tree'
                    place = (
                        middle + rng.uniform(-0.5, 0.5) * _SLOT,
                        line + side * rng.uniform(0.5, 9),
                    )
                    out.append(Item(self._pick(rng, name), *place, 0.0))
            if style.setback > 2 and rng.random() < 0.55:
                d = style.edge(side) + side * (style.walk + 0.6)
                out.append(Item(self._pick(rng, 'wall'), middle, d, turned))
            if rng.random() < style.trees:
                d = kerb + side * rng.uniform(0.2, max(0.4, style.walk + 0.5 * style.setback))
                out.append(Item(self._pick(rng, 'tree'), middle + rng.uniform(-4, 4), d, 0.0))
            if rng.random() < style.poles:
                out.append(Item(self._pick(rng, 'pole'), middle + rng.uniform(-4, 4), kerb, 0.0))
        return out

    def _pick(self, rng: np.random.Generator, name: str) -> Look:
        looks = self._stock[name]
        return looks[int(rng.integers(len(looks)))]


def _stock(rng: np.random.Generator, style: Style) -> dict[str, list[Look]]:
    """Make the houses, trees and poles that the street repeats."""
    gable = style.kind != 'town'
    floors = (1, 3) if gable else (2, 6)
    length = 0.8 * _SLOT if gable else _SLOT + 0.2
    houses = 5 if style.houses > 0 else 0
    return {
        'house': [
            build_house(rng, length, int(rng.integers(*floors)), gable and rng.random() < 0.8)
            for _ in range(houses)
        ],
        'tree': [build_tree(rng) for _ in range(5)],
        'bush': [build_bush(rng) for _ in range(4)],
        'pole': [build_pole(rng) for _ in range(3)],
        'wall': [build_wall(rng, _SLOT) for _ in range(2)],
    }
