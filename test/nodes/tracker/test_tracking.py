# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the node is for: boxes in, detections out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.srv import GetState
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import String
from tracker_harness import BOX, SIZE, Camera, Hart, picture, stamp_of
from vision_msgs.msg import Detection2D

from hart_ros.nodes.image_codec import decode


def box_of(detection: Detection2D) -> tuple[float, ...]:
    bbox = detection.bbox
    return bbox.center.position.x, bbox.center.position.y, bbox.size_x, bbox.size_y


def test_every_image_gets_a_detection_with_its_header(hart: Hart, camera: Camera) -> None:
    hart.send_box(target_id='car 7')
    hart.peer.wait_for(lambda: 'car 7' in hart_waiting(hart), what='the box to arrive')
    stamps = []
    for seed in range(5):
        stamps.append(camera.publish(picture(seed)))
        hart.wait_for_detection(stamps[-1])
    assert [stamp_of(d) for d in hart.detections] == stamps
    assert {d.header.frame_id for d in hart.detections} == {'camera'}
    assert {d.id for d in hart.detections} == {'car 7'}
    assert all(len(d.results) == 1 for d in hart.detections)
    assert all(0 <= d.results[0].hypothesis.score <= 1 for d in hart.detections)
    first = hart.detections[0]
    assert box_of(first) == (BOX[0] + BOX[2] / 2, BOX[1] + BOX[3] / 2, BOX[2], BOX[3])
    assert first.results[0].hypothesis.score == 1.0


def hart_waiting(hart: Hart) -> str:
    return hart.values()['waiting_box']


@pytest.mark.parametrize('mono', [False, True])
def test_boxes_are_those_of_the_tracker_called_directly(
    hart: Hart, camera: Camera, weights: Path, mono: bool
) -> None:
    from hart_ros.tracking import HartTracker

    frames = [picture(seed, (321, 243)) for seed in range(6)]
    if mono:
        frames = [np.ascontiguousarray(frame[..., 1]) for frame in frames]
    for i, frame in enumerate(frames):
        stamp = camera.publish(frame)
        if i == 0:
            hart.send_box((30.25, 50.5, 61.0, 33.75), stamp)
        hart.wait_for_detection(stamp)

    # As many threads as the node has: the last bits of sums depend on it.
    tracker = HartTracker(weights, 'cpu', threads=1)
    state = tracker.init(frames[0], (30.25, 50.5, 61.0, 33.75))
    tracks = [tracker.first_track(frames[0], state)]
    for frame in frames[1:]:
        track, state = tracker.update(frame, state)
        tracks.append(track)
    for detection, track in zip(hart.detections, tracks, strict=True):
        x, y, w, h = track.box
        assert box_of(detection) == (x + w / 2, y + h / 2, w, h)
        assert detection.results[0].hypothesis.score == track.score


def test_class_comes_from_the_best_hypothesis_of_the_box(hart: Hart, camera: Camera) -> None:
    from vision_msgs.msg import ObjectHypothesisWithPose

    msg = Detection2D(id='x')
    for name, score in (('bus', 0.2), ('car', 0.7)):
        hypothesis = ObjectHypothesisWithPose()
        hypothesis.hypothesis.class_id, hypothesis.hypothesis.score = name, score
        msg.results.append(hypothesis)
    msg.bbox.center.position.x, msg.bbox.center.position.y = 80.0, 60.0
    msg.bbox.size_x, msg.bbox.size_y = 30.0, 20.0
    stamp = camera.publish()
    msg.header.stamp.sec, msg.header.stamp.nanosec = divmod(stamp, 1_000_000_000)
    hart.peer.publisher(Detection2D, '/hart/init_box').publish(msg)
    assert hart.wait_for_detection(stamp).results[0].hypothesis.class_id == 'car'


def test_a_new_box_replaces_the_target(hart: Hart, camera: Camera) -> None:
    hart.track(camera, target_id='first')
    hart.track(camera, (10.0, 10.0, 20.0, 20.0), target_id='second')
    assert hart.wait_for_detection(camera.publish()).id == 'second'


def test_reset_forgets_the_target(hart: Hart, camera: Camera) -> None:
    hart.track(camera)
    response = hart.call('reset')
    assert response.success
    assert "target 'it'" in response.message
    hart.detections.clear()
    ignored = hart.count('ignored_no_target')
    camera.publish()
    hart.wait_for_values(
        lambda v: int(v['frames_ignored_no_target']) > ignored and v['state'] == 'IDLE', 'idle'
    )
    assert not hart.detections
    assert hart.call('reset').message == 'there was no target'


def test_disabled_keeps_the_target_but_does_not_track(hart: Hart, camera: Camera) -> None:
    hart.track(camera)
    assert hart.call('enable', False).success
    hart.detections.clear()
    ignored = hart.count('ignored_disabled')
    camera.publish()
    hart.wait_for_values(
        lambda v: int(v['frames_ignored_disabled']) == ignored + 1 and v['state'] == 'DISABLED',
        'a frame ignored while disabled',
    )
    assert not hart.detections
    assert hart.call('enable', True).success
    assert hart.wait_for_detection(camera.publish()).id == 'it'


def test_subscriber_that_joins_late_gets_the_next_detections(
    hart: Hart, camera: Camera, peer: Any
) -> None:
    hart.track(camera)
    late = peer.collect(Detection2D, '/hart/detection')
    peer.wait_for(lambda: peer.node.count_publishers('/hart/detection'), what='discovery')

    def keeps_coming() -> bool:
        hart.wait_for_detection(camera.publish())
        return bool(late)

    peer.wait_for(keeps_coming, what='detections for the late subscriber')


@pytest.mark.parametrize('durability', ['volatile', 'transient_local'])
def test_publisher_that_comes_once_and_goes_is_heard(
    hart: Hart, camera: Camera, make_peer: Any, durability: str
) -> None:
    """As `ros2 topic pub --once` does it, which waits for a subscriber, publishes and ends."""
    qos = QoSProfile(depth=1, durability=DurabilityPolicy[durability.upper()])
    with make_peer('once') as once:
        publisher = once.publisher(Detection2D, '/hart/init_box', qos)
        msg = Detection2D(id='once')
        msg.bbox.center.position.x, msg.bbox.center.position.y = 80.0, 60.0
        msg.bbox.size_x, msg.bbox.size_y = 30.0, 20.0
        publisher.publish(msg)
        once.spin(0.1)  # what the command line tool grants as well
    hart.wait_for_values(lambda v: "'once'" in v['waiting_box'], 'the box')
    assert hart.wait_for_detection(camera.publish()).id == 'once'


def test_pictures_are_made_for_subscribers(hart: Hart, camera: Camera, peer: Any) -> None:
    debug = peer.collect(Image, '/hart/debug_image', qos_profile_sensor_data)
    glimpse = peer.collect(Image, '/hart/glimpse', QoSProfile(depth=5))
    hart.track(camera)
    stamps = []

    def both_came() -> bool:
        stamps.append(camera.publish(picture(1)))
        hart.wait_for_detection(stamps[-1])
        peer.spin_once(0.2)
        return bool(debug and glimpse)

    peer.wait_for(both_came, what='debug image and glimpse')
    assert stamp_of(debug[-1]) in stamps
    assert debug[-1].header.frame_id == 'camera'
    assert decode(debug[-1]).shape == (SIZE[1], SIZE[0], 3)
    assert (decode(debug[-1]) != picture(1)).any()
    assert decode(glimpse[-1]).shape == (256, 512, 3)

    peer.wait_for(lambda: stamp_of(debug[-1]) == stamps[-1], what='the last one')
    count = len(debug)
    assert hart.call('reset').success
    peer.wait_for(lambda: len(debug) > count, what='a picture without a box')
    assert stamp_of(debug[-1]) == stamps[-1]
    changed = (decode(debug[-1]) != picture(1)).any(-1)
    assert changed[:30].any() and not changed[30:].any()  # a word in the corner


def test_no_box_stays_on_the_picture_of_what_is_given_up(
    hart: Hart, camera: Camera, peer: Any
) -> None:
    debug = peer.collect(Image, '/hart/debug_image', QoSProfile(depth=50))
    states = peer.collect(String, '/hart/state', QoSProfile(depth=50))
    hart.track(camera)
    for name, value in (('lost_score', 1.0), ('lost_after', 0.0), ('give_up_after', 0.2)):
        assert hart.set(name, value).successful

    def given_up() -> bool:
        camera.publish(picture(1))
        peer.spin_once(0.1)
        return bool(states) and states[-1].data == 'IDLE'

    peer.wait_for(given_up, what='the end')
    peer.spin(0.3)
    for name, value in (('lost_score', 0.4), ('lost_after', 0.2), ('give_up_after', 10.0)):
        assert hart.set(name, value).successful
    changed = (decode(debug[-1]) != picture(1)).any(-1)
    assert changed[:30].any() and not changed[30:].any()  # a word in the corner


def test_diagnostics_tell_state_and_figures(hart: Hart, camera: Camera) -> None:
    values = hart.wait_for_values(lambda v: v['state'] == 'IDLE', 'idle')
    assert values['name'] == 'hart: tracker'
    assert hart.set('lost_score', 0.0).successful
    hart.track(camera, target_id='car')

    def tracking(values: dict[str, str]) -> bool:
        camera.publish()
        return values['state'] == 'TRACKING' and float(values['fps']) > 0

    values = hart.wait_for_values(tracking, 'tracking')
    assert values['target_id'] == 'car'
    assert values['last_init'].startswith('taken: box 60, 40, 32, 24')
    assert float(values['latency_ms']) > 0
    assert float(values['step_ms']) > 0
    received = int(values.pop('frames_received'))
    fates = [int(v) for k, v in values.items() if k.startswith('frames_') and 'buffered' not in k]
    assert sum(fates) == received
    assert hart.set('lost_score', 1.0).successful
    assert hart.set('give_up_after', 0.0).successful

    def lost(values: dict[str, str]) -> bool:
        camera.publish()
        return values['state'] == 'LOST'

    values = hart.wait_for_values(lost, 'lost')
    assert values['level'] in (str(ord(DiagnosticStatus.WARN)), '1')
    assert hart.set('lost_score', 0.4).successful
    assert hart.set('give_up_after', 10.0).successful


def test_plain_users_need_no_lifecycle_manager(hart: Hart) -> None:
    assert hart.peer.call(GetState, '/hart/get_state').current_state.label == 'active'


def test_the_state_is_latched(hart: Hart, camera: Camera, peer: Any) -> None:
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    hart.track(camera)
    said = peer.collect(String, '/hart/state', latched)
    peer.wait_for(lambda: said, what='the state')
    assert [msg.data for msg in said] == ['TRACKING']
    assert hart.set('lost_score', 1.0).successful
    assert hart.set('give_up_after', 0.5).successful

    def given_up() -> bool:
        camera.publish()
        peer.spin(0.02)
        return said[-1].data == 'IDLE'

    peer.wait_for(given_up, what='the end')
    assert [msg.data for msg in said] == ['TRACKING', 'UNCERTAIN', 'LOST', 'IDLE']
    hart.process.wait_for_output("target 'it' is given up, lost for 0.5 s: send a new box")
    assert hart.set('lost_score', 0.4).successful
    assert hart.set('give_up_after', 10.0).successful
    hart.track(camera, target_id='another')
    peer.wait_for(lambda: said[-1].data == 'TRACKING', what='the new target')


def test_parameters_are_checked_and_change_the_running_node(
    hart: Hart, camera: Camera, peer: Any
) -> None:
    for name, value in (
        ('lost_score', 1.5),
        ('buffer_seconds', -1.0),
        ('buffer_seconds', float('nan')),
        ('trail_length', 'long'),
        ('init_box', [1.0, 2.0, 3.0]),
        ('init_box', [1.0, 2.0, -3.0, 4.0]),
        ('image_transport', 'compressed'),
        ('weights', '/elsewhere'),
        ('threads', 2),
    ):
        result = hart.set(name, value)
        assert not result.successful, name
        assert any(word in result.reason for word in (name, 'read-only', 'type')), result.reason
    for name, value in (('stamp_tolerance', 1), ('trail_length', 0), ('trail_length', 50)):
        assert hart.set(name, value).successful, name
    assert hart.set('stamp_tolerance', 0.02).successful
    assert hart.set('init_box', [20, 30, 40, 50]).successful  # integers
    hart.wait_for_values(lambda v: '20, 30, 40, 50' in v['waiting_box'], 'the box')
    assert box_of(hart.wait_for_detection(camera.publish())) == (40.0, 55.0, 40.0, 50.0)
    assert hart.set('init_box', [0.0, 0.0, 0.0, 0.0]).successful  # no box: nothing happens
    hart.wait_for_detection(camera.publish())
