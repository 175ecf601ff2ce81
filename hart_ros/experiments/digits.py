# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Moving digits, section 6.2: one digit of MNIST, or two, on 100x100 pixels.

The paper does not say how fast digits move. Here: 3 pixels a frame at first, all together as balls
have it (two move by 2 each), to which deviations of half a pixel are added each frame, up to 5
pixels; two digits bounce off each other as balls do. The true box is the whole image of the digit,
28x28 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hart_ros.model.ratm import PUBLISHED, RATM, RATMConfig
from hart_ros.model.ratm_features import FeatureCNN
from hart_ros.model.ratm_objectives import classification_loss, localisation_loss

from .mnist import SIDE, Digits
from .motion import bounce
from .videos import Clips

CANVAS = 100  # pixels
SPEED, WOBBLE, MOST = 0.03, 0.005, 0.05  # of the canvas's side
LOCATED = 10.0  # weight of where the grid is, beside the class of what it shows


def new_classifier() -> FeatureCNN:
    """The CNN of section 6.2, to be trained on still digits."""
    return FeatureCNN((1, SIDE, SIDE), (32, 32), (5, 5), classes=10, dropout=0.25)


def still_loss(
    classifier: FeatureCNN, digits: Digits, rng: np.random.Generator, batch: int
) -> Tensor:
    """What the classifier is trained for."""
    chosen = rng.integers(len(digits.images), size=batch)
    images = torch.from_numpy(digits.images[chosen])[:, None].float() / 255.0
    return classification_loss(classifier.logits(images), torch.from_numpy(digits.classes[chosen]))


@torch.inference_mode()
def accuracy(classifier: FeatureCNN, digits: Digits, batch: int = 500) -> float:
    """Share of the digits whose class it knows."""
    classifier.eval()
    right = 0
    for start in range(0, len(digits.images), batch):
        images = torch.from_numpy(digits.images[start : start + batch])[:, None].float() / 255.0
        classes = torch.from_numpy(digits.classes[start : start + batch])
        right += int((classifier.logits(images).argmax(-1) == classes).sum())
    return right / len(digits.images)


@dataclass(frozen=True)
class MovingDigits:
    """The glimpse is to show the digit's class, and to have its centre where the digit is."""

    count: int  # digits in a video; the first is the target
    training: Digits
    test: Digits
    classifier: nn.Module  # trained; see `new_classifier`

    @property
    def config(self) -> RATMConfig:
        return PUBLISHED[f'mnist{self.count}']

    def clips(self, rng: np.random.Generator, videos: int, frames: int) -> Clips:
        # One digit is to be found in the whole frame. In the middle it is found by zooming alone:
        # videos in which it starts near there are the easy ones to begin with.
        spread = rng.random(videos) if self.count == 1 else None
        return self._moving(self.training, rng, videos, frames, spread)

    def test_clips(self, rng: np.random.Generator, videos: int, frames: int) -> Clips:
        return self._moving(self.test, rng, videos, frames)

    def _moving(
        self,
        digits: Digits,
        rng: np.random.Generator,
        videos: int,
        frames: int,
        spread: np.ndarray | None = None,
    ) -> Clips:
        radius = SIDE / CANVAS / 2
        centres = bounce(rng, videos, frames, self.count, radius, SPEED, WOBBLE, MOST, spread)
        corners = np.round(CANVAS * centres - SIDE / 2).astype(int).clip(0, CANVAS - SIDE)
        chosen = rng.integers(len(digits.images), size=(videos, self.count))
        images = painted(digits.images[chosen], corners)
        truth = np.full((videos, frames, 4), SIDE, np.float32)
        truth[..., :2] = corners[:, :, 0]
        return Clips(
            torch.from_numpy(images)[:, :, None].float() / 255.0,
            torch.from_numpy(truth),
            torch.from_numpy(digits.classes[chosen[:, 0]]),
        )

    def loss(self, model: RATM, clips: Clips) -> Tensor:
        followed = model(clips.images, clips.truth[:, 0])
        glimpses = followed.glimpse  # (V, T, 1, 28, 28)
        logits = self.classifier.logits(glimpses.flatten(0, 1))  # type: ignore[operator]
        classes = clips.classes[:, None].expand(glimpses.shape[:2]).flatten()
        where = localisation_loss(followed.attention, clips.truth, clips.size)
        return classification_loss(logits, classes) + LOCATED * where


def painted(digits: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Videos of digits; where they overlap the brighter pixel is seen.

    Args:
        digits: (V, K, 28, 28) uint8.
        corners: (V, T, K, 2), x and y of their corners, pixels.

    Returns:
        (V, T, 100, 100) uint8.
    """
    videos, frames, count, _ = corners.shape
    images = np.zeros((videos, frames, CANVAS, CANVAS), np.uint8)
    for v, t, k in np.ndindex(videos, frames, count):
        x, y = corners[v, t, k]
        part = images[v, t, y : y + SIDE, x : x + SIDE]
        np.maximum(part, digits[v, k], out=part)
    return images
