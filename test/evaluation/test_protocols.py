# SPDX-License-Identifier: Apache-2.0
"""hart60 with trackers whose result is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from hart_ros.evaluation.protocols import hart60
from hart_ros.tracking import Track

FRAMES = np.zeros((150, 4, 4, 3), np.uint8)
FRAMES[:, 0, 0, 0] = np.arange(150)  # a frame that knows its index


class Scripted:
    """A tracker that never moves."""

    def __init__(self) -> None:
        self.box = (0.0, 0.0, 0.0, 0.0)
        self.starts: list[int] = []

    def init(self, frame: np.ndarray, box_xywh: Sequence[float]) -> None:
        x, y, w, h = box_xywh
        self.box = (x, y, w, h)
        self.starts.append(int(frame[0, 0, 0]))

    def update(self, frame: np.ndarray) -> Track:
        return Track(self.box, 1.0, self.box, frame, frame[..., 0])


def test_a_target_at_rest_is_tracked_perfectly_without_the_first_frame() -> None:
    tracker = Scripted()
    ious = hart60(tracker, FRAMES, dict.fromkeys(range(150), (1, 2, 3, 4)))
    assert tracker.starts == [0, 45, 90]
    assert ious == [1.0] * (3 * 59)


def test_frames_without_a_box_do_not_count() -> None:
    tracker = Scripted()
    ious = hart60(tracker, FRAMES, dict.fromkeys(range(100, 120), (1, 2, 3, 4)), clips=1)
    assert tracker.starts == [100]
    assert len(ious) == 19


def test_a_tracker_that_stays_behind_is_scored_so() -> None:
    ious = hart60(Scripted(), FRAMES, {k: (k, 0, 10, 10) for k in range(150)}, clips=1, steps=11)
    assert ious[0] == pytest.approx(9 / 11)
    assert ious[-1] == 0


def test_a_short_sequence_is_one_clip() -> None:
    tracker = Scripted()
    assert len(hart60(tracker, FRAMES[:10], dict.fromkeys(range(10), (1, 2, 3, 4)))) == 9
    assert tracker.starts == [0]
