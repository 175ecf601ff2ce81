# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Boxes that come late or early, and stamps that do not just rise."""

from __future__ import annotations

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from tracker_harness import BOX, PERIOD_NS, Camera, Hart, picture, stamp_of

from hart_ros.tracking import HartTracker


def publish_some(hart: Hart, camera: Camera, count: int) -> list[int]:
    """Publish so many frames, none of which gets lost, and return their stamps."""
    stamps = []
    for seed in range(count):
        received = hart.count('received')
        stamps.append(camera.publish(picture(seed)))
        if seed % 4 == 3:  # no more than the subscription's queue holds
            hart.wait_for_values(
                lambda v, n=received: int(v['frames_received']) > n, 'frames to arrive'
            )
    return stamps


def test_late_box_starts_on_its_frame_and_catches_up(
    hart: Hart, camera: Camera, weights: str
) -> None:
    stamps = publish_some(hart, camera, 8)
    hart.wait_for_values(lambda v: v['frames_waiting'] == '0', 'all frames ignored')
    hart.send_box(BOX, stamps[2])
    hart.wait_for_detection(stamps[-1])
    assert [stamp_of(d) for d in hart.detections] == stamps[2:]

    tracker = HartTracker(weights, 'cpu', threads=1)
    state = tracker.init(picture(2), BOX)
    for seed in range(3, 8):
        track, state = tracker.update(picture(seed), state)
    assert hart.detections[-1].bbox.size_x == track.box[2]


def test_late_box_between_two_frames_takes_the_nearest(hart: Hart, camera: Camera) -> None:
    stamps = publish_some(hart, camera, 4)
    hart.send_box(BOX, stamps[1] + 15_000_000)
    hart.wait_for_detection(stamps[-1])
    assert [stamp_of(d) for d in hart.detections] == stamps[1:]


def test_late_box_replaces_a_target_without_repeating_stamps(hart: Hart, camera: Camera) -> None:
    hart.track(camera, target_id='first')
    hart.detections.clear()
    stamps = []
    for seed in range(6):
        stamps.append(camera.publish(picture(seed)))
        hart.wait_for_detection(stamps[-1])
    hart.send_box(BOX, stamps[2], target_id='second')
    hart.wait_for_values(lambda v: v['target_id'] == 'second', 'the second target')
    last = camera.publish(picture(6))
    assert hart.wait_for_detection(last).id == 'second'
    assert [stamp_of(d) for d in hart.detections] == [*stamps, last]


@pytest.mark.parametrize(
    ('offset_ns', 'reason'),
    [
        (-60_000_000_000, 'older than the buffered frames'),
        (-PERIOD_NS // 2, 'no frame within stamp_tolerance'),
        (60_000_000_000, 'newer than all images'),
    ],
)
def test_box_without_a_frame_is_refused(
    hart: Hart, camera: Camera, offset_ns: int, reason: str
) -> None:
    newest = publish_some(hart, camera, 4)[-1]
    hart.send_box(BOX, newest + offset_ns)
    hart.wait_for_values(lambda v: reason in v['last_init'], reason)
    assert not hart.detections


def test_box_that_overtakes_its_frame_waits_for_it(hart: Hart, camera: Camera) -> None:
    stamp = camera.publish()
    hart.send_box(BOX, stamp + 3 * PERIOD_NS)
    hart.wait_for_values(lambda v: v['waiting_box'], 'the box')
    stamps = [camera.publish(picture(seed)) for seed in range(4)]
    hart.wait_for_detection(stamps[-1])
    assert next(stamp_of(d) for d in hart.detections) == stamp + 3 * PERIOD_NS == stamps[2]


def test_box_before_all_images_waits(hart: Hart, camera: Camera) -> None:
    hart.send_box(BOX)
    hart.wait_for_values(lambda v: v['waiting_box'], 'the box')
    assert hart.wait_for_detection(camera.publish()).results[0].hypothesis.score == 1.0


def test_looping_bag_is_said_once_and_survived(hart: Hart, camera: Camera) -> None:
    camera.skip(200)
    hart.track(camera, target_id='first')
    hart.detections.clear()
    before = len(hart.process.output)
    bag = [camera.image(picture(seed)) for seed in range(30)]
    for _ in range(3):
        for msg in bag:
            camera.send(msg)
            hart.wait_for_detection(stamp_of(msg))
        hart.detections.clear()
    said = hart.process.output[before:]
    assert said.count('jumped back by 1.450 s') in (1, 2)  # of two jumps; more are throttled
    # A box for the bag's start belongs to this run of it.
    camera.send(bag[0])
    hart.send_box(BOX, stamp_of(bag[0]), target_id='second')
    camera.send(bag[1])
    assert hart.peer.wait_for(
        lambda: [d for d in hart.detections if d.id == 'second'], what='the second target'
    )


def test_duplicates_and_disorder_are_ignored(hart: Hart, camera: Camera) -> None:
    hart.track(camera)
    hart.detections.clear()
    first, second = camera.image(picture(1)), camera.image(picture(2))
    counts = hart.wait_for_values(lambda v: True, 'diagnostics')
    for msg in (second, second, first):
        camera.send(msg)
        hart.wait_for_detection(stamp_of(second))
    last = camera.publish()
    hart.wait_for_detection(last)
    assert [stamp_of(d) for d in hart.detections] == [stamp_of(second), last]
    for name in ('frames_ignored_duplicate', 'frames_ignored_out_of_order'):
        hart.wait_for_values(lambda v, n=name: int(v[n]) == int(counts[n]) + 1, name)


def test_images_without_stamps_are_tracked(hart: Hart, camera: Camera) -> None:
    hart.send_box(BOX)
    hart.wait_for_values(lambda v: v['waiting_box'], 'the box')
    for count in (1, 2, 3):
        camera.publish(picture(count), stamp_ns=0)
        hart.peer.wait_for(lambda n=count: len(hart.detections) == n, what='a detection')
    assert {stamp_of(d) for d in hart.detections} == {0}
    hart.send_box(BOX, 5_000_000_000)
    hart.wait_for_values(lambda v: 'carry no stamps' in v['last_init'], 'the reason')
