# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Frames that come three times as fast as the node tracks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from tracker_harness import BOX, Camera, Hart, picture, stamp_of

STEP = 0.06  # seconds, of slow_tracker.py
PERIOD = STEP / 3


class Stream:
    """Publishes at a steady rate, and notes how old each detection is when it comes."""

    def __init__(self, hart: Hart, camera: Camera) -> None:
        self._hart, self._camera = hart, camera
        self._picture = picture(0)
        self.published: dict[int, float] = {}
        self.ages: list[float] = []

    def run(self, frames: int) -> None:
        due = time.monotonic()
        for _ in range(frames):
            self.published[self._camera.publish(self._picture)] = time.monotonic()
            due = max(due + PERIOD, time.monotonic())  # no bursts to make up for a pause
            while (left := due - time.monotonic()) > 0:
                self._hart.peer.spin_once(left)
                self._note()

    def finish(self) -> None:
        """Wait for the detection of the last frame."""
        self._hart.wait_for_detection(max(self.published))
        self._note()

    def _note(self) -> None:
        now = time.monotonic()
        for detection in self._hart.detections[len(self.ages) :]:
            self.ages.append(now - self.published[stamp_of(detection)])


@pytest.fixture(scope='module')
def slow_tracker(run_tracker: Any) -> Iterator[tuple[Hart, Camera]]:
    with run_tracker(module=str(Path(__file__).with_name('slow_tracker.py'))) as running:
        yield running


@pytest.fixture
def slow(slow_tracker: tuple[Hart, Camera]) -> tuple[Hart, Stream]:
    hart, camera = slow_tracker
    hart.start_afresh()
    return hart, Stream(hart, camera)


def test_newest_is_tracked_and_drops_are_counted(slow: tuple[Hart, Stream]) -> None:
    hart, stream = slow
    before = hart.wait_for_values(lambda v: v['frames_waiting'] == '0', 'nothing to do')
    hart.send_box(BOX)
    hart.wait_for_values(lambda v: v['waiting_box'], 'the box')
    stream.run(150)
    stream.finish()
    stamps = [stamp_of(d) for d in hart.detections]
    assert stamps == sorted(set(stamps))
    # First come, first served would have the last of them wait for two seconds.
    assert sorted(stream.ages)[len(stream.ages) // 2] < 5 * STEP
    assert max(stream.ages[-10:]) < 1.0

    values = hart.wait_for_values(lambda v: v['frames_waiting'] == '0', 'nothing to do')
    new = {key: int(values[key]) - int(before[key]) for key in values if key.startswith('frames_')}
    assert new['frames_tracked'] == len(stamps) < 100
    assert new['frames_dropped'] > 50
    assert new['frames_tracked'] + new['frames_dropped'] == new['frames_received'] <= 150
    assert float(values['latency_max_ms']) < 1000


def test_late_start_catches_up_though_it_must_skip_frames(slow: tuple[Hart, Stream]) -> None:
    hart, stream = slow
    stream.run(60)
    start = sorted(stream.published)[30]  # the buffer holds forty
    hart.send_box(BOX, start)
    stream.run(150)
    stream.finish()
    stamps = [stamp_of(d) for d in hart.detections]
    assert stamps[0] == start
    assert stamps == sorted(set(stamps))
    assert stream.ages[0] > 0.5
    assert sorted(stream.ages[-10:])[5] < 5 * STEP
