# SPDX-License-Identifier: Apache-2.0
"""What is followed, how it was asked for, and how a late start catches up."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

from hart_ros.nodes.frame_buffer import Frame
from hart_ros.tracking.types import BoxXYWH, Track


@dataclass(frozen=True)
class BoxRequest:
    """A box somebody wants to be tracked."""

    box: BoxXYWH  # x, y, w, h, pixels
    target_id: str = ''
    class_id: str = ''
    stamp_ns: int = 0  # of the frame it lies in; 0: the first frame after `after_number`
    after_number: int = 0
    frame_id: str = ''

    def describe(self) -> str:
        """Return the request in a few words, for logs and diagnostics."""
        x, y, w, h = self.box
        when = f'the stamp {seconds(self.stamp_ns)}' if self.stamp_ns else 'the next frame'
        return f'box {x:g}, {y:g}, {w:g}, {h:g} (id {self.target_id!r}) for {when}'


@dataclass
class Target:
    """What is being tracked. Belongs to the worker's thread."""

    target_id: str
    class_id: str
    state: Any  # the tracker's TargetState
    trail: deque[tuple[float, float]]  # past centres of the box, pixels
    score: float = 1.0

    def note(self, track: Track) -> None:
        """Remember what is shown of a track."""
        x, y, w, h = track.box
        self.trail.append((x + w / 2, y + h / 2))
        self.score = track.score


@dataclass(frozen=True)
class Result:
    """One tracked frame, on its way to the topics."""

    frame: Frame
    image: Any  # (H, W, 3) or (H, W) uint8
    track: Track
    target: Target
    live: bool  # False while a late start catches up: its latency says nothing


class CatchUp:
    """How many frames a start in the past may pass over on its way to the present.

    None, while the tracker is faster than the camera. Otherwise so many that the way takes
    no longer than the frames between start and present lasted.
    """

    def __init__(self, arrived: int) -> None:
        self._arrived_before = arrived
        self._steps = 0

    def stride(self, arrived: int) -> int:
        """Return how many frames to go on by; `arrived` counts all frames that ever arrived."""
        self._steps += 1
        if self._steps <= 4:  # too few to tell
            return 1
        rate = (arrived - self._arrived_before) / self._steps  # new frames a step
        return 1 if rate < 0.8 else 1 + math.floor(2 * rate)


def seconds(stamp_ns: int) -> str:
    """Return a stamp as the text `ros2 topic echo` readers know."""
    return f'{stamp_ns // 1_000_000_000}.{stamp_ns % 1_000_000_000:09d}'
