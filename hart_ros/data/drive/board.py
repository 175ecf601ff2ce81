# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Upright cut-outs that always face the camera: people, trees, poles."""

from __future__ import annotations

import math

import numpy as np

from hart_ros.data.drive import raster
from hart_ros.data.drive.camera import View
from hart_ros.data.drive.light import Light

_NEAREST = 1.0  # metres; a board that is nearer is not drawn


class Board:
    """A cut-out with one picture for views along its heading and one for views across.

    Args:
        along: premultiplied BGRA picture, trimmed, as seen from behind or ahead.
        height: in metres.
        across: the same facing right, as seen from the side; None if there is no difference.
    """

    def __init__(self, along: np.ndarray, height: float, across: np.ndarray | None = None) -> None:
        across = along if across is None else across
        self.height = height
        self.width = self.length = height * along.shape[1] / along.shape[0]
        self._along = raster.pyramid(along, 5)
        self._right = raster.pyramid(across, 5)
        self._left = raster.pyramid(np.ascontiguousarray(across[:, ::-1]), 5)

    def paint(
        self,
        canvas: np.ndarray,
        view: View,
        position: np.ndarray,
        heading: float,
        light: Light,
        shade: float = 1.0,
    ) -> None:
        """Draw into an image (H, W, 3) of `view` at a position (3,) of the world."""
        found = self._place(view, position, heading)
        if found is None:
            return
        rect, texture, depth = found
        toward = view.position - position
        toward[1] = 0
        toward /= max(float(np.linalg.norm(toward)), 1e-6)
        gains, fog = light.on(toward[None], depth)
        raster.sprite(canvas, rect, texture, float(gains[0]) * shade, fog)

    def stamp(
        self, canvas: np.ndarray, view: View, position: np.ndarray, heading: float, value: int
    ) -> None:
        """Write a value into a one-channel image (H, W) wherever the object is."""
        found = self._place(view, position, heading)
        if found is not None:
            raster.stamp_sprite(canvas, found[0], found[1], value)

    def outline(self, view: View, position: np.ndarray, heading: float) -> np.ndarray:
        """Return pixels (N, 2) whose extent is the object's; (0, 2) behind the camera."""
        found = self._place(view, position, heading)
        return np.array(found[0]).reshape(2, 2) if found else np.zeros((0, 2))

    def _place(
        self, view: View, position: np.ndarray, heading: float
    ) -> tuple[tuple[float, float, float, float], raster.Pyramid, float] | None:
        """Return rectangle x0, y0, x1, y1, picture and depth; None behind the camera."""
        foot = view.to_camera(position[None])[0]
        if foot[2] < _NEAREST:
            return None
        x, y = view.project(foot[None])[0]
        turned = math.remainder(heading - math.atan2(*(position - view.position)[[0, 2]]), math.tau)
        side = math.sin(turned)
        texture = self._along if abs(side) < 0.6 else self._right if side > 0 else self._left
        scale = view.intrinsics[0, 0] * self.height / foot[2]
        half = scale * texture[0].shape[1] / texture[0].shape[0] / 2
        return (x - half, y - scale, x + half, y), texture, float(foot[2])
