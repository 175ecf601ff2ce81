# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Recent frames, undecoded, and what became of each of them. Pure Python."""

from __future__ import annotations

import enum
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any


class Fate(enum.Enum):
    """What became of a received frame. Every frame has exactly one, so that the counts add up."""

    WAITING = 'waiting'
    TRACKED = 'tracked'
    DROPPED = 'dropped'  # newer ones were there before the tracker came to it
    IDLE = 'ignored_no_target'
    DISABLED = 'ignored_disabled'
    DUPLICATE = 'ignored_duplicate'
    OUT_OF_ORDER = 'ignored_out_of_order'
    BAD = 'bad'


@dataclass(eq=False)
class Frame:
    """One received image message, not yet decoded."""

    message: Any
    stamp_ns: int  # 0: the driver does not stamp
    size_bytes: int
    epoch: int = 0  # grows at every jump of the stamps back in time
    received: float = field(default_factory=time.monotonic)
    number: int = 0  # the order of arrival; set by the buffer
    fate: Fate = Fate.WAITING

    @property
    def seconds(self) -> float:
        """When it was taken; of a driver that does not stamp, when it came."""
        return self.stamp_ns / 1e9 if self.stamp_ns else self.received


class FrameCounts:
    """How many frames met which fate. Thread-safe."""

    def __init__(self) -> None:
        self._counts: Counter[Fate] = Counter()
        self._lock = threading.Lock()

    def add(self, fate: Fate) -> None:
        """Count a newly received frame."""
        with self._lock:
            self._counts[fate] += 1

    def move(self, frame: Frame, fate: Fate) -> None:
        """Give a counted frame another fate; one that was tracked once stays tracked."""
        with self._lock:
            if frame.fate is not Fate.TRACKED:
                self._counts[frame.fate] -= 1
                self._counts[fate] += 1
                frame.fate = fate

    def snapshot(self) -> dict[Fate, int]:
        """Return all counts of one moment; their sum is the number of frames received."""
        with self._lock:
            return {fate: self._counts[fate] for fate in Fate}


class FrameBuffer:
    """The frames of the last seconds, oldest first, bounded in time and in memory. Thread-safe.

    The newest frame is always kept, so that a bound of zero means "the newest only".
    Stamps, where there are any, rise from frame to frame: the caller sees to that.
    """

    def __init__(self, seconds: float, megabytes: float, counts: FrameCounts) -> None:
        self._frames: deque[Frame] = deque()
        self._lock = threading.Lock()
        self._counts = counts
        self._number = 0
        self._size_bytes = 0
        self._max_ns, self._max_bytes = 0, 0
        self.resize(seconds, megabytes)

    def __len__(self) -> int:
        return len(self._frames)

    def resize(self, seconds: float | None = None, megabytes: float | None = None) -> None:
        """Set the bounds: seconds between the stamps, megabytes of messages; None: as it is."""
        with self._lock:
            if seconds is not None:
                self._max_ns = int(seconds * 1e9)
            if megabytes is not None:
                self._max_bytes = int(megabytes * 1e6)
            self._trim()

    def add(self, frame: Frame) -> None:
        """Append and count a frame. Frames pushed out before they were looked at are dropped."""
        with self._lock:
            self._number += 1
            frame.number = self._number
            self._counts.add(frame.fate)
            self._frames.append(frame)
            self._size_bytes += frame.size_bytes
            self._trim()

    def clear(self, fate: Fate = Fate.DROPPED) -> None:
        """Forget all frames; this is the fate of those that were not looked at yet."""
        with self._lock:
            while self._frames:
                self._pop_oldest(fate)

    @property
    def last_number(self) -> int:
        """The number of the frame that came last, whether it is still here or not; 0: none yet."""
        return self._number

    def newest(self) -> Frame | None:
        """Return the newest frame, or None when empty."""
        with self._lock:
            return self._frames[-1] if self._frames else None

    def oldest(self) -> Frame | None:
        """Return the oldest frame, or None when empty."""
        with self._lock:
            return self._frames[0] if self._frames else None

    def after(self, number: int) -> list[Frame]:
        """Return the frames that arrived after the one of this number, oldest first."""
        with self._lock:
            first = len(self._frames)
            while first and self._frames[first - 1].number > number:
                first -= 1
            return [self._frames[i] for i in range(first, len(self._frames))]

    def nearest(self, stamp_ns: int, tolerance_s: float) -> Frame | None:
        """Return the frame of this stamp, else the nearest within the tolerance, else None."""
        with self._lock:
            stamped = [frame for frame in self._frames if frame.stamp_ns]
            best = min(stamped, key=lambda f: abs(f.stamp_ns - stamp_ns), default=None)
        if best is None or abs(best.stamp_ns - stamp_ns) > tolerance_s * 1e9:
            return None
        return best

    def _trim(self) -> None:
        while len(self._frames) > 1 and (
            self._size_bytes > self._max_bytes
            or _time_ns(self._frames[-1]) - _time_ns(self._frames[0]) > self._max_ns
        ):
            self._pop_oldest()

    def _pop_oldest(self, fate: Fate = Fate.DROPPED) -> None:
        frame = self._frames.popleft()
        self._size_bytes -= frame.size_bytes
        if frame.fate is Fate.WAITING:
            self._counts.move(frame, fate)


def _time_ns(frame: Frame) -> int:
    return frame.stamp_ns or int(frame.received * 1e9)
