# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Which frame comes next for a target. Needs no ROS."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hart_ros.nodes.cursor import CatchUp, Cursor
from hart_ros.nodes.frame_buffer import Frame


def frames(*numbers: int) -> list[Frame]:
    return [Frame(None, 0, 1, number=number) for number in numbers]


def test_it_takes_the_newest() -> None:
    cursor = Cursor(2, 2)
    assert not cursor.late
    assert cursor.next(frames(1, 2), 2) is None
    ahead = frames(3, 4, 5)
    assert cursor.next(ahead, 5) is ahead[2]


def test_from_a_start_in_the_past_it_goes_in_order() -> None:
    cursor, companion = Cursor(2, 4), Cursor(2, 4)
    there = frames(1, 2, 3, 4)
    assert cursor.late
    for frame in there[2:]:
        assert cursor.next(there, 4) is frame
        companion.follow(cursor, frame)
        cursor.number = frame.number
        assert companion.number == cursor.number
        assert companion.late == cursor.late
    assert not cursor.late


def test_in_a_hurry_it_does_not() -> None:
    cursor, there = Cursor(2, 4), frames(3, 4)
    cursor.hurry()
    assert cursor.next(there, 4) is there[1]
    gone = Cursor(2, 4)  # the frames it was late for were thrown away
    assert gone.next([], 4) is None
    assert not gone.late


@given(
    rate=st.floats(0.0, 20.0),  # frames that arrive while one is tracked
    behind=st.integers(1, 300),
)
def test_catching_up_comes_to_an_end(rate: float, behind: int) -> None:
    """It takes at most as many steps as lie behind, and a few, or five times that when slow."""
    there = frames(*range(1, behind + 2))
    cursor = Cursor(1, behind + 1)
    arrived, steps = 0.0, 0
    while cursor.late:
        frame = cursor.next(there, there[-1].number)
        assert frame is not None
        assert frame.number > cursor.number
        cursor.number = frame.number
        steps += 1
        before, arrived = int(arrived), arrived + rate
        there += frames(*(behind + 2 + n for n in range(before, int(arrived))))
        assert steps <= 5 * behind + 40


def test_catch_up_passes_over_frames_only_when_it_must() -> None:
    slow_camera = CatchUp(arrived=100)
    assert [slow_camera.stride(100 + step // 2) for step in range(1, 20)] == [1] * 19
    fast_camera = CatchUp(arrived=100)
    strides = [fast_camera.stride(100 + 3 * step) for step in range(1, 20)]
    assert strides[:4] == [1] * 4
    assert min(strides[4:]) > 3
