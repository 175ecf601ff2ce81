# SPDX-License-Identifier: Apache-2.0
"""The tracker's place in the stream of frames: which one comes next."""

from __future__ import annotations

import math

from hart_ros.nodes.frame_buffer import Fate, Frame, FrameBuffer, FrameCounts


class Cursor:
    """Goes to the newest frame, always; only after a start in the past in order, to catch up."""

    def __init__(self, buffer: FrameBuffer, counts: FrameCounts) -> None:
        self._buffer = buffer
        self._counts = counts
        self._number = 0  # of the last frame that was dealt with
        self._catch_up: CatchUp | None = None

    @property
    def catching_up(self) -> bool:
        """Whether newer frames than the last one were there already."""
        return self._catch_up is not None

    def next(self, passed_over: Fate) -> Frame | None:
        """Go on to a frame and return it, or None when there is none; count those between."""
        frames = [f for f in self._buffer.after(self._number) if f.fate is not Fate.BAD]
        if not frames:
            self._catch_up = None
            return None
        stride = len(frames)
        if self._catch_up is not None:
            stride = min(stride, self._catch_up.stride(self._buffer.last_number))
            if stride == len(frames):
                self._catch_up = None
        self._pass_over(frames[: stride - 1], passed_over)
        self._number = frames[stride - 1].number
        return frames[stride - 1]

    def start_at(self, frame: Frame) -> int:
        """Go to any frame of the buffer; return how many newer ones there are."""
        between = self._buffer.after(self._number)
        self._pass_over([f for f in between if f.number < frame.number], Fate.DROPPED)
        self._number = frame.number
        behind = len(self._buffer.after(frame.number))
        self._catch_up = CatchUp(self._buffer.last_number) if behind else None
        return behind

    def hurry(self) -> None:
        """Go to the newest frame next, whatever was to be caught up."""
        self._catch_up = None

    def _pass_over(self, frames: list[Frame], fate: Fate) -> None:
        for frame in frames:
            if frame.fate is Fate.WAITING:
                self._counts.move(frame, fate)


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
