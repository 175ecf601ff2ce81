# SPDX-License-Identifier: Apache-2.0
"""An endless stream of augmented clips from all sources, mixed by weight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from .augment import add_lookalike, add_occluder, photometric
from .clips import Clip, Random, cut_clip
from .compose import composed_clip
from .frames import Sequence


@dataclass(frozen=True)
class MixtureConfig:
    """How often what happens to a clip."""

    composed: float = 0.3  # share of clips that are cut-and-paste
    lookalike: float = 0.25  # of the others: a pasted distractor beside the target
    occluder: float = 0.2
    source_weights: tuple[tuple[str, float], ...] = ()  # name prefix -> weight, default 1


class ClipMixture(IterableDataset[dict[str, Tensor]]):
    """Clips of a fixed length; the same seed and worker give the same stream."""

    def __init__(
        self, sequences: list[Sequence], length: int, seed: int, config: MixtureConfig | None = None
    ) -> None:
        self.sequences = sequences
        self.length = length
        self.seed = seed
        self.config = config or MixtureConfig()
        self.tracks = [(s, track) for s in sequences for track in s.tracks]
        weights = np.array([self._weight(s, track) for s, track in self.tracks])
        self.weights = weights / weights.sum()

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        cv2.setNumThreads(0)
        worker = get_worker_info()
        rng = np.random.default_rng((self.seed, worker.id if worker else 0))
        while True:
            yield as_tensors(self.sample(rng))

    def sample(self, rng: Random) -> Clip:
        """One augmented clip."""
        if rng.random() < self.config.composed:
            scene = self._cut(rng, self.length if rng.random() < 0.5 else 1)
            other, target = self._cut(rng, 1), self._cut(rng, 1)
            clip = composed_clip(rng, self.length, scene.images, other.images[0], target)
        else:
            clip = self._cut(rng, self.length)
            if rng.random() < self.config.lookalike:
                add_lookalike(rng, clip)
        if self.length > 1 and rng.random() < self.config.occluder:
            add_occluder(rng, clip, self._cut(rng, 1).images[0])
        photometric(rng, clip)
        return clip

    def _cut(self, rng: Random, length: int) -> Clip:
        while True:
            sequence, track = self.tracks[rng.choice(len(self.tracks), p=self.weights)]
            clip = cut_clip(rng, sequence, track, length)
            if clip is not None:
                return clip

    def _weight(self, sequence: Sequence, track: int) -> float:
        """Square root of the length: long sequences count for more, but not for all.

        A sequence's tracks share its weight, or a street full of cars would be all there is.
        """
        factor = 1.0
        for prefix, value in self.config.source_weights:
            if sequence.name.startswith(prefix):
                factor = value
        return factor * len(sequence.tracks[track]) ** 0.5 / len(sequence.tracks)


def as_tensors(clip: Clip) -> dict[str, Tensor]:
    """Images (T, 3, H, W) uint8 RGB, boxes (T, 4) xywh, present (T,)."""
    rgb = np.stack([np.stack(cv2.split(image)[::-1]) for image in clip.images])
    return {
        'images': torch.from_numpy(rgb),
        'boxes': torch.from_numpy(clip.boxes),
        'present': torch.from_numpy(clip.present),
    }
