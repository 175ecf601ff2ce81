# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Time that jumps: of the camera's stamps, and of a simulation or a bag on /clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from diagnostic_msgs.msg import DiagnosticArray
from rosgraph_msgs.msg import Clock
from scene import SHIPPED, drive, overlap
from tracker_harness import PERIOD_NS, Camera, Hart, stamp_of

S = 1_000_000_000
ROUND = [100 * S + k * PERIOD_NS for k in range(30)]  # of a bag: 1.45 s


class Simulation:
    """Publishes the time, and a picture of that time."""

    def __init__(self, hart: Hart, camera: Camera) -> None:
        self._hart, self._camera = hart, camera
        self._clock = hart.peer.publisher(Clock, '/clock')

    def play(self, stamps: list[int]) -> None:
        """Publish with these stamps, and wait for each detection."""
        for stamp_ns in stamps:
            clock = Clock()
            clock.clock.sec, clock.clock.nanosec = divmod(stamp_ns, S)
            self._clock.publish(clock)
            self._camera.publish(drive()[0].image, stamp_ns)
            self._hart.wait_for_detection(stamp_ns)


@pytest.fixture(scope='module')
def shared_tracker(run_tracker: Any) -> Iterator[tuple[Hart, Camera]]:
    with run_tracker('-p', 'use_sim_time:=true', *SHIPPED) as running:
        yield running


def test_a_bag_that_loops_sets_the_clock_back(hart: Hart, camera: Camera) -> None:
    simulation, scene = Simulation(hart, camera), drive()[0]
    arrays = hart.peer.collect(DiagnosticArray, '/diagnostics')
    hart.send_box(scene.boxes[0], ROUND[0], target_id='first')
    for _ in range(3):
        hart.detections.clear()
        simulation.play(ROUND)
        assert [stamp_of(d) for d in hart.detections] == ROUND
        assert {d.id for d in hart.detections} == {'first'}
    assert overlap(hart.detections[-1], scene) > 0.5
    said = hart.process.output.count('jumped back by 1.450 s (a bag that loops')
    assert said in (1, 2)  # of two jumps; a second one within two seconds is not said
    # Diagnostics go on while the clock stands, with its time.
    hart.peer.wait_for(
        lambda: arrays and stamp_of(arrays[-1]) == ROUND[-1], what='diagnostics of the end'
    )
    assert float(hart.values().get('stamp_age_ms', 0)) < 1000
    # A box for the bag's start belongs to the round that began just now.
    hart.detections.clear()
    simulation.play(ROUND[:1])
    hart.send_box(scene.boxes[0], ROUND[0], target_id='second')
    hart.process.wait_for_output(r"tracking 'second' from 100\.0*: ")
    simulation.play(ROUND[1:3])
    assert hart.detections[-1].id == 'second'


def test_a_clock_that_jumps_ahead_is_a_pause(hart: Hart, camera: Camera) -> None:
    simulation, scene = Simulation(hart, camera), drive()[0]
    before = [stamp + 20 * S for stamp in ROUND[:5]]
    after = [stamp + 10 * S for stamp in before]
    hart.send_box(scene.boxes[0], before[0])
    simulation.play(before)
    told = len(hart.process.output)
    simulation.play(after)
    assert [stamp_of(d) for d in hart.detections] == before + after
    assert overlap(hart.detections[-1], scene) > 0.5
    values = hart.wait_for_values(lambda v: v['frames_waiting'] == '0', 'diagnostics')
    assert (values['state'], values['frames_dropped']) == ('TRACKING', '0')
    assert 'WARN' not in hart.process.output[told:]
