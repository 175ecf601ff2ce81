# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the diagnostics say of which condition."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from diagnostic_msgs.msg import DiagnosticStatus

from hart_ros.nodes.diagnostics import Condition, Meter, frame_values, status, unconfigured
from hart_ros.nodes.frame_buffer import Fate
from hart_ros.tracking.target_state import State

GOOD = Condition(
    active=True,
    enabled=True,
    topic='/image',
    publishers=1,
    reliability='reliable',
    silence=0.1,
    state=State.TRACKING,
    score=0.8,
    lost_share=0.0,
    failure='',
    problem='',
)
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


@pytest.mark.parametrize(
    ('change', 'level', 'message', 'state'),
    [
        ({}, OK, 'tracking', 'TRACKING'),
        ({'active': False}, OK, 'inactive', 'DISABLED'),
        ({'state': State.IDLE}, OK, 'waiting for a box', 'IDLE'),
        ({'enabled': False, 'silence': 9.0}, OK, 'disabled', 'DISABLED'),
        ({'state': State.UNCERTAIN, 'score': 0.1}, WARN, 'score 0.10', 'UNCERTAIN'),
        ({'state': State.LOST}, WARN, 'LOST, score 0.80', 'LOST'),
        ({'silence': 3.0}, WARN, 'no images on /image (1 publishers)', 'TRACKING'),
        ({'silence': math.inf, 'publishers': 0}, WARN, 'nobody publishes it', 'TRACKING'),
        ({'lost_share': 0.7}, WARN, "70% of the camera's frames never arrive", 'TRACKING'),
        ({'lost_share': None}, OK, 'tracking', 'TRACKING'),
        ({'problem': 'image skipped'}, WARN, 'image skipped', 'TRACKING'),
        ({'failure': 'it broke', 'enabled': False}, ERROR, 'it broke', 'DISABLED'),
    ],
)
def test_the_worst_that_is_true_is_said(
    change: dict, level: bytes, message: str, state: str
) -> None:
    told = status('left/hart', replace(GOOD, **change), {'fps': '3'})
    assert told.name == 'left/hart: tracker'
    assert told.level == level
    assert message in told.message
    assert {pair.key: pair.value for pair in told.values} == {'state': state, 'fps': '3'}


def test_an_unconfigured_node_says_why() -> None:
    assert unconfigured('hart', '').level == OK
    told = unconfigured('hart', 'weights: no file x')
    assert (told.level, told.message) == (ERROR, 'weights: no file x')


def test_frames_add_up() -> None:
    counts = {fate: i for i, fate in enumerate(Fate)}
    values = frame_values(counts)
    assert int(values.pop('frames_received')) == sum(int(value) for value in values.values())


def test_meter_forgets_what_is_past() -> None:
    meter = Meter(window=1000.0)
    assert meter.values() == {'fps': '0.0'}
    for latency in (0.010, 0.020, 0.300):
        meter.note(0.008, latency, math.nan)
    values = meter.values()
    assert (values['step_ms'], values['latency_ms']) == ('8.0', '20.0')
    assert values['latency_max_ms'] == '300.0'
    assert 'stamp_age_ms' not in values
    meter.note(0.008, 0.010, 0.05)
    assert meter.values()['stamp_age_ms'] == '50.0'
    forgetful = Meter(window=-1.0)
    forgetful.note(0.008, 0.010, 0.05)
    assert forgetful.values() == {'fps': '0.0'}
