# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The sky and the far horizon."""

from __future__ import annotations

import cv2
import numpy as np

from hart_ros.data.drive.camera import View
from hart_ros.data.drive.light import Light
from hart_ros.data.drive.texture import noise, shifted, to_uint8


class Sky:
    """Clouds and a far horizon, wound around the camera."""

    def __init__(self, rng: np.random.Generator, light: Light, size: tuple[int, int]) -> None:
        width, height = 2 * size[0], round(0.75 * size[1])
        top = shifted(rng, (205, 160, 120) if light.shadow > 0.3 else (200, 195, 190), 15)
        ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 1.5
        haze = np.full(3, light.haze, np.float32) + 12
        picture = np.asarray(top, np.float32) * (1 - ramp) + haze * ramp
        cloud = noise(rng, height, width, 0.35 * height, 5) + rng.uniform(-0.8, 0.8)
        cover = np.clip(cloud, 0, 1)[:, :, None] * rng.uniform(0.2, 0.9)
        picture = picture * (1 - cover) + rng.uniform(205, 250) * cover
        clear = np.exp(-rng.uniform(150, 400) / light.visibility)
        for _ in range(int(rng.integers(1, 4))):  # ridges, woods, roofs on the horizon
            tall = rng.uniform(0.03, 0.13) * size[1]
            line = 0.5 * noise(rng, 2, width, rng.uniform(0.1, 0.5) * width, 4)[0] + 0.8
            if rng.random() < 0.4:
                line = np.repeat(line[::14], 14)[:width]
            colour = shifted(rng, (70, 90, 75), 18)
            rows = np.arange(height)[:, None]
            far = (rows > height - tall * np.clip(line, 0.1, 3)[None, :width])[:, :, None]
            mixed = np.asarray(colour, np.float32) * clear + haze * (1 - clear)
            grain = 8 * clear * noise(rng, height, width, 8, 2)[:, :, None]
            picture = np.where(far, mixed + grain, picture)
        self._picture = to_uint8(picture)
        self._below = tuple(float(v) for v in haze - 12)

    def paint(self, canvas: np.ndarray, view: View) -> None:
        """Draw everything down to the horizon; the rest takes the colour of the haze."""
        ahead = view.rotation.T @ np.array([0, 0, 1.0])
        yaw = float(np.arctan2(ahead[0], ahead[2]))
        level = np.array([ahead[0], 0, ahead[2]]) @ view.rotation.T
        u, v = view.project(level[None])[0]
        right = view.rotation @ np.cross([0, 1.0, 0], [ahead[0], 0, ahead[2]])
        c, s = right[0], right[1]
        height, width = self._picture.shape[:2]
        pan = view.intrinsics[0, 0] * yaw + width / 2
        turn = np.array([[c, -s], [s, c]])
        shift = np.array([u, v]) - turn @ [pan, height]
        matrix = np.column_stack([turn, shift])
        bottom = min(int(v + 0.02 * view.size[0]) + 2, view.size[1])
        if bottom > 0:
            canvas[:bottom] = cv2.warpAffine(
                self._picture,
                matrix,
                (view.size[0], bottom),
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            canvas[bottom:] = self._below
