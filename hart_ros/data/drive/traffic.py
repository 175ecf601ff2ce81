# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Who is on the road of a drive, and where they go."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hart_ros.data.drive.actor import Actor, Ego, Motion, standing, turning
from hart_ros.data.drive.people import build_cyclist, build_pedestrian
from hart_ros.data.drive.street import Look, Street
from hart_ros.data.drive.vehicles import ALL, CARS, build_vehicle, draw_paint, similar
from hart_ros.data.drive.wobble import Wobble


class Traffic:
    """Makes the actors of a drive; track 0 is followed all the way.

    Attributes:
        ego: the car with the camera.
        actors: everyone else, by track id.
    """

    def __init__(self, rng: np.random.Generator, street: Street, duration: float) -> None:
        self._rng, self._street, self._style = rng, street, street.style
        self._duration = duration
        self.actors: list[Actor] = []
        slow = street.style.kind in ('town', 'suburb')
        shares = [0.74, 0.18, 0.08] if slow else [1.0, 0, 0]
        main = str(rng.choice(['vehicle', 'cyclist', 'pedestrian'], p=shares))
        speed = {'cyclist': rng.uniform(3.5, 6), 'pedestrian': rng.uniform(1.1, 1.6)}.get(
            main, rng.uniform(*street.style.speed)
        )
        self.ego = Ego(rng, street.style, speed)
        self._paint = draw_paint(rng)
        self._fleet = self._build_fleet()
        self._people = [build_pedestrian(rng) for _ in range(3)] if street.style.walk else []
        self._riders = [build_cyclist(rng) for _ in range(2)]
        self._add_main(main)
        self._add_vehicles()
        self._add_turning()
        self._add_people()
        self._add_parked()

    def _build_fleet(self) -> list[Look]:
        """Make the vehicles of this drive: two that resemble the target, and others."""
        rng = self._rng
        self._kind = str(rng.choice(ALL, p=[0.2, 0.2, 0.14, 0.16, 0.12, 0.08, 0.06, 0.04]))
        fleet: list[Look] = [
            build_vehicle(rng, self._kind, self._paint),
            build_vehicle(rng, self._kind, similar(rng, self._paint)),
        ]
        for _ in range(6):
            kind = str(rng.choice(CARS if rng.random() < 0.88 else ALL))
            fleet.append(build_vehicle(rng, kind, draw_paint(rng)))
        return fleet

    def _add(
        self, looks: Look | Sequence[Look], motion: Motion, turned: float | None = None
    ) -> None:
        phases = looks if isinstance(looks, Sequence) else [looks]
        pace = 10.5 if len(phases) > 1 else 0.0
        self.actors.append(Actor(len(self.actors), phases, motion, turned, pace))

    def _car(self) -> Look:
        first = 1 if self._rng.random() < 0.4 else 2  # 1 is the target's double
        return self._fleet[int(self._rng.integers(first, first + 6 if first > 1 else 3))]

    def _add_main(self, main: str) -> None:
        rng, ego, style = self._rng, self.ego, self._style
        looks: Look | Sequence[Look] = self._fleet[0]
        nearest, farthest, half = 5.5, 17.0, self._fleet[0].length / 2
        if main == 'cyclist':
            looks, nearest, farthest, half = self._riders[0], 5.2, 8.6, 0.0
        elif main == 'pedestrian':
            looks, nearest, farthest, half = self._people[0], 4.6, 6.8, 0.0
        elif self._kind in ('lorry', 'bus', 'transporter'):
            nearest, farthest = 8.0, 24.0
        middle = rng.uniform(
            nearest + 0.2 * (farthest - nearest), farthest - 0.2 * (farthest - nearest)
        )
        gap = Wobble(rng, min(middle - nearest, farthest - middle), (4, 13))
        swerve = (
            rng.choice([0.4, 1.2]) if style.lanes_right == 1 else rng.choice([0.4, style.lane / 2])
        )
        aside = Wobble(rng, float(swerve), (4, 12))
        centre = ego.d + (
            0.5 if half == 0 else swerve if style.lanes_right > 1 and swerve > 1 else 0
        )

        def follow(time: float) -> tuple[float, float]:
            return ego.place(time)[0] + half + middle + gap(time), centre + aside(time)

        self._main_end = half * 2 + farthest
        self._add(looks, follow)

    def _add_vehicles(self) -> None:
        rng, style, ego = self._rng, self._style, self.ego
        busy = rng.uniform(0.1, 0.6)  # meetings a second

        def convoy(lead: float, d: float, wave: Wobble) -> Motion:
            return lambda time: (ego.place(time)[0] + lead + wave(time), d)

        def meet(at: float, pace: float, d: float) -> Motion:
            return lambda time: (ego.place(at)[0] + pace * (time - at), d)

        lead = self._main_end + 6
        while lead < 90 and rng.random() < 0.6:
            lead += rng.uniform(4, 25)
            self._add(self._car(), convoy(lead, ego.d, Wobble(rng, 3.0, (5, 15))))
        for lane in range(1, style.lanes_right):  # neighbours that overtake and fall back
            for start in rng.uniform(4, 60, int(rng.integers(1, 4))):
                wave = Wobble(rng, rng.uniform(3, 12), (6, 16))
                self._add(self._car(), convoy(float(start), (lane + 0.5) * style.lane, wave))
        for at in rng.uniform(0, self._duration + 5, rng.poisson(busy * (self._duration + 5))):
            d = -(int(rng.integers(style.lanes_left)) + 0.5) * style.lane + rng.normal(0, 0.15)
            pace = -rng.uniform(0.7, 1.3) * max(ego.speed, 6)
            self._add(self._car(), meet(float(at), pace, d))
        for at in rng.uniform(0, self._duration, rng.poisson(0.08 * self._duration)):
            if style.kind != 'highway':  # riders at the edge, slower than the camera's car
                d = style.right - style.parking - 0.5
                look = self._riders[int(rng.integers(len(self._riders)))]
                self._add(look, meet(float(at), min(4.5, 0.6 * ego.speed), d))

    def _add_turning(self) -> None:
        """Add vehicles that leave the road or join it at a side street."""
        rng, style, ego = self._rng, self._style, self.ego
        if style.kind == 'highway':
            return
        for at in np.arange(rng.uniform(0.5, 4), self._duration, 7.0):
            place = ego.place(float(at))[0] + self._main_end + rng.uniform(6, 22)
            if not self._street.free(place, 40):
                continue
            ahead, side = int(rng.choice([-1, 1])), int(rng.choice([-1, 1]))
            d0 = ahead * style.lane / 2
            radius, pace = abs(style.edge(side) - d0) + 1.5, rng.uniform(4, 7)
            pace *= 1 if rng.random() < 0.6 else -1  # backwards along the path: joins the road
            self._street.junctions.append(place + ahead * radius)
            self._add(self._car(), turning(place, d0, ahead, side, radius, float(at), pace))

    def _add_people(self) -> None:
        rng, style, ego = self._rng, self._style, self.ego
        if not self._people:
            return

        def walk(at: float, pace: float, d: float) -> Motion:
            return lambda time: (ego.place(at)[0] + 8 + pace * (time - at), d)

        def cross(at: float, s: float, pace: float) -> Motion:
            return lambda time: (s, pace * (time - at))

        for at in rng.uniform(0, self._duration + 4, rng.poisson(0.5 * self._duration)):
            side = int(rng.choice([-1, 1]))
            d = style.edge(side) + side * rng.uniform(0.5, max(style.walk - 0.3, 0.8))
            pace = rng.choice([-1, 1]) * rng.uniform(0.9, 1.7)
            look = self._people[int(rng.integers(len(self._people)))]
            self._add(look, walk(float(at), float(pace), d))
        if ego.speed < 7:
            for at in rng.uniform(0, self._duration, rng.poisson(0.12 * self._duration)):
                s = ego.place(float(at))[0] + rng.uniform(0.4, 1.6) * self._main_end
                pace = float(rng.choice([-1, 1]) * rng.uniform(1.0, 2.2))
                self._add(self._people[int(rng.integers(3))], cross(float(at), s, pace))

    def _add_parked(self) -> None:
        rng, style = self._rng, self._style
        if style.parking < 2:
            return
        dense = rng.uniform(0.1, 0.9)
        for side in (-1, 1):
            s, end = -5.0, self.ego.place(self._duration)[0] + 100
            while s < end:
                s += rng.uniform(5.2, 7)
                if rng.random() > dense or not self._street.free(s, 8):
                    continue
                look = self._car()
                if look.length > 6:
                    continue
                d = style.edge(side) - side * (look.width / 2 + 0.25)
                turned = 0.0 if side > 0 or rng.random() < 0.2 else math.pi
                self._add(look, standing(s, d), turned + rng.normal(0, 0.02))
