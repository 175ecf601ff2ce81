# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A target's place in the stream of frames: which one comes next."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hart_ros.nodes.frame_buffer import Frame


class Cursor:
    """Goes to the newest frame, always; only after a start in the past in order, to catch up."""

    def __init__(self, number: int, last_number: int) -> None:
        """Begin at the frame of this number; `last_number` is that of the last that arrived."""
        self.number = number
        self._catch_up = CatchUp(last_number) if number < last_number else None

    @property
    def late(self) -> bool:
        """Whether newer frames than the last one were there already."""
        return self._catch_up is not None

    def next(self, frames: Sequence[Frame], last_number: int) -> Frame | None:
        """Return the frame to go on to, or None when there is none.

        Args:
            frames: those there are, oldest first.
            last_number: number of the last that arrived.
        """
        ahead = [frame for frame in frames if frame.number > self.number]
        if not ahead:
            self._catch_up = None
            return None
        stride = len(ahead)
        if self._catch_up is not None:
            stride = min(stride, self._catch_up.stride(last_number))
            if stride == len(ahead):
                self._catch_up = None
        return ahead[stride - 1]

    def follow(self, other: Cursor, frame: Frame) -> None:
        """Go to a frame with another, to which it is as far as from here."""
        self.number = frame.number
        self._catch_up = other._catch_up

    def hurry(self) -> None:
        """Go to the newest frame next, whatever was to be caught up."""
        self._catch_up = None


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
