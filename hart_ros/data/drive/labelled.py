# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Traffic that moves as real road users did: the labels of KITTI tracking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hart_ros.data.drive.actor import Actor, Ego, Motion, Turned
from hart_ros.data.drive.people import build_cyclist, build_pedestrian
from hart_ros.data.drive.street import Look, Street
from hart_ros.data.drive.vehicles import build_vehicle, draw_paint, similar
from hart_ros.data.kitti import FPS, Trajectory, read_trajectories
from hart_ros.data.source import SourceError

_VEHICLES = {
    'Car': ('hatchback', 'saloon', 'estate', 'suv'),
    'Van': ('van', 'transporter'),
    'Truck': ('lorry',),
    'Tram': ('bus',),
}
_AWAY = (-math.inf, 0.0)  # a place out of sight


class LabelledTraffic:
    """Makes the actors of a drive from a folder of label files.

    Road users have the places and headings that they are labelled with, against the camera, laid
    on the road of the drive. So a parked car passes as fast as the car that filmed it drove, not as
    fast as the houses do. The drive begins where a random road user, track 0, appears, one with
    many labels more likely; where its sequence ends, a piece of another one follows.

    Attributes:
        ego: the car with the camera.
        actors: everyone else, by track id.

    Raises:
        SourceError: no labels there, or a line is no label.
    """

    def __init__(
        self, rng: np.random.Generator, street: Street, duration: float, folder: Path
    ) -> None:
        self.ego = Ego(rng, street.style, rng.uniform(*street.style.speed))
        self.actors: list[Actor] = []
        looks = _build_looks(rng)
        sequences = _read(folder, set(looks))
        begin = 0.0
        while begin < duration:
            sequence = sequences[int(rng.integers(len(sequences)))]
            lengths = np.array([len(t.frames) for t in sequence], float)
            target = sequence[int(rng.choice(len(sequence), p=lengths / lengths.sum()))]
            first = int(target.frames[0])
            others = [t for t in sequence if t is not target and t.frames[-1] > first]
            for t in (target, *others):
                choice = looks[t.kind]
                self._add(choice[int(rng.integers(len(choice)))], t, first, begin)
            begin += (max(int(t.frames[-1]) for t in (target, *others)) - first) / FPS

    def _add(self, phases: Sequence[Look], t: Trajectory, first: int, begin: float) -> None:
        motion, turned = self._moved(begin + (t.frames - first) / FPS, t, begin)
        pace = 10.5 if len(phases) > 1 else 0.0
        self.actors.append(Actor(len(self.actors), phases, motion, turned, pace))

    def _moved(self, times: np.ndarray, t: Trajectory, begin: float) -> tuple[Motion, Turned]:
        """Place and heading by time, between labels on a straight line."""
        start, end = max(begin, float(times[0])), float(times[-1])
        right, ahead = t.places.T

        def motion(time: float) -> tuple[float, float]:
            if not start <= time <= end:
                return _AWAY
            s, d = self.ego.place(time)
            z, x = np.interp(time, times, ahead), np.interp(time, times, right)
            return s + float(z), d + float(x)

        def turned(time: float) -> float:
            return float(np.interp(time, times, t.headings))

        return motion, turned


def _read(folder: Path, kinds: set[str]) -> list[list[Trajectory]]:
    """Return the trajectories of each file that has some of these kinds."""
    files = sorted(folder.glob('*.txt'))
    read = [
        [t for t in read_trajectories(path) if t.kind in kinds and len(t.frames) > 1]
        for path in files
    ]
    found = [trajectories for trajectories in read if trajectories]
    if not found:
        raise SourceError(
            f'{folder}: {len(files)} label files *.txt, no one moves in them; name a folder '
            'label_02 of KITTI tracking'
        )
    return found


def _build_looks(rng: np.random.Generator) -> dict[str, list[Sequence[Look]]]:
    """Make what each class of labels may look like: phases of movement; of cars, some are alike."""
    looks: dict[str, list[Sequence[Look]]] = {
        'Pedestrian': [build_pedestrian(rng) for _ in range(3)],
        'Cyclist': [build_cyclist(rng) for _ in range(2)],
    }
    for label, kinds in _VEHICLES.items():
        paint = draw_paint(rng)
        alike = str(rng.choice(kinds))
        looks[label] = [[build_vehicle(rng, alike, similar(rng, paint))] for _ in range(2)]
        looks[label] += [[build_vehicle(rng, kind, draw_paint(rng))] for kind in kinds]
    return looks
