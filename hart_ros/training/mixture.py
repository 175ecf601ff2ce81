# SPDX-License-Identifier: Apache-2.0
"""An endless stream of augmented clips from all sources, mixed by weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from .augment import add_lookalike, add_occluder, photometric
from .clips import DEFAULT, Clip, ClipConfig, Random, cut_clip
from .compose import composed_clip
from .frames import Sequence as Video

EVEN: Mapping[str, float] = MappingProxyType({})


class ClipMixture(Dataset[dict[str, Tensor]]):
    """Clips of a fixed length; each follows from the seed and its number alone.

    So the stream is the same however many workers cut it, and goes on where it was left.

    Args:
        sequences: what clips are cut from.
        length: frames of a clip.
        seed: of everything random.
        config: what happens to clips.
        weights: how often a sequence is taken, by the beginning of its name; 1 for the others.
        motions: real tracks that things which are cut and pasted follow.
    """

    def __init__(
        self,
        sequences: Sequence[Video],
        length: int,
        seed: int,
        config: ClipConfig = DEFAULT,
        weights: Mapping[str, float] = EVEN,
        motions: Sequence[np.ndarray] = (),
    ) -> None:
        self.length = length
        self.seed = seed
        self.config = config
        self.motions = motions
        self.tracks = [(s, track) for s in sequences for track in s.tracks]
        factors = np.array([_weight(s, track, weights) for s, track in self.tracks])
        self.weights = factors / factors.sum()

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        cv2.setNumThreads(0)
        return as_tensors(self.sample(np.random.default_rng((self.seed, number))))

    def sample(self, rng: Random) -> Clip:
        """One augmented clip."""
        config = self.config
        if rng.random() < config.composed:
            scene = self._cut(rng, self.length if rng.random() < 0.5 else 1)
            other, target = self._cut(rng, 1), self._cut(rng, 1)
            images = scene.images, other.images[0]
            clip = composed_clip(rng, self.length, *images, target, self.motions)
        else:
            clip = self._cut(rng, self.length)
            if rng.random() < config.lookalike:
                add_lookalike(rng, clip)
        if self.length > 1 and rng.random() < config.occluder:
            add_occluder(rng, clip, self._cut(rng, 1).images[0])
        photometric(rng, clip, config)
        return clip

    def _cut(self, rng: Random, length: int) -> Clip:
        for _ in range(1000):
            sequence, track = self.tracks[rng.choice(len(self.tracks), p=self.weights)]
            clip = cut_clip(rng, sequence, track, length, self.config)
            if clip is not None:
                return clip
        raise RuntimeError(f'no track has room for a clip of {length} frames: add longer sequences')


class NumberedBatches:
    """Numbers of the clips of each step, endless; no two processes get the same.

    Args:
        step: the first one.
        batch: clips a step and process.
        rank: of this process.
        processes: how many there are.
    """

    def __init__(self, step: int, batch: int, rank: int = 0, processes: int = 1) -> None:
        self.step, self.batch, self.rank, self.processes = step, batch, rank, processes

    def __iter__(self) -> Iterator[list[int]]:
        step = self.step
        while True:
            first = (step * self.processes + self.rank) * self.batch
            yield list(range(first, first + self.batch))
            step += 1


def _weight(sequence: Video, track: int, weights: Mapping[str, float]) -> float:
    """Square root of the length: long sequences count for more, but not for all.

    A sequence's tracks share its weight, or a street full of cars would be all there is.
    """
    names = [prefix for prefix in weights if sequence.name.startswith(prefix)]
    factor = weights[max(names, key=len)] if names else 1.0
    return factor * len(sequence.tracks[track]) ** 0.5 / len(sequence.tracks)


def as_tensors(clip: Clip) -> dict[str, Tensor]:
    """Images (T, 3, H, W) uint8 RGB, boxes (T, 4) xywh, present (T,)."""
    rgb = np.stack([np.stack(cv2.split(image)[::-1]) for image in clip.images])
    return {
        'images': torch.from_numpy(rgb),
        'boxes': torch.from_numpy(clip.boxes),
        'present': torch.from_numpy(clip.present),
    }
