# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Road, pavements and verges, laid flat under the camera."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from hart_ros.data.drive import raster
from hart_ros.data.drive.camera import HEIGHT, View, clip_near, intrinsics
from hart_ros.data.drive.light import Light
from hart_ros.data.drive.road import (
    CELL,
    PERIOD,
    REACH,
    SHADE_PERIOD,
    paint_road,
    paint_shadows,
)
from hart_ros.data.drive.street import Street
from hart_ros.data.drive.texture import surface, to_uint8

_BANDS = (4.0, 9.0, 16.0, 28.0, 50.0, 90.0, 400.0)  # metres: one texture level for each
_STEP = 32  # pixels between columns at which the ground is looked up exactly


class Ground:
    """The plane y = 0: a texture that repeats along the road, and shadows that lie on it."""

    def __init__(
        self, rng: np.random.Generator, street: Street, light: Light, size: tuple[int, int]
    ) -> None:
        self._street, self._light = street, light
        base = paint_road(rng, street.style)
        side = surface(rng, 160, 400, base[:, base.shape[1] // 2 + 20].mean(axis=0), 6, 8)
        self._side = raster.pyramid(to_uint8(side), 5)
        self._levels = [_shrink(base, near, far, size) for near, far in pairwise(_BANDS)]
        self._shade = paint_shadows(rng, street.style, light.shadow)
        self._width = size[0]
        self._columns = (np.arange(-1, -(-size[0] // _STEP) + 1) + 0.5) * _STEP

    def shade(self, s: float, d: float) -> float:
        """Return the gain of the light at a place: below 1 in a shadow."""
        rows, columns = self._shade.shape
        row = int((s / SHADE_PERIOD) % 1 * rows)
        column = int(np.clip((d + REACH) / (2 * REACH), 0, 0.999) * columns)
        return float(self._shade[row, column]) / 255

    def paint(self, canvas: np.ndarray, view: View) -> None:
        """Draw everything below the horizon."""
        x, z, depth, top = self._look_up(view)
        middle = depth[:, depth.shape[1] // 2]
        d = (self._street.offset(x, z) + REACH) / (2 * REACH)
        both = 2 * SHADE_PERIOD  # a whole number of repeats of either picture
        start = float(z.min()) // both * both  # keeps single precision exact enough
        d, s = self._widen(np.clip(d, 0, 0.999)), self._widen(z - start)
        for level, far, near in zip(self._levels, _BANDS[1:], (0.0, *_BANDS[1:])):
            rows = np.flatnonzero((middle < far) & (middle >= near))
            if not len(rows):
                continue
            span = slice(rows[0], rows[-1] + 1)
            target = canvas[top + rows[0] : top + rows[-1] + 1]
            across = d[span] * level.shape[1] - 0.5
            cv2.remap(
                level,
                across,
                s[span] % PERIOD * (level.shape[0] / PERIOD) - 0.5,
                cv2.INTER_LINEAR,
                dst=target,
                borderMode=cv2.BORDER_WRAP,
            )
        area = canvas[top : top + len(middle)]
        self._paint_junctions(canvas, view)
        rows, columns = self._shade.shape
        gain = cv2.remap(
            self._shade,
            d * columns - 0.5,
            s % SHADE_PERIOD * (rows / SHADE_PERIOD) - 0.5,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        cv2.multiply(area, cv2.merge((gain, gain, gain)), area, 1 / 255)
        fog = 1 - np.exp(-depth / self._light.visibility)
        mask = (self._widen(fog) * 255).astype(np.uint8)
        raster.blend(area, np.full_like(area, int(self._light.haze)), mask)

    def _paint_junctions(self, canvas: np.ndarray, view: View) -> None:
        style = self._street.style
        for s in self._street.junctions:
            if not 3 < s - view.position[2] < 120:
                continue
            for inner, outer in ((style.right, 60.0), (style.left, -60.0)):
                origin = self._street.point(s - 4, inner)
                along, out = np.array([0, 0, 8.0]), np.array([outer - inner, 0, 0])
                plane = np.stack([out, along, origin - view.position], axis=1)
                corners = [origin, origin + along, origin + along + out, origin + out]
                _paint_plane(canvas, view, np.array(corners), plane, self._side)

    def _look_up(self, view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Return x, z, distance ahead (rows, knots) of the ground in sight, and the first row."""
        height = view.size[1]
        inverse = np.linalg.inv(view.intrinsics @ view.rotation)
        rows = np.arange(height) + 0.5
        grid = np.stack(np.broadcast_arrays(self._columns[None], rows[:, None], 1.0), axis=-1)
        rays = grid @ inverse.T
        down = rays[:, :, 1]
        lowest = -view.position[1] / _BANDS[-1]
        top = int(np.argmax((down > lowest).all(axis=1)))
        rays, down = rays[top:], np.maximum(down[top:], lowest)
        reach = -view.position[1] / down
        x, z = (view.position[i] + reach * rays[:, :, i] for i in (0, 2))
        return x, z, reach, top

    def _widen(self, knots: np.ndarray) -> np.ndarray:
        """Interpolate values (rows, knots) to all columns of the image."""
        whole = (knots.shape[1] * _STEP, knots.shape[0])
        wide = cv2.resize(knots.astype(np.float32), whole, interpolation=cv2.INTER_LINEAR)
        return wide[:, _STEP : _STEP + self._width]


def _paint_plane(
    canvas: np.ndarray, view: View, corners: np.ndarray, plane: np.ndarray, texture: raster.Pyramid
) -> None:
    """Draw a textured polygon of the world; `plane` is relative to the camera's position."""
    polygon = clip_near(view.to_camera(corners))
    if len(polygon) >= 3:
        homography = view.intrinsics @ view.rotation @ plane
        raster.textured(canvas, view.project(polygon), homography, texture, 1.0, 0.0)


def _shrink(base: np.ndarray, near: float, far: float, size: tuple[int, int]) -> np.ndarray:
    """Return the texture with texels as large as the pixels of a band of distances."""
    focal = intrinsics(size)[0, 0]
    depth = (near * min(far, 3 * near)) ** 0.5
    across = max(CELL, 0.8 * depth / focal)
    along = max(CELL, 0.8 * depth**2 / (focal * HEIGHT))
    columns = max(round(2 * REACH / across), 16)
    rows = max(round(PERIOD / along), 4)
    return cv2.resize(base, (columns, rows), interpolation=cv2.INTER_AREA)
