# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the stamps of arriving images say: order, duplicates, jumps in time, lost frames."""

from __future__ import annotations

import enum
from collections import deque

JUMP_NS = 1_000_000_000  # further back than this is another run of the clock, not disorder
MUCH = 0.25  # share of lost frames that is looked at twice
OLDER_IN_A_ROW = 3  # so many older frames with rising stamps are one as well (a very short bag)


class Arrival(enum.Enum):
    """How a frame's stamp relates to those before it."""

    NEW = 'new'
    DUPLICATE = 'duplicate'
    OUT_OF_ORDER = 'out of order'
    JUMP = 'jump back in time'  # use the frame; what was before it belongs to another time


class StampMonitor:
    """Classifies frames by their stamps (nanoseconds; 0 is "not stamped", always new)."""

    def __init__(self) -> None:
        self._last = 0
        self._older: list[int] = []  # the run of older stamps that may turn out to be a jump
        self._gaps: deque[int] = deque(maxlen=100)

    @property
    def last_ns(self) -> int:
        """The stamp of the newest frame in order; 0 before the first."""
        return self._last

    def classify(self, stamp_ns: int) -> Arrival:
        """Return what the next frame's stamp means, and remember it."""
        if stamp_ns == 0:
            return Arrival.NEW
        if self._last == 0 or stamp_ns > self._last:
            if self._last:
                self._gaps.append(stamp_ns - self._last)
            self._start_from(stamp_ns)
            return Arrival.NEW
        if stamp_ns == self._last:
            return Arrival.DUPLICATE
        if self._older and stamp_ns == self._older[-1]:
            return Arrival.DUPLICATE
        rising = not self._older or stamp_ns > self._older[-1]
        self._older = [*self._older, stamp_ns] if rising else [stamp_ns]
        if self._last - stamp_ns >= JUMP_NS or len(self._older) >= OLDER_IN_A_ROW:
            self._gaps.clear()
            self._start_from(stamp_ns)
            return Arrival.JUMP
        return Arrival.OUT_OF_ORDER

    def _start_from(self, stamp_ns: int) -> None:
        self._last = stamp_ns
        self._older = []

    def lost_share(self) -> float | None:
        """Estimate the share of frames that never arrive, or None when the stamps do not tell.

        A camera's stamps are a period apart; with losses the gaps become multiples of it. So if
        nearly all of the last gaps are whole multiples of the smallest, that one is the period.
        """
        gaps = list(self._gaps)
        share = _lost_share(gaps) if len(gaps) >= 20 else None
        if share is None or share < MUCH:
            return share
        half = len(gaps) // 2
        least = min(_lost_share(some) or 0.0 for some in (gaps[:half], gaps[half:]))
        # By far less in one half: the camera's rate has changed, frames were not lost.
        return share if least > 0.3 * share else least


def _lost_share(gaps: list[int]) -> float | None:
    typical = sorted(gaps)[len(gaps) // 2]
    gaps = sorted(gap for gap in gaps if gap <= 10 * typical)  # longer ones are pauses
    period = gaps[1]  # not the very smallest: one odd stamp must not set it
    periods = [gap / period for gap in gaps]
    whole = sum(abs(n - round(n)) < 0.15 for n in periods)
    if whole < 0.9 * len(periods):
        return None
    return 1.0 - len(periods) / sum(max(round(n), 1) for n in periods)
