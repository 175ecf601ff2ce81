# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Solid objects made of flat textured faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hart_ros.data.drive import raster
from hart_ros.data.drive.camera import NEAR, View, clip_near, turn
from hart_ros.data.drive.light import Light


@dataclass(frozen=True)
class Face:
    """A convex polygon with a picture on it.

    Attributes:
        points: (N, 3) corners in the object's axes.
        plane: (3, 3), columns: right edge vector, down edge vector and origin of the picture.
        normal: (3,), outwards.
        texture: pyramid of BGR pictures.
    """

    points: np.ndarray
    plane: np.ndarray
    normal: np.ndarray
    texture: raster.Pyramid


def face(
    points: Sequence[Sequence[float]],
    right: Sequence[float],
    outward: Sequence[float],
    texture: raster.Pyramid,
) -> Face:
    """Lay a picture over a convex polygon.

    Args:
        points: (N, 3) corners.
        right: direction of the picture's rows, as seen from outside.
        outward: a direction that points to the outside; need not be the normal.
        texture: the picture, stretched over the polygon's extent.
    """
    corners = np.array(points, float)
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[1])
    normal /= np.linalg.norm(normal)
    if normal @ np.array(outward, float) < 0:
        normal = -normal
    across = np.array(right, float)
    across -= normal * (normal @ across)
    across /= np.linalg.norm(across)
    down = np.cross(-normal, across)
    u, v = corners @ across, corners @ down
    origin = across * u.min() + down * v.min() + normal * (corners[0] @ normal)
    plane = np.stack([across * np.ptp(u), down * np.ptp(v), origin], axis=1)
    return Face(corners, plane, normal, texture)


class Mesh:
    """Faces that together look like a solid; hidden are those that look away.

    Attributes:
        points: (V, 3) all corners.
        length, width, height: extent in metres.
    """

    def __init__(self, faces: Sequence[Face]) -> None:
        self.points = np.concatenate([f.points for f in faces])
        self.width, self.height, self.length = np.ptp(self.points, axis=0)
        self._spans = np.cumsum([0] + [len(f.points) for f in faces])
        self._counts = np.diff(self._spans)[:, None]
        self._planes = np.stack([f.plane for f in faces])
        self._normals = np.stack([f.normal for f in faces])
        self._textures = [f.texture for f in faces]

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
        rotation, offset, points = self._place(view, position, heading)
        planes = view.intrinsics @ rotation @ self._planes
        planes[:, :, 2] += view.intrinsics @ offset
        gains, fog = light.on(self._normals @ turn(heading).T, float(offset[2]))
        for i in self._facing(rotation, points):
            polygon = clip_near(points[self._spans[i] : self._spans[i + 1]])
            if len(polygon) >= 3:
                raster.textured(
                    canvas,
                    view.project(polygon),
                    planes[i],
                    self._textures[i],
                    float(gains[i]) * shade,
                    fog,
                )

    def stamp(
        self, canvas: np.ndarray, view: View, position: np.ndarray, heading: float, value: int
    ) -> None:
        """Write a value into a one-channel image (H, W) within the object's convex outline."""
        points = self.outline(view, position, heading)
        if len(points):
            hull = cv2.convexHull(points.astype(np.float32)).reshape(-1, 2)
            raster.fill(canvas, hull, value)

    def outline(self, view: View, position: np.ndarray, heading: float) -> np.ndarray:
        """Return pixels (N, 2) whose extent is the object's; (0, 2) behind the camera."""
        _, _, points = self._place(view, position, heading)
        if points[:, 2].min() < NEAR:
            spans = zip(self._spans[:-1], self._spans[1:])
            points = np.concatenate([clip_near(points[a:b]) for a, b in spans])
        return view.project(points) if len(points) else np.zeros((0, 2))

    def _place(
        self, view: View, position: np.ndarray, heading: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rotation = view.rotation @ turn(heading)
        offset = view.rotation @ (position - view.position)
        return rotation, offset, self.points @ rotation.T + offset

    def _facing(self, rotation: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Return the faces that show their outside to the camera, far ones first."""
        corner = points[self._spans[:-1]]
        seen = np.flatnonzero(np.sum((self._normals @ rotation.T) * corner, axis=1) < -1e-3)
        middle = np.add.reduceat(points, self._spans[:-1]) / self._counts
        return seen[np.argsort(-np.sum(middle[seen] ** 2, axis=1), kind='stable')]


def soft_spot(size: int = 48, edge: float = 0.35) -> np.ndarray:
    """Return a one-channel picture of a rectangle that fades out towards its border."""
    spot = np.zeros((size, size), np.uint8)
    margin = int(size * edge / 2)
    spot[margin:-margin, margin:-margin] = 255
    return cv2.GaussianBlur(spot, (0, 0), size * edge / 4)


_SPOT = soft_spot()


def paint_shadow(
    canvas: np.ndarray,
    view: View,
    position: np.ndarray,
    heading: float,
    width: float,
    length: float,
    strength: float,
) -> None:
    """Darken the road under an object of a width and length in metres."""
    corners = np.array([[-1, 0, 1], [1, 0, 1], [1, 0, -1], [-1, 0, -1]]) * [
        width / 2,
        1,
        length / 2,
    ]
    rotation = view.rotation @ turn(heading)
    offset = view.rotation @ (position - view.position)
    polygon = clip_near(corners @ rotation.T + offset)
    if len(polygon) < 3:
        return
    plane = np.stack([corners[1] - corners[0], corners[3] - corners[0], corners[0]], axis=1)
    plane = rotation @ plane
    plane[:, 2] += offset
    raster.darken(canvas, view.project(polygon), view.intrinsics @ plane, _SPOT, strength)
