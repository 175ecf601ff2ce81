# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Several targets of one camera: ~/init_boxes and ~/detections."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tracker_harness import BOX, Camera, Hart, picture, stamp_of
from vision_msgs.msg import Detection2DArray

from hart_ros.nodes.boxes import box_message, box_of
from hart_ros.nodes.image_codec import decode

BOXES = {'car': (60.0, 40.0, 32.0, 24.0), 'bus': (10.0, 20.0, 50.0, 30.0), 'dog': (99, 70, 20, 30)}


class Several:
    """The running node's topics of several targets."""

    def __init__(self, hart: Hart) -> None:
        self.arrays = hart.peer.collect(Detection2DArray, '/hart/detections')
        self._boxes = hart.peer.publisher(Detection2DArray, '/hart/init_boxes')
        hart.peer.wait_for(
            lambda: hart.peer.node.count_publishers('/hart/detections'), what='the publisher'
        )

    def send(self, boxes: Mapping[str, tuple[float, ...]], stamp_ns: int = 0) -> None:
        """Publish boxes; the array's header carries the stamp."""
        header = Header()
        header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        detections = [box_message(Header(), box, name) for name, box in boxes.items()]
        self._boxes.publish(Detection2DArray(header=header, detections=detections))

    def ids(self, stamp_ns: int) -> list[str]:
        """Return whom the array of this stamp is about; nobody while it is not there."""
        found = [array for array in self.arrays if stamp_of(array) == stamp_ns]
        assert len(found) <= 1
        return [detection.id for detection in found[0].detections] if found else []


@pytest.fixture
def several(hart: Hart) -> Iterator[Several]:
    yield Several(hart)
    assert hart.set('max_targets', 8).successful


def start(
    hart: Hart, camera: Camera, several: Several, boxes: Mapping[str, tuple[float, ...]]
) -> None:
    """Start on boxes, and come to where the arrays reach the test."""
    several.send(boxes)
    hart.wait_for_values(lambda v: all(repr(name) in v['waiting_box'] for name in boxes), 'boxes')

    def all_there() -> bool:
        stamp = camera.publish(picture(0))
        hart.peer.spin(0.1)
        return set(boxes) <= set(several.ids(stamp))

    hart.peer.wait_for(all_there, what='arrays with all of them')


def test_a_box_that_waits_stays_the_single_one(
    hart: Hart, camera: Camera, several: Several
) -> None:
    """A detector marks it once more, in between."""
    start(hart, camera, several, {'other': BOX})  # until the topics are connected
    hart.call('reset')
    hart.send_box(BOX, target_id='car')
    hart.wait_for_values(lambda v: "'car'" in v['waiting_box'], 'the box')
    several.send({'car': BOXES['car']})
    hart.wait_for_values(lambda v: 'a newer box' in v['last_init'], 'the newer box')
    hart.wait_for_detection(camera.publish(picture(0)))


def test_each_is_found_as_if_it_were_alone(
    hart: Hart, camera: Camera, several: Several, weights: Path
) -> None:
    from hart_ros.tracking import HartTracker

    start(hart, camera, several, {'other': BOX})  # until the topics are connected
    hart.call('reset')
    several.arrays.clear()
    images = [picture(seed) for seed in range(5)]
    for i, image in enumerate(images):
        stamp = camera.publish(image)
        if i == 0:
            several.send(BOXES, stamp)
        hart.peer.wait_for(lambda s=stamp: several.ids(s) == list(BOXES), what='an array')
    assert not hart.detections

    tracker = HartTracker(weights, 'cpu', threads=1)
    for number, box in enumerate(BOXES.values()):
        state = tracker.init(images[0], box)
        for image, array in zip(images[1:], several.arrays[1:], strict=True):
            track, state = tracker.update(image, state)
            found = box_of(array.detections[number])
            assert np.allclose(found, track.box, atol=0.01)
            assert array.detections[number].header == array.header
            score = array.detections[number].results[0].hypothesis.score
            assert score == pytest.approx(track.score, abs=1e-3)


def test_the_single_target_is_one_of_them(hart: Hart, camera: Camera, several: Several) -> None:
    start(hart, camera, several, BOXES)
    hart.track(camera, target_id='it')
    stamp = camera.publish()
    assert hart.wait_for_detection(stamp).id == 'it'
    hart.peer.wait_for(lambda: several.ids(stamp) == [*BOXES, 'it'], what='four')
    values = hart.wait_for_values(lambda v: v['targets'] == '4', 'four targets')
    assert values['target_id'] == 'it'
    assert values['target bus'].split()[0] in ('TRACKING', 'UNCERTAIN')
    assert "target 'bus' and target 'dog'" in hart.call('reset').message
    hart.wait_for_values(lambda v: v['targets'] == '0', 'no target')


def test_bad_boxes_are_refused_and_the_others_are_taken(
    hart: Hart, camera: Camera, several: Several
) -> None:
    before = len(hart.process.output)
    bad = {'': BOX, 'nan': (math.nan, 1.0, 9.0, 9.0), 'outside': (500.0, 1.0, 9.0, 9.0)}
    several.send({**bad, 'good': BOX})
    hart.wait_for_values(lambda v: "'good'" in v['waiting_box'], 'the good one')
    stamp = camera.publish()
    hart.wait_for_values(lambda v: v['targets'] == '1', 'one target')
    hart.process.wait_for_output(r'detections\[0\].id is empty', after=before)
    several.arrays.clear()
    start(hart, camera, several, {'second': BOX})
    assert several.arrays[-1].detections[0].id == 'good'
    assert stamp_of(several.arrays[-1]) > stamp


def test_there_are_no_more_than_allowed(hart: Hart, camera: Camera, several: Several) -> None:
    assert hart.set('max_targets', 2).successful
    several.send(BOXES)
    hart.wait_for_values(lambda v: '2 boxes wait already' in v['last_init'], 'the refusal')
    camera.publish()
    hart.wait_for_values(lambda v: v['targets'] == '2', 'two targets')
    assert not hart.set('max_targets', 0).successful


def test_all_are_drawn(hart: Hart, camera: Camera, several: Several) -> None:
    debug = hart.peer.collect(Image, '/hart/debug_image', 5)
    start(hart, camera, several, {'car': BOXES['car'], 'dog': BOXES['dog']})

    def drawn() -> bool:
        camera.publish(np.zeros((120, 160, 3), np.uint8))
        hart.peer.spin(0.1)
        return bool(debug)

    hart.peer.wait_for(drawn, what='a debug image')
    image = decode(debug[-1])
    assert image[40:64, 55:100].any()
    assert image[70:100, 95:125].any()
