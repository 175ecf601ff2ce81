# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Bouncing balls, section 6.1: one white ball on 20x20 pixels.

As in the script that the paper took its videos from (Sutskever, Hinton and Taylor, 2008), a box has
a side of 10, a ball a radius of 1.2 and a speed of 0.5 a frame, and the brightness at a distance d
from a ball's centre is exp(-(d/r)^8). The true box is as wide as the ball, 4.8 pixels.

A glimpse is to look like what is read of a ball at its true box, as the paper has it for KTH. For
balls it says less: a patch cut out of an image. Pixel by pixel that would be best matched by a grid
smaller than the ball: 5x5 points a pixel apart span 4x4 pixels, an IoU of 0.694.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hart_ros.model.attention import read_glimpse
from hart_ros.model.ratm import PUBLISHED, RATM, RATMConfig, attention_of, gaussian_grid
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
        return pixel_loss(seen, target_patch(model.config.glimpse))


def painted(centres: np.ndarray, side: int) -> np.ndarray:
    """A ball in each image: x, y in pixels (..., 2) -> (..., side, side) float32 in [0, 1]."""
    pixels = np.arange(side, dtype=np.float32) + 0.5
    x, y = (np.square(pixels - centres[..., k, None]) for k in (0, 1))  # (..., side)
    distance = (y[..., :, None] + x[..., None, :]) / np.float32((SIDE * RADIUS) ** 2)
    return np.exp(-np.square(np.square(distance)))


def target_patch(glimpse: tuple[int, int]) -> Tensor:
    """A ball, read at its true box: (1, N, M) for a glimpse of N rows and M columns."""
    frame = SIDE, SIDE
    image = torch.from_numpy(painted(np.full((1, 1, 2), SIDE / 2, np.float32), SIDE))
    width = 2 * SIDE * RADIUS
    box_xywh = torch.tensor([[(SIDE - width) / 2] * 2 + [width] * 2])
    grid = gaussian_grid(attention_of(box_xywh, frame, glimpse), frame, glimpse)
    return read_glimpse(image, grid, glimpse)[0]
