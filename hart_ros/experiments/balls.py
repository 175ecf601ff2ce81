# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Bouncing balls, section 6.1: one white ball on 20x20 pixels.

As in the script that the paper took its videos from (Sutskever, Hinton and Taylor, 2008), a box has
a side of 10, a ball a radius of 1.2 and a speed of 0.5 a frame, and the brightness at a distance d
from a ball's centre is exp(-(d/r)^8). The true box is as wide as the ball, 4.8 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hart_ros.model.ratm import PUBLISHED, RATM, RATMConfig
from hart_ros.model.ratm_objectives import pixel_loss

from .motion import bounce
from .videos import Clips

SIDE = 20  # pixels
RADIUS, SPEED = 0.12, 0.05  # of the side


@dataclass(frozen=True)
class Balls:
    """The glimpse is to show a ball: in the last frame, or in all frames."""

    last_only: bool

    @property
    def config(self) -> RATMConfig:
        return PUBLISHED['balls']

    def clips(self, rng: np.random.Generator, videos: int, frames: int) -> Clips:
        centres = SIDE * bounce(rng, videos, frames, 1, RADIUS, SPEED)[:, :, 0]  # (V, T, 2)
        images = torch.from_numpy(painted(centres, SIDE))[:, :, None]
        size = np.full_like(centres, 2 * SIDE * RADIUS)
        truth = torch.from_numpy(np.concatenate((centres - size / 2, size), -1))
        return Clips(images, truth, torch.zeros(videos, dtype=torch.long))

    test_clips = clips

    def loss(self, model: RATM, clips: Clips) -> Tensor:
        glimpses = model(clips.images, clips.truth[:, 0]).glimpse  # (V, T, 1, 5, 5)
        seen = glimpses[:, -1:] if self.last_only else glimpses
        return pixel_loss(seen, target_patch(model.config.glimpse[0]))


def painted(centres: np.ndarray, side: int) -> np.ndarray:
    """A ball in each image: x, y in pixels (..., 2) -> (..., side, side) float32 in [0, 1]."""
    pixels = np.arange(side, dtype=np.float32) + 0.5
    x, y = (np.square(pixels - centres[..., k, None]) for k in (0, 1))  # (..., side)
    distance = (y[..., :, None] + x[..., None, :]) / np.float32((SIDE * RADIUS) ** 2)
    return np.exp(-np.square(np.square(distance)))


def target_patch(side: int) -> Tensor:
    """A ball in the middle of so many pixels, (1, side, side)."""
    return torch.from_numpy(painted(np.full(2, side / 2, np.float32), side))[None]
