# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Buffer and counts. Needs no ROS."""

from __future__ import annotations

import pytest

from hart_ros.nodes.frame_buffer import Fate, Frame, FrameBuffer, FrameCounts

S = 1_000_000_000


def make(seconds: float = 100.0, megabytes: float = 100.0) -> tuple[FrameBuffer, FrameCounts]:
    counts = FrameCounts()
    return FrameBuffer(seconds, megabytes, counts), counts


def add(buffer: FrameBuffer, *stamps: float, size: int = 1000) -> list[Frame]:
    frames = [Frame(None, int(stamp * S), size) for stamp in stamps]
    for frame in frames:
        buffer.add(frame)
    return frames


def stamps_of(frames: list[Frame]) -> list[float]:
    return [frame.stamp_ns / S for frame in frames]


def test_frames_older_than_the_bound_are_dropped() -> None:
    buffer, counts = make(seconds=2.0)
    add(buffer, 1, 2, 3, 4)
    assert stamps_of(buffer.after(0)) == [2, 3, 4]
    assert counts.snapshot()[Fate.DROPPED] == 1
    assert counts.snapshot()[Fate.WAITING] == 3


def test_memory_is_bounded_but_the_newest_stays() -> None:
    buffer, _ = make(megabytes=0.0025)
    add(buffer, 1, 2, 3)
    assert stamps_of(buffer.after(0)) == [2, 3]
    add(buffer, 4, size=10_000)
    assert stamps_of(buffer.after(0)) == [4]
    add(buffer, 5)
    assert stamps_of(buffer.after(0)) == [5]
    buffer.resize(seconds=0.0)
    add(buffer, 6)
    assert stamps_of(buffer.after(0)) == [6]


def test_frames_without_stamps_age_by_their_arrival() -> None:
    buffer, _ = make(seconds=2.0)
    for received in (10.0, 11.0, 12.5):
        buffer.add(Frame(None, 0, 1, received=received))
    assert [frame.received for frame in buffer.after(0)] == [11.0, 12.5]


def test_nearest_prefers_the_exact_stamp_and_keeps_the_tolerance() -> None:
    buffer, _ = make()
    add(buffer, 1.0, 1.1, 1.2)
    for stamp, tolerance, expected in (
        (1.1, 0.0, 1.1),
        (1.13, 0.05, 1.1),
        (1.17, 0.05, 1.2),
        (1.15, 0.02, None),
        (0.9, 0.05, None),
        (9.0, 0.05, None),
    ):
        found = buffer.nearest(int(stamp * S), tolerance)
        assert (found and found.stamp_ns / S) == expected
    assert make()[0].nearest(S, 1.0) is None


def test_a_tracked_frame_stays_tracked() -> None:
    buffer, counts = make()
    (frame,) = add(buffer, 1)
    counts.move(frame, Fate.IDLE)
    counts.move(frame, Fate.TRACKED)
    counts.move(frame, Fate.BAD)
    assert frame.fate is Fate.TRACKED
    assert {fate: n for fate, n in counts.snapshot().items() if n} == {Fate.TRACKED: 1}


@pytest.mark.parametrize('fate', [Fate.DROPPED, Fate.DISABLED])
def test_cleared_frames_have_a_fate(fate: Fate) -> None:
    buffer, counts = make()
    add(buffer, 1, 2)
    buffer.clear(fate)
    assert len(buffer) == 0
    assert buffer.newest() is None
    assert buffer.oldest() is None
    assert counts.snapshot()[fate] == 2
    assert sum(counts.snapshot().values()) == 2
