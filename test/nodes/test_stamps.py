# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What stamps say. Needs no ROS."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.nodes.stamps import MUCH, Arrival, StampMonitor

S = 1_000_000_000
NEW, DUPLICATE, OUT_OF_ORDER, JUMP = Arrival


def classify(*seconds: float) -> list[Arrival]:
    monitor = StampMonitor()
    return [monitor.classify(round(second * S)) for second in seconds]


@pytest.mark.parametrize(
    ('seconds', 'last'),
    [
        ((1.0,), NEW),
        ((1.0, 1.1), NEW),
        ((1.0, 1.0), DUPLICATE),
        ((1.0, 1.1, 1.0), OUT_OF_ORDER),
        ((1.0, 1.1, 1.0, 1.0), DUPLICATE),
        ((1.0, 1.1, 1.0, 1.2), NEW),
        ((5.0, 4.0), JUMP),
        ((5.0, 4.0, 4.1), NEW),
        ((5.0, 4.0, 4.0), DUPLICATE),
        ((5.0, 4.5, 4.6, 4.7), JUMP),  # a bag of less than a second starts again
        ((5.0, 4.7, 4.6, 4.5), OUT_OF_ORDER),
        ((0.0, 0.0), NEW),  # not stamped
        ((5.0, 0.0, 5.0), DUPLICATE),
        ((0.0, 5.0), NEW),
        ((1.0, 1000.0), NEW),
    ],
)
def test_last_stamp_is_understood(seconds: tuple[float, ...], last: Arrival) -> None:
    assert classify(*seconds)[-1] is last


def test_a_looping_bag_jumps_once_in_each_round() -> None:
    found = classify(*([10 + i / 10 for i in range(20)] * 3))
    assert found.count(JUMP) == 2
    assert found.count(NEW) == 58


@given(st.lists(st.integers(1, 100 * S), min_size=1, max_size=60))
def test_accepted_stamps_rise_between_jumps(stamps: list[int]) -> None:
    monitor, last = StampMonitor(), 0
    for stamp in stamps:
        arrival = monitor.classify(stamp)
        if arrival is JUMP:
            assert stamp < last
        elif arrival is NEW:
            assert stamp > last
        if arrival in (NEW, JUMP):
            last = stamp
        assert monitor.last_ns == last


def lost_share(frames: list[int], period: float = 0.1) -> float | None:
    monitor = StampMonitor()
    for frame in frames:
        monitor.classify(round((1 + frame * period) * S))
    return monitor.lost_share()


def test_share_of_lost_frames_is_estimated_from_the_gaps() -> None:
    assert lost_share(list(range(50))) == 0.0
    assert lost_share([0]) is None
    arrived = sorted(np.random.default_rng(0).choice(300, 100, replace=False))  # one of three
    assert lost_share(arrived) == pytest.approx(2 / 3, abs=0.05)
    assert lost_share([i for i in range(100) if i % 20]) == pytest.approx(0.05, abs=0.01)


def test_a_pause_is_no_loss() -> None:
    """A camera that was off, a bag that was paused, a clock that was set ahead."""
    assert lost_share([*range(15), *range(1000, 1015)]) == 0.0
    assert lost_share([*range(50), *range(200, 230), *range(10_000, 10_060)]) == 0.0


def test_a_lower_rate_is_no_loss() -> None:
    """A camera that exposes longer in the dark: from 30 Hz to 10 Hz."""
    monitor = StampMonitor()
    for frame in [*range(100), *range(102, 500, 3)]:
        monitor.classify(round((1 + frame / 30) * S))
        assert (monitor.lost_share() or 0.0) < MUCH
    assert monitor.lost_share() == 0.0


def test_irregular_cameras_are_not_accused() -> None:
    monitor, stamp = StampMonitor(), S
    for i in range(60):
        stamp += int((0.03 + 0.05 * ((i * 7919) % 13) / 13) * S)
        monitor.classify(stamp)
    share = monitor.lost_share()
    assert share is None or share < 0.5
