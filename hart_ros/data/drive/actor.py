# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Road users and how they move."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hart_ros.data.drive.street import Look, Street, Style
from hart_ros.data.drive.wobble import Wobble

Motion = Callable[[float], tuple[float, float]]  # time -> place (s, d) on the road
Turned = Callable[[float], float]  # time -> heading against the road's


@dataclass(frozen=True)
class Actor:
    """A road user.

    Attributes:
        track_id: its number.
        looks: phases of its movement.
        motion: where it is.
        turned: heading against the road's, fixed for one that stands; None: it looks where it goes.
        pace: phases a second.
    """

    track_id: int
    looks: Sequence[Look]
    motion: Motion
    turned: float | Turned | None = None
    pace: float = 0.0

    def look(self, time: float) -> Look:
        """Return how it looks at a time."""
        return self.looks[int(time * self.pace + self.track_id) % len(self.looks)]

    def pose(self, street: Street, time: float) -> tuple[np.ndarray, float, float, float]:
        """Return position (3,), heading and place s, d."""
        s, d = self.motion(time)
        if self.turned is not None:
            turned = self.turned(time) if callable(self.turned) else self.turned
            return street.point(s, d), street.heading(s) + turned, s, d
        step = street.point(*self.motion(time + 0.05)) - street.point(*self.motion(time - 0.05))
        return street.point(s, d), math.atan2(step[0], step[2]), s, d


class Ego:
    """The car that carries the camera."""

    def __init__(self, rng: np.random.Generator, style: Style, speed: float) -> None:
        self.speed = speed
        self.d = style.lane * 0.5
        self._faster = Wobble(rng, 0.35 * speed, (4, 15))
        self._aside = Wobble(rng, 0.25, (5, 15))
        rough = rng.uniform(0.3, 1.2)
        self._yaw = Wobble(rng, rng.uniform(0.015, 0.12), (2.5, 8))
        self._pitch = Wobble(rng, 0.009 * rough, (0.35, 2.5))
        self._roll = Wobble(rng, 0.008 * rough, (0.5, 3))
        self._lean = rng.normal(0, 0.01)

    def place(self, time: float) -> tuple[float, float]:
        """Return s, d at a time."""
        return self.speed * time + self._faster.integral(time), self.d + self._aside(time)

    def angles(self, time: float) -> tuple[float, float, float]:
        """Return yaw against the road, pitch and roll."""
        return self._yaw(time), self._lean + self._pitch(time), self._roll(time)


def standing(s: float, d: float) -> Motion:
    return lambda time: (s, d)


def turning(
    s0: float, d0: float, ahead: int, side: int, radius: float, at: float, pace: float
) -> Motion:
    """Return a path: along the road to s0, a quarter of a circle, away along a side street."""

    def motion(time: float) -> tuple[float, float]:
        way = pace * (time - at)
        angle = min(max(way / radius, 0.0), math.pi / 2)
        s = s0 + ahead * (min(way, 0.0) + radius * math.sin(angle))
        beyond = max(way - radius * math.pi / 2, 0.0)
        return s, d0 + side * (radius * (1 - math.cos(angle)) + beyond)

    return motion
