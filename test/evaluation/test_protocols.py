# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Protocols with trackers whose result is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scripted import Clock, Scripted, lost_at, numbered_frames, perfect, still

from hart_ros.evaluation.protocols import (
    Step,
    counts_for_accuracy,
    hart60,
    hart60_steps,
    ope,
    realtime,
    restart,
    tre,
)

FRAMES = numbered_frames(150)
AT_REST = dict.fromkeys(range(150), (1.0, 2.0, 3.0, 4.0))
APART = {k: (100.0 * k, 0.0, 10.0, 10.0) for k in range(150)}  # no box overlaps another


def test_hart60_leaves_out_the_first_frame_of_each_clip() -> None:
    tracker = still()
    assert hart60(tracker, FRAMES, AT_REST) == [1.0] * (3 * 59)
    assert tracker.starts == [0, 45, 90]
    assert tracker.seen[:2] == [1, 2]


def test_hart60_does_not_count_frames_without_a_box() -> None:
    tracker = still()
    boxes = {k: AT_REST[k] for k in range(100, 120)}
    assert len(hart60(tracker, FRAMES, boxes, clips=1)) == 19
    assert tracker.starts == [100]


def test_hart60_spreads_its_clips_over_the_boxes() -> None:
    tracker = still()
    boxes = {k: AT_REST[k] for k in range(20, 100)}
    assert len(hart60(tracker, FRAMES, boxes)) == 3 * 59
    assert tracker.starts == [20, 30, 40]


def test_hart60_scores_a_tracker_that_stays_behind() -> None:
    boxes = {k: (float(k), 0.0, 10.0, 10.0) for k in range(150)}
    ious = hart60(still(), FRAMES, boxes, clips=1, steps=11)
    assert ious[0] == pytest.approx(9 / 11)
    assert ious[-1] == 0


def test_hart60_takes_a_short_sequence_as_one_clip() -> None:
    tracker = still()
    assert len(hart60(tracker, FRAMES[:10], {k: AT_REST[k] for k in range(10)})) == 9
    assert tracker.starts == [0]


def test_hart60_steps_say_where_they_began() -> None:
    steps = list(hart60_steps(perfect(APART), FRAMES, APART, clips=2))
    assert [(s.start, s.frame) for s in steps[::59]] == [(0, 1), (90, 91)]
    assert all(s.box == s.truth and s.iou == 1 for s in steps)


def test_ope_goes_from_the_first_true_box_to_the_last() -> None:
    tracker = perfect(APART)
    boxes = {k: APART[k] for k in (3, 4, 7, 9)}
    steps = list(ope(tracker, FRAMES, boxes))
    assert [s.frame for s in steps] == [4, 7, 9]
    assert tracker.starts == [3]
    assert tracker.seen == list(range(4, 10))


def test_ope_never_helps() -> None:
    steps = list(ope(still(), FRAMES, APART))
    assert [s.iou for s in steps] == [0.0] * 149


def test_a_box_that_is_no_number_has_no_overlap() -> None:
    nan = float('nan')
    (step,) = ope(
        Scripted(lambda frame, start: (nan, 0, 5, 5)), FRAMES, {0: (0, 0, 5, 5), 1: (0, 0, 5, 5)}
    )
    assert step.iou == 0


def test_tre_goes_from_twenty_places_to_the_end() -> None:
    boxes = {k: APART[k] for k in range(100, 140) if k != 105}
    tracker = perfect(APART)
    steps = list(tre(tracker, FRAMES, boxes))
    assert tracker.starts == [sorted(boxes)[k * 39 // 20] for k in range(20)]
    assert {s.frame for s in steps if s.start == 100} == set(boxes) - {100}
    assert [s.frame for s in steps if s.start == tracker.starts[-1]] == [139]
    assert [s.frame for s in tre(perfect(APART), FRAMES, {3: APART[3], 5: APART[5]})] == [5]


def test_restart_helps_five_frames_after_a_loss() -> None:
    boxes = {k: APART[k] for k in range(60)}
    tracker = lost_at(boxes, [20, 40])
    steps = list(restart(tracker, FRAMES, boxes))
    assert tracker.starts == [0, 25, 45]
    assert [s.frame for s in steps if s.iou == 0] == [20, 40]
    assert tracker.seen == [*range(1, 21), *range(26, 41), *range(46, 60)]
    counted = [s.frame for s in steps if counts_for_accuracy(s)]
    assert counted == [*range(10, 20), *range(35, 40), *range(55, 60)]


def test_restart_waits_for_a_true_box() -> None:
    boxes = {k: APART[k] for k in range(60) if k not in (25, 26, 27)}
    tracker = lost_at(APART, [20])
    list(restart(tracker, FRAMES, boxes))
    assert tracker.starts == [0, 28]


def test_restart_ends_when_a_loss_is_too_late_to_start_again() -> None:
    tracker = lost_at(APART, [57])
    steps = list(restart(tracker, FRAMES, {k: APART[k] for k in range(60)}))
    assert tracker.starts == [0]
    assert steps[-1].frame == 57


def in_realtime(starting: float, updating: float, frames: int = 8) -> tuple[list[Step], Scripted]:
    """Run at one frame a second with a tracker that takes so many seconds."""
    tracker = perfect(APART)
    clock = Clock(tracker, starting, updating)
    boxes = {k: APART[k] for k in range(frames)}
    return list(realtime(clock, FRAMES, boxes, 1.0, clock)), tracker


def used(steps: list[Step]) -> list[int]:
    """The frame that each scored box was computed from."""
    return [round(step.box[0] / 100) for step in steps]


def test_realtime_is_one_pass_for_a_fast_tracker() -> None:
    steps, _ = in_realtime(0.0, 0.9)
    assert [s.frame for s in steps] == list(range(1, 8))
    assert all(s.iou == 1 for s in steps)


def test_realtime_scores_a_late_box_against_the_frame_on_which_it_arrives() -> None:
    # Frame 1 is done at 2.5, when 2 is the newest; that is done at 4.0, 4 at 5.5, 5 at 7.0.
    steps, tracker = in_realtime(0.0, 1.5)
    assert used(steps) == [0, 1, 1, 2, 4, 4, 5]
    assert tracker.seen[1:] == [1, 2, 4, 5, 7]
    assert [s.iou for s in steps] == [0.0] * 7


def test_realtime_does_not_charge_decoding_to_the_tracker() -> None:
    clock = Clock(perfect(APART), 0.0, 0.5)

    class Slow(Sequence[np.ndarray]):
        def __len__(self) -> int:
            return 8

        def __getitem__(self, index: Any) -> Any:
            clock.now += 10.0
            return FRAMES[index]

    steps = list(realtime(clock, Slow(), {k: APART[k] for k in range(8)}, 1.0, clock))
    assert [s.iou for s in steps] == [1.0] * 7
    assert {s.seconds for s in steps} == {0.5}


def test_realtime_waits_for_a_slow_start() -> None:
    steps, _ = in_realtime(2.5, 0.2)
    assert used(steps) == [0, 2, 3, 4, 5, 6, 7]


def test_realtime_keeps_the_given_box_when_nothing_is_ready() -> None:
    steps, _ = in_realtime(0.0, 50.0)
    assert used(steps) == [0] * 7


def test_realtime_depends_on_the_frame_rate() -> None:
    tracker = perfect(APART)
    clock = Clock(tracker, 0.0, 0.05)
    boxes = {k: APART[k] for k in range(8)}
    assert all(s.iou == 1 for s in realtime(clock, FRAMES, boxes, 10.0, clock))
    assert not any(s.iou for s in realtime(clock, FRAMES, boxes, 30.0, clock))
