# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
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
from .clips import DEFAULT, Clip, ClipConfig, Random, cut_clip, loosely_drawn, panned
from .compose import composed_clip
from .cuttings import Filmed, Strip, blob, mirrored
from .frames import Sequence as Video
from .settings import ConfigError
from .stills import Stills

NO_STILLS = Stills()
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
        stills: photographs whose things are followed as well, if any.
    """

    def __init__(
        self,
        sequences: Sequence[Video],
        length: int,
        seed: int,
        config: ClipConfig = DEFAULT,
        weights: Mapping[str, float] = EVEN,
        motions: Sequence[np.ndarray] = (),
        stills: Stills = NO_STILLS,
    ) -> None:
        self.length = length
        self.seed = seed
        self.config = config
        self.motions = motions
        self.stills = stills
        self.filmed = Filmed()
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
            clip = self._composed(rng)
        else:
            if self.stills and rng.random() < config.still:
                clip = self.stills.clip(rng, self.length, config.zoom)
            else:
                clip = self._cut(rng, self.length)
            if rng.random() < config.lookalike:
                add_lookalike(rng, clip)
        if self.length > 1 and rng.random() < config.occluder:
            add_occluder(rng, clip, self._cut(rng, 1).images[0])
        photometric(rng, clip, config)
        if config.loose and rng.random() < config.loose:
            clip.boxes = loosely_drawn(rng, clip.boxes)
        return clip

    def _composed(self, rng: Random) -> Clip:
        """Past up to two rivals, some of them mirror images of the target."""
        target = self._strip(rng)
        rivals = [
            mirrored(target) if rng.random() < 0.4 else self._strip(rng)
            for _ in range(int(rng.integers(0, 3)))
        ]
        scene = self._scene(rng)
        return composed_clip(rng, self.length, scene, target, rivals, self.motions, self.config)

    def _scene(self, rng: Random) -> np.ndarray:
        if self.stills and rng.random() < 0.5:
            return self.stills.scene(rng, self.length)
        sequence, _ = self._chosen(rng)
        steps = min(self.length, len(sequence.frames)) if rng.random() < 0.5 else 1
        first = int(rng.integers(len(sequence.frames) - steps + 1))
        return panned(rng, [sequence.frames[first + k] for k in range(steps)])

    def _strip(self, rng: Random) -> Strip:
        """An annotated target, filmed or still, a photograph's thing, or a piece of a frame."""
        if rng.random() < self.config.filmed:
            steps = self.length if rng.random() < 0.8 else 1
            for _ in range(4):
                strip = self.filmed.strip(rng, *self._chosen(rng), steps, self.config)
                if strip is not None:
                    return strip
        if self.stills and rng.random() < 0.85:
            return [self.stills.cutting(rng)]
        return [blob(rng, self._cut(rng, 1).images[0])]

    def _chosen(self, rng: Random) -> tuple[Video, int]:
        return self.tracks[rng.choice(len(self.tracks), p=self.weights)]

    def _cut(self, rng: Random, length: int) -> Clip:
        for _ in range(1000):
            clip = cut_clip(rng, *self._chosen(rng), length, self.config)
            if clip is not None:
                return clip
        raise RuntimeError(f'no track has room for a clip of {length} frames: add longer sequences')


def check_clips(
    sequences: Sequence[Video],
    length: int,
    config: ClipConfig,
    weights: Mapping[str, float],
    stills: Stills = NO_STILLS,
) -> None:
    """Raises ConfigError if no clip of this length can be cut from what has a weight."""
    frames = [
        len(sequence.frames)
        for sequence in sequences
        if any(_weight(sequence, track, weights) > 0 for track in sequence.tracks)
    ]
    if not frames:
        raise ConfigError('data.weights: every sequence has weight 0; give one that has not')
    cut = config.composed < 1 and not (stills and config.still >= 1)
    needed = 1 + min(config.skips) * (length - 1)
    if cut and max(frames) < needed:
        raise ConfigError(
            f'curriculum: clips of {length} frames need sequences of {needed}, but the longest has '
            f'{max(frames)}; shorten the clips, or add longer sequences'
        )


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
