# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Trackers and frames whose results are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from hart_ros.evaluation.peers import Guess

Box = tuple[float, float, float, float]


def numbered_frames(count: int) -> np.ndarray:
    """Frames that know their index."""
    frames = np.zeros((count, 4, 4, 3), np.uint8)
    frames[:, 0, 0, 0], frames[:, 0, 0, 1] = np.arange(count) % 256, np.arange(count) // 256
    return frames


def index_of(frame: np.ndarray) -> int:
    return int(frame[0, 0, 0]) + 256 * int(frame[0, 0, 1])


class Scripted:
    """Says what `answer(frame, box of the start)` says; remembers what it was shown."""

    def __init__(self, answer: Callable[[int, Box], Box], score: float | None = None) -> None:
        self.answer, self.score = answer, score
        self.start: Box = (0.0, 0.0, 0.0, 0.0)
        self.starts: list[int] = []
        self.seen: list[int] = []

    def init(self, frame: np.ndarray, box_xywh: Sequence[float]) -> None:
        x, y, w, h = box_xywh
        self.start = x, y, w, h
        self.starts.append(index_of(frame))

    def update(self, frame: np.ndarray) -> Guess:
        self.seen.append(index_of(frame))
        return Guess(self.answer(index_of(frame), self.start), self.score, True)


def still() -> Scripted:
    return Scripted(lambda frame, start: start)


def perfect(boxes: Mapping[int, Box]) -> Scripted:
    return Scripted(lambda frame, start: boxes.get(frame, start))


def lost_at(boxes: Mapping[int, Box], frames: Sequence[int]) -> Scripted:
    return Scripted(lambda frame, start: (900, 900, 5, 5) if frame in frames else boxes[frame])


class Clock:
    """A tracker's time: each `init` and `update` of the wrapped tracker takes as long as told."""

    def __init__(self, tracker: Scripted, starting: float, updating: float) -> None:
        self.tracker, self.now = tracker, 100.0
        self.starting, self.updating = starting, updating

    def __call__(self) -> float:
        return self.now

    def init(self, frame: np.ndarray, box_xywh: Sequence[float]) -> None:
        self.now += self.starting
        self.tracker.init(frame, box_xywh)

    def update(self, frame: np.ndarray) -> Guess:
        self.now += self.updating
        return self.tracker.update(frame)
