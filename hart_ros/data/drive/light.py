# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Weather: how bright surfaces are, how far one sees, and what the camera makes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from hart_ros.data.drive.wobble import Wobble


@dataclass(frozen=True)
class Light:
    """Sun, sky and haze; a level surface in the sun has gain 1.

    Attributes:
        sun: (3,) unit vector towards the sun.
        ambient: gain of a surface that the sun does not reach.
        visibility: metres at which haze hides two thirds of the contrast.
        haze: grey level of the haze.
    """

    sun: np.ndarray
    ambient: float
    visibility: float
    haze: float

    def on(self, normals: np.ndarray, depth: float) -> tuple[np.ndarray, float]:
        """Return the gains (N,) of surfaces with normals (N, 3), and the haze's grey level."""
        fog = self.fog(depth)
        sunny = np.maximum(normals @ self.sun, 0) / max(-self.sun[1], 0.3)
        gains = self.ambient * (0.85 - 0.15 * normals[:, 1]) + (1 - self.ambient) * sunny
        return gains * (1 - fog), fog * self.haze

    def fog(self, depth: float) -> float:
        """Return the share of haze in what is seen at a depth in metres."""
        return 1 - math.exp(-max(depth, 0) / self.visibility)

    @property
    def shadow(self) -> float:
        """Strength of cast shadows, 0 to 1."""
        return 1 - self.ambient


def draw_light(rng: np.random.Generator) -> Light:
    """Choose a weather: sun, clouds or fog."""
    kind = rng.choice(['sun', 'clouds', 'fog'], p=[0.5, 0.38, 0.12])
    azimuth, elevation = rng.uniform(0, 2 * math.pi), rng.uniform(0.45, 1.2)
    sun = np.array(
        [
            math.cos(elevation) * math.sin(azimuth),
            -math.sin(elevation),
            math.cos(elevation) * math.cos(azimuth),
        ]
    )
    if kind == 'sun':
        return Light(sun, rng.uniform(0.45, 0.65), rng.uniform(250, 900), rng.uniform(190, 225))
    if kind == 'clouds':
        return Light(sun, rng.uniform(0.8, 0.93), rng.uniform(120, 500), rng.uniform(170, 215))
    return Light(sun, rng.uniform(0.88, 0.95), rng.uniform(35, 80), rng.uniform(160, 210))


class Exposure:
    """What the camera does to the picture: gain that drifts, gamma, tint, blur, noise."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._drift = Wobble(rng, amplitude=rng.uniform(0.03, 0.18), periods=(2.0, 9.0))
        self._gain = rng.uniform(0.85, 1.15)
        self._gamma = rng.uniform(0.75, 1.15)
        self._tint = 1 + rng.normal(0, 0.03, 3)
        self._noise = rng.uniform(0.02, 0.12)
        self._blur = rng.uniform(0.0, 0.75)
        self._dip_at, self._dip_depth = rng.uniform(1, 8), rng.uniform(0, 0.35)
        self._offsets = int(rng.integers(1 << 30))

    def apply(self, image: np.ndarray, index: int, time: float) -> np.ndarray:
        """Return the picture as the camera would deliver it."""
        dip = self._dip_depth * math.exp(-(((time - self._dip_at) / 0.6) ** 2))
        gain = self._gain * (1 + self._drift(time)) * (1 - dip)
        levels = (np.arange(256) / 255.0)[:, None] ** self._gamma * gain * self._tint * 255
        table = np.clip(levels, 0, 255).astype(np.uint8).reshape(1, 256, 3)
        if self._blur > 0.3:
            image = cv2.GaussianBlur(image, (3, 3), self._blur)
        image = cv2.LUT(image, table)
        height, width = image.shape[:2]
        rng = np.random.default_rng((self._offsets, index))
        row, column = rng.integers(256, size=2)
        grain = _grain(height + 256, width + 256)[row : row + height, column : column + width]
        return cv2.addWeighted(image, 1, grain, self._noise, -128 * self._noise)


@lru_cache(maxsize=2)
def _grain(height: int, width: int) -> np.ndarray:
    """Return noise around 128, mostly grey; frames cut different parts out of it."""
    rng = np.random.default_rng(0)
    grey = rng.normal(0, 34, (height, width, 1)) + rng.normal(0, 18, (height, width, 3))
    return np.clip(grey + 128, 0, 255).astype(np.uint8)
