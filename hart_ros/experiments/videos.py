# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the experiments on generated videos share: clips, and how well targets are followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from hart_ros.model.boxes import iou_xywh
from hart_ros.model.ratm import RATM, RATMConfig

from .report import Row

TRAINING, TEST, CLASSIFIER = 0, 1, 2  # streams of random numbers of a seed
BATCH = 100  # videos of a test at a time


@dataclass(frozen=True)
class Clips:
    """V videos of T frames."""

    images: Tensor  # (V, T, 1, H, W), in [0, 1]
    truth: Tensor  # (V, T, 4), xywh, pixels
    classes: Tensor  # (V,), of the targets

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the frames."""
        return self.images.shape[-2], self.images.shape[-1]


class Task(Protocol):
    """Videos, and what the network is to do with them."""

    @property
    def config(self) -> RATMConfig: ...

    def clips(self, rng: np.random.Generator, videos: int, frames: int) -> Clips: ...

    def test_clips(self, rng: np.random.Generator, videos: int, frames: int) -> Clips:
        """The same, of what is kept for the test."""

    def loss(self, model: RATM, clips: Clips) -> Tensor: ...


@dataclass(frozen=True)
class Measured:
    """A line of the table: mean IoU of a test."""

    what: str
    frames: int  # of the test's videos
    videos: int
    published: float | None = None
    last: bool = False  # only the last frame counts


def generator(seed: int, stream: int, *number: int) -> np.random.Generator:
    """Random numbers of a step, or of a part of a test: the same ones every time."""
    return np.random.default_rng((seed, stream, *number))


@torch.inference_mode()
def measure(
    model: RATM, task: Task, lines: tuple[Measured, ...], seed: int, most: int | None = None
) -> list[Row]:
    """Rows of the table: published and reproduced mean IoU in percent.

    Args:
        model: trained.
        task: gives the videos.
        lines: what to measure.
        seed: of the videos.
        most: videos of a test at most; None for as many as the lines say.
    """
    model.eval()
    ious: dict[int, Tensor] = {}
    rows = []
    for line in lines:
        if line.frames not in ious:
            count = min(line.videos, most or line.videos)
            ious[line.frames] = _ious(model, task, count, line.frames, seed)
        found = ious[line.frames][:, -1:] if line.last else ious[line.frames]
        videos = len(found)
        rows.append(Row(line.what, videos, line.published, round(100 * float(found.mean()), 2)))
    return rows


def _ious(model: RATM, task: Task, videos: int, frames: int, seed: int) -> Tensor:
    """IoU of every frame, the first included: (videos, frames)."""
    found = []
    starts = range(0, videos, BATCH)
    for number, start in enumerate(tqdm(starts, f'test, {frames} frames', disable=None)):
        rng = generator(seed, TEST, frames, number)
        clips = task.test_clips(rng, min(BATCH, videos - start), frames)
        attention = model(clips.images, clips.truth[:, 0]).attention
        found.append(iou_xywh(model.boxes(attention, clips.size), clips.truth))
    return torch.cat(found)


def steps_of(
    task: Task, model: RATM, seed: int, batch: int, frames: tuple[int, int]
) -> Callable[[int], Tensor]:
    """The loss of a training step by its number; its videos have so many frames, least and most."""
    least, most = frames

    def loss(step: int) -> Tensor:
        rng = generator(seed, TRAINING, step)
        length = most if least == most else int(rng.integers(least, most + 1))
        return task.loss(model, task.clips(rng, batch, length))

    return loss
