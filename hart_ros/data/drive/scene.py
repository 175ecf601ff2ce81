# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""All of a drive at one instant: painted, and measured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hart_ros.data.drive.board import Board
from hart_ros.data.drive.camera import HEIGHT, View, camera_rotation, intrinsics
from hart_ros.data.drive.ground import Ground
from hart_ros.data.drive.labelled import LabelledTraffic
from hart_ros.data.drive.light import Exposure, Light, draw_light
from hart_ros.data.drive.mesh import paint_shadow
from hart_ros.data.drive.sky import Sky
from hart_ros.data.drive.street import Look, Street, draw_style
from hart_ros.data.drive.traffic import Traffic
from hart_ros.data.source import BoxXYWH

_SIGHT = 110.0  # metres
_SALT = 22  # chosen so that seed 0 shows a car in daylight that nothing hides
_CHAPTER = 30.0  # seconds: drives up to this length are beginnings of one another
_SMALLEST = 8.0  # pixels
_VISIBLE, _INSIDE = 0.2, 0.25  # shares that must be in sight, and in the image


@dataclass(frozen=True)
class Placed:
    """Something that stands in the world at one instant."""

    look: Look
    position: np.ndarray
    heading: float
    shade: float
    depth: float
    behind: bool  # among or behind the houses: painted before whatever is on the road
    track_id: int | None


class Scene:
    """A street with its traffic and weather, as seen by a camera on a car.

    Traffic is invented, or moves as the labels in the folder `motions`.
    """

    def __init__(
        self, seed: int, size: tuple[int, int], duration: float, motions: Path | None = None
    ) -> None:
        rng = [np.random.default_rng((seed, part, _SALT)) for part in range(6)]
        self.size = size
        self.street = Street(seed, draw_style(rng[0]), rng[1])
        self.light: Light = draw_light(rng[2])
        duration = math.ceil(duration / _CHAPTER) * _CHAPTER
        self.traffic: Traffic | LabelledTraffic
        if motions is None:
            self.traffic = Traffic(rng[3], self.street, duration)
        else:
            self.traffic = LabelledTraffic(rng[3], self.street, duration, motions)
        self._ground = Ground(rng[4], self.street, self.light, size)
        self._sky = Sky(rng[4], self.light, size)
        self._exposure = Exposure(rng[5])

    def view(self, time: float, scale: float = 1.0) -> View:
        """Return the camera; `scale` shrinks its image."""
        s, d = self.traffic.ego.place(time)
        yaw, pitch, roll = self.traffic.ego.angles(time)
        rotation = camera_rotation(self.street.heading(s) + yaw, pitch, roll)
        size = (round(self.size[0] * scale), round(self.size[1] * scale))
        matrix = intrinsics(self.size)
        matrix[0] *= size[0] / self.size[0]
        matrix[1] *= size[1] / self.size[1]
        return View(matrix, rotation, self.street.point(s, d, -HEIGHT), size)

    def placed(self, time: float, view: View) -> list[Placed]:
        """Return everything in sight, in the order to paint it."""
        out = []
        start, style = float(view.position[2]), self.street.style
        for item in self.street.items(start - 12, start + _SIGHT + 20):
            line = style.edge(1 if item.d > 0 else -1)
            behind = abs(item.d) > abs(line) + style.walk + 0.5
            position = self.street.point(item.s, item.d)
            heading = self.street.heading(item.s) + item.turned
            out.append(self._place(view, item.look, position, heading, 1.0, behind, None))
        for actor in self.traffic.actors:
            s = actor.motion(time)[0]
            if not start - 6 < s < start + _SIGHT:
                continue
            position, heading, s, d = actor.pose(self.street, time)
            line = style.edge(1 if d > 0 else -1)
            behind = abs(d) > abs(line) + style.walk + style.setback
            shade = self._ground.shade(s, d)
            look = actor.look(time)
            out.append(self._place(view, look, position, heading, shade, behind, actor.track_id))
        return sorted(out, key=lambda p: (not p.behind, -p.depth))

    def paint(self, time: float, index: int) -> np.ndarray:
        """Return the picture (H, W, 3) uint8 BGR."""
        view = self.view(time)
        canvas = np.empty((view.size[1], view.size[0], 3), np.uint8)
        self._sky.paint(canvas, view)
        self._ground.paint(canvas, view)
        placed = self.placed(time, view)
        for p in placed:
            if p.track_id is not None and p.depth < 70:
                self._paint_shadow(canvas, view, p)
        for p in placed:
            p.look.paint(canvas, view, p.position, p.heading, self.light, p.shade)
        return self._exposure.apply(canvas, index, time)

    def boxes(self, time: float) -> dict[int, BoxXYWH]:
        """Return the boxes by the rule that `SyntheticDrive` states."""
        view, small = self.view(time), self.view(time, 0.5)
        hidden = np.zeros((small.size[1], small.size[0]), np.uint8)
        out = {}
        placed = self.placed(time, view)
        tracked = (i for i, p in enumerate(placed) if p.track_id is not None)
        last = next(tracked, len(placed))  # what is farther hides nobody
        for p in reversed(placed[last:]):  # from near to far
            alone = np.zeros_like(hidden)
            p.look.stamp(alone, small, p.position, p.heading, 255)
            box = self._box(view, p) if p.track_id is not None else None
            if box is not None and p.track_id is not None:
                area = np.count_nonzero(alone)
                seen = area - np.count_nonzero(alone & hidden)
                if seen >= _VISIBLE * area and seen:
                    out[p.track_id] = box
            hidden |= alone
        return dict(sorted(out.items()))

    def _box(self, view: View, p: Placed) -> BoxXYWH | None:
        if self.light.fog(p.depth) > 0.85:
            return None
        points = p.look.outline(view, p.position, p.heading)
        if not len(points):
            return None
        low, high = points.min(axis=0), points.max(axis=0)
        x0, y0 = np.maximum(low, 0)
        x1, y1 = np.minimum(high, view.size)
        w, h = x1 - x0, y1 - y0
        if min(w, h) < _SMALLEST or w * h < _INSIDE * float(np.prod(high - low)):
            return None
        return float(x0), float(y0), float(w), float(h)

    def _place(
        self,
        view: View,
        look: Look,
        position: np.ndarray,
        heading: float,
        shade: float,
        behind: bool,
        track_id: int | None,
    ) -> Placed:
        depth = float(view.to_camera(position[None])[0, 2])
        return Placed(look, position, heading, shade, depth, behind, track_id)

    def _paint_shadow(self, canvas: np.ndarray, view: View, p: Placed) -> None:
        person = isinstance(p.look, Board)
        width = 0.7 if person else 1.35 * p.look.width
        length = 0.7 if person else 1.25 * p.look.length
        strength = 0.35 if person else 0.75
        paint_shadow(canvas, view, p.position, p.heading, width, length, strength)
