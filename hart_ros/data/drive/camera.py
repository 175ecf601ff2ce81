# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A pinhole camera on a car: where points of the world appear in the image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

NEAR = 0.4  # metres; whatever is nearer to the camera is cut away

# KITTI's left colour camera: focal length and principal point at 1242 x 375, height above the road
_FOCAL, _CENTRE, _SIZE = 721.5, (609.6, 172.9), (1242, 375)
HEIGHT = 1.65


@dataclass(frozen=True)
class View:
    """The camera at one instant.

    Attributes:
        intrinsics: (3, 3), to continuous image coordinates.
        rotation: (3, 3), world to camera.
        position: (3,), of the camera in the world.
        size: image width and height in pixels.
    """

    intrinsics: np.ndarray
    rotation: np.ndarray
    position: np.ndarray
    size: tuple[int, int]

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Transform world points (N, 3) to camera coordinates (N, 3)."""
        return (points - self.position) @ self.rotation.T

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project camera points (N, 3) in front of the camera to pixels (N, 2)."""
        image = points @ self.intrinsics.T
        return image[:, :2] / image[:, 2:]


def intrinsics(size: tuple[int, int]) -> np.ndarray:
    """Return the (3, 3) intrinsics for an image size; pixels stay square."""
    focal = _FOCAL * size[0] / _SIZE[0]
    cx, cy = (centre * part / whole for centre, part, whole in zip(_CENTRE, size, _SIZE))
    return np.array([[focal, 0, cx], [0, focal, cy], [0, 0, 1]])


def turn(heading: float) -> np.ndarray:
    """Return the rotation (3, 3) from an object's axes to the world's."""
    c, s = math.cos(heading), math.sin(heading)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def camera_rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Return the rotation (3, 3) from world to camera; pitch up and roll right are positive."""
    cp, sp, cr, sr = math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll)
    tilt = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    bank = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return bank @ tilt @ turn(yaw).T


def clip_near(polygon: np.ndarray) -> np.ndarray:
    """Cut a convex polygon (N, 3) in camera coordinates at the near plane; (0, 3) if all behind."""
    depth = polygon[:, 2]
    if depth.min() >= NEAR:
        return polygon
    kept = []
    for a, b in zip(polygon, np.roll(polygon, -1, axis=0)):
        if a[2] >= NEAR:
            kept.append(a)
        if (a[2] >= NEAR) != (b[2] >= NEAR):
            kept.append(a + (b - a) * (NEAR - a[2]) / (b[2] - a[2]))
    return np.array(kept).reshape(-1, 3)
