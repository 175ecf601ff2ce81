# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How long clips are."""

from __future__ import annotations

import math
from typing import Any, Protocol

from .config import CurriculumConfig

MEMORY = 0.98  # of the running mean of the IoU, some 50 steps


class Curriculum(Protocol):
    """The frames of a clip, from how far the training is and how well it goes."""

    length: int

    def advance(self, share: float, iou: float) -> None:
        """Notes the IoU of a step; `share` of the whole training has been done with it."""

    def state(self) -> dict[str, Any]:
        """What a resumed run needs to know."""

    def restore(self, share: float, state: dict[str, Any]) -> None:
        """Takes up where `state` was taken."""


class Stages:
    """Lengths that are set for parts of the training."""

    def __init__(self, config: CurriculumConfig) -> None:
        self._stages = config.stages
        self.length = self._at(0.0)

    def advance(self, share: float, iou: float) -> None:
        self.length = self._at(share)

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, share: float, state: dict[str, Any]) -> None:
        self.length = self._at(share)

    def _at(self, share: float) -> int:
        return [length for start, length in self._stages if share >= start][-1]


class Growing:
    """One frame more whenever the network is good enough (HART, section 4).

    As published, but that patience counts steps instead of epochs: a stream of clips has none.
    """

    def __init__(self, config: CurriculumConfig) -> None:
        self._config = config
        self.length = config.first
        self._steps = 0  # with this length
        self._iou = 0.0  # mean of late, with this length

    def advance(self, share: float, iou: float) -> None:
        config = self._config
        self._steps += 1
        memory = min(MEMORY, 1 - 1 / self._steps)
        # A batch that gives no number must not end the growth for good.
        self._iou = memory * self._iou + (1 - memory) * (iou if math.isfinite(iou) else 0.0)
        wanted = config.iou + (config.last_iou - config.iou) * (
            (self.length - config.first) / max(config.last - config.first, 1)
        )
        if self.length < config.last and self._steps >= config.patience and self._iou >= wanted:
            self.length, self._steps, self._iou = self.length + 1, 0, 0.0

    def state(self) -> dict[str, Any]:
        return {'length': self.length, 'steps': self._steps, 'iou': self._iou}

    def restore(self, share: float, state: dict[str, Any]) -> None:
        # A checkpoint of a run with stages has none of these.
        self.length = state.get('length', self.length)
        self._steps, self._iou = state.get('steps', 0), state.get('iou', 0.0)


def longest(config: CurriculumConfig, steps: int) -> int:
    """Frames of the longest clips that a training of so many steps is sure to come to."""
    if config.kind == 'grow':
        return config.first
    return max(length for start, length in config.stages if start <= (steps - 1) / steps)


def make_curriculum(config: CurriculumConfig) -> Curriculum:
    return Growing(config) if config.kind == 'grow' else Stages(config)
