# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The node as a managed one: driven by a manager, and by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from sensor_msgs.msg import Image
from tracker_harness import Camera, Hart
from vision_msgs.msg import Detection2D

NODE = 'hart_ros.nodes.tracker_node'
CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
DEACTIVATE, CLEANUP = Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP
LEADS_TO = {
    CONFIGURE: 'inactive',
    ACTIVATE: 'active',
    DEACTIVATE: 'inactive',
    CLEANUP: 'unconfigured',
    Transition.TRANSITION_ACTIVE_SHUTDOWN: 'finalized',
}


class Manager:
    """A lifecycle manager."""

    def __init__(self, peer: Any, process: Any) -> None:
        self.peer, self.process = peer, process

    @property
    def state(self) -> str:
        return self.peer.call(GetState, '/hart/get_state').current_state.label

    def change(self, transition: int) -> bool:
        """Say whether the transition was made, be it at a call whose response was lost."""
        before = self.state
        request = ChangeState.Request(transition=Transition(id=transition))
        done = self.peer.call(ChangeState, '/hart/change_state', request).success
        return done or before != self.state == LEADS_TO.get(transition)

    def subscriptions(self) -> int:
        return self.peer.node.count_subscribers('/image')


@pytest.fixture
def manager(start_node: Any, peer: Any, weights: Path) -> Iterator[Manager]:
    """Return the manager of a node that waits for it."""
    arguments = ('-p', 'autostart:=false', '-p', f'weights:={weights}', '-p', 'device:=cpu')
    with start_node(NODE, *arguments) as process:
        yield Manager(peer, process)
        assert process.stop() == 0
        assert 'Traceback' not in process.output


def test_a_manager_drives_it(manager: Manager, make_peer: Any) -> None:
    assert manager.state == 'unconfigured'
    assert manager.change(CONFIGURE)
    assert manager.state == 'inactive'
    assert manager.subscriptions() == 0
    assert manager.change(ACTIVATE)
    with make_peer('camera') as peer:
        camera = Camera(peer.publisher(Image, '/image'))
        hart = Hart(manager.process, peer)
        hart.wait_for_values(lambda v: v['image_reliability'] == 'reliable', 'reliable')
        hart.track(camera)

        assert manager.change(DEACTIVATE)
        peer.wait_for(lambda: manager.subscriptions() == 0, what='no subscription')
        hart.wait_for_values(lambda v: v['state'] == 'DISABLED', 'inactive')
        tracked = hart.count('tracked')
        camera.publish()
        hart.wait_for_values(lambda v: True, 'diagnostics')
        assert hart.count('tracked') == tracked

        assert manager.change(ACTIVATE)
        hart.wait_for_values(lambda v: v['image_reliability'] == 'reliable', 'reliable again')
        assert hart.wait_for_detection(camera.publish()).id == 'it'  # the target was kept

        assert manager.change(DEACTIVATE)
        assert manager.change(CLEANUP)
        assert manager.state == 'unconfigured'
        assert manager.change(CONFIGURE)
        assert manager.change(ACTIVATE)
        hart.wait_for_values(lambda v: v.get('state') == 'IDLE', 'without a target')
    assert manager.change(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert manager.state == 'finalized'


def test_a_box_that_was_given_is_tracked_once(manager: Manager, make_peer: Any) -> None:
    """Configured again, the node does not take the old place for the target."""

    def give_box() -> None:
        box = [60.0, 40.0, 32.0, 24.0]
        assert manager.peer.set_parameter('/hart', 'init_box', box).successful

    give_box()
    assert manager.change(CONFIGURE)
    assert manager.change(CLEANUP)  # never active: it still waits
    assert manager.change(CONFIGURE)
    assert manager.change(ACTIVATE)
    with make_peer('camera') as peer:
        camera = Camera(peer.publisher(Image, '/image'))
        hart = Hart(manager.process, peer)
        hart.wait_for_values(lambda v: v.get('image_reliability') == 'reliable', 'reliable')
        hart.wait_for_detection(camera.publish())
        for given, state in (('never', 'IDLE'), ('inactive', 'TRACKING'), ('cleaned', 'TRACKING')):
            assert manager.change(DEACTIVATE)
            if given == 'inactive':
                give_box()
            assert manager.change(CLEANUP)
            if given == 'cleaned':
                give_box()
            assert manager.change(CONFIGURE)
            assert manager.change(ACTIVATE)

            def is_so(values: dict[str, str], state: str = state) -> bool:
                camera.publish()  # the first ones may come before it is subscribed
                return values.get('state') == state and int(values['frames_received']) > 2

            hart.wait_for_values(is_so, state)


def test_what_fails_is_one_line_and_can_be_mended(
    manager: Manager, weights: Path, tmp_path: Path
) -> None:
    cut = tmp_path / 'cut.safetensors'
    cut.write_bytes(weights.read_bytes()[:5000])
    assert manager.peer.set_parameter('/hart', 'weights', str(cut)).successful
    assert not manager.change(CONFIGURE)
    manager.process.wait_for_output(rf'\[ERROR\].*cannot configure: weights: {cut} is damaged')
    said = {line.partition(']: ')[2] for line in manager.process.output.splitlines()}
    assert len(said) == 1  # the same line again if a response was lost
    assert manager.state == 'unconfigured'

    assert manager.peer.set_parameter('/hart', 'weights', str(weights)).successful
    assert manager.change(CONFIGURE)
    result = manager.peer.set_parameter('/hart', 'weights', str(cut))
    assert not result.successful
    assert 'weights: the node is configured with it' in result.reason
    assert not manager.peer.set_parameter('/hart', 'autostart', True).successful


def test_a_transition_out_of_turn_is_refused_and_survived(manager: Manager) -> None:
    assert not manager.change(ACTIVATE)
    assert not manager.change(Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert not manager.change(99)
    assert manager.state == 'unconfigured'
    assert manager.change(CONFIGURE)


def test_two_cameras_in_one_process(ros_context: Any, peer: Any, weights: Path) -> None:
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.parameter import Parameter

    from hart_ros.nodes.node import TrackerNode

    values = {'weights': str(weights), 'init_box': [60.0, 40.0, 32.0, 24.0]}
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    executor = SingleThreadedExecutor(context=ros_context)
    nodes = [
        TrackerNode(namespace=side, context=ros_context, parameter_overrides=overrides)
        for side in ('left', 'right')
    ]
    try:
        found = {}
        for node in nodes:
            assert node.start(), node.failure
            executor.add_node(node)
            topic = f'{node.get_namespace()}/hart/detection'
            found[node.get_namespace()] = peer.collect(Detection2D, topic)
        cameras = [Camera(peer.publisher(Image, f'{side}/image')) for side in found]

        def both_track() -> bool:
            for camera in cameras:
                camera.publish()
            for _ in range(10):
                executor.spin_once(timeout_sec=0.01)
            return all(found.values())

        peer.wait_for(both_track, what='detections of both')
    finally:
        executor.shutdown()
        for node in nodes:
            node.close()
            node.destroy_node()
    assert 'tracker' not in {thread.name for thread in threading.enumerate()}
