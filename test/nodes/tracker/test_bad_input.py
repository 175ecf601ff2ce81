# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Nothing that arrives kills the node or disturbs its target; one line says what is wrong."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from tracker_harness import BOX, Camera, Hart, picture

NAN, INF = math.nan, math.inf


def _with(**fields: Any) -> Callable[[Any], None]:
    def change(msg: Any) -> None:
        for name, value in fields.items():
            setattr(msg, name, value)

    return change


BAD_IMAGES = {
    'unknown encoding': (_with(encoding='rgb64'), 'encoding'),
    'no encoding': (_with(encoding=''), 'encoding'),
    'step too small': (_with(step=100), 'step'),
    'step zero': (_with(step=0), 'step'),
    'step too large': (_with(step=2**32 - 1), 'data'),
    'no data': (_with(data=b''), 'data'),
    'data cut off': (_with(data=bytes(1000)), 'data'),
    'width zero': (_with(width=0), 'height/width'),
    'height zero': (_with(height=0), 'height/width'),
    'height too large': (_with(height=2**32 - 1), 'data'),
    'odd width': (_with(encoding='yuyv', width=159), 'width'),
}


@pytest.mark.parametrize('case', BAD_IMAGES)
def test_bad_image_is_skipped_and_named(hart: Hart, camera: Camera, case: str) -> None:
    change, field = BAD_IMAGES[case]
    hart.track(camera)
    before = len(hart.process.output)
    bad = camera.image(picture(0))
    change(bad)

    def said() -> bool:  # lines of the kind are throttled: it takes until the next is allowed
        camera.send(bad)
        hart.peer.spin(0.1)
        return f'image skipped: {field}: ' in hart.process.output[before:]

    hart.peer.wait_for(said, what=f'a line about {field}')
    assert hart.wait_for_detection(camera.publish()).id == 'it'


def test_bad_images_do_not_touch_the_state(hart: Hart, camera: Camera, weights: Any) -> None:
    """The boxes are the same as without them."""
    from hart_ros.tracking import HartTracker

    frames = [picture(seed) for seed in range(4)]
    tracker = HartTracker(weights, 'cpu', threads=1)
    state = tracker.init(frames[0], BOX)
    expected = []
    for frame in frames[1:]:
        track, state = tracker.update(frame, state)
        expected.append((track.box[2], track.box[3]))
    bad = camera.image(frames[0])
    stamp = camera.publish(frames[0])
    hart.send_box(BOX, stamp)
    hart.wait_for_detection(stamp)
    found = []
    for frame in frames[1:]:
        for change, _ in BAD_IMAGES.values():
            change(bad)
            camera.send(bad)
        detection = hart.wait_for_detection(camera.publish(frame))
        found.append((detection.bbox.size_x, detection.bbox.size_y))
    assert found == expected


def test_tiny_image_is_skipped(hart: Hart, camera: Camera) -> None:
    """One pixel is a whole image to the codec, but nothing to track in."""
    hart.track(camera)
    bad = hart.wait_for_values(lambda v: True, 'diagnostics')['frames_bad']
    camera.publish(np.zeros((1, 1, 3), np.uint8))
    hart.wait_for_values(lambda v: int(v['frames_bad']) == int(bad) + 1, 'one more bad frame')
    assert hart.wait_for_detection(camera.publish()).id == 'it'


BAD_BOXES = {
    'outside': ((500.0, 500.0, 20.0, 20.0), 'on the 160 x 120 frame'),
    'left of it': ((-100.0, 20.0, 50.0, 20.0), 'on the 160 x 120 frame'),
    'a sliver': ((159.5, 20.0, 50.0, 20.0), 'on the 160 x 120 frame'),
    'no width': ((50.0, 50.0, 0.0, 20.0), 'bbox.size_x is 0'),
    'negative height': ((50.0, 50.0, 20.0, -20.0), 'bbox.size_y is -20'),
    'NaN centre': ((NAN, 50.0, 20.0, 20.0), 'bbox.center.position.x is nan'),
    'NaN width': ((50.0, 50.0, NAN, 20.0), 'bbox.size_x is nan|bbox.center.position.x is nan'),
    'infinite': ((50.0, 50.0, 20.0, INF), 'inf'),
}


@pytest.mark.parametrize('case', BAD_BOXES)
def test_bad_box_is_refused_with_the_reason(hart: Hart, camera: Camera, case: str) -> None:
    box, reason = BAD_BOXES[case]
    hart.track(camera, target_id='good')
    hart.send_box(box, camera.publish(), target_id='bad')
    hart.wait_for_values(
        lambda v: (
            v['last_init'].startswith('rejected')
            and any(text in v['last_init'] for text in reason.split('|'))
        ),
        reason,
    )
    assert hart.wait_for_detection(camera.publish()).id == 'good'


def test_box_partly_outside_is_clipped(hart: Hart, camera: Camera) -> None:
    stamp = camera.publish()
    hart.send_box((-10.0, 20.0, 40.0, 200.0), stamp)
    bbox = hart.wait_for_detection(stamp).bbox
    assert (bbox.center.position.x, bbox.center.position.y) == (15.0, 70.0)
    assert (bbox.size_x, bbox.size_y) == (30.0, 100.0)


def test_box_of_another_camera_is_taken_with_a_warning(hart: Hart, camera: Camera) -> None:
    stamp = camera.publish()
    hart.send_box(BOX, stamp, frame_id='rear_camera')
    hart.wait_for_detection(stamp)
    hart.process.wait_for_output("the box has header.frame_id 'rear_camera', the image 'camera'")


def test_noise_black_and_white_frames_are_tracked_in(hart: Hart, camera: Camera) -> None:
    hart.track(camera)
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    for pixels in (np.zeros_like(noise), np.full_like(noise, 255), noise):
        bbox = hart.wait_for_detection(camera.publish(pixels)).bbox
        assert all(map(math.isfinite, (bbox.center.position.x, bbox.size_x, bbox.size_y)))


def test_image_size_changes_while_tracking(hart: Hart, camera: Camera) -> None:
    hart.track(camera)
    before = len(hart.process.output)
    for size in ((320, 240), (641, 479), (160, 120)):
        stamp = camera.publish(picture(0, size))
        assert hart.wait_for_detection(stamp).id == 'it'
    hart.process.wait_for_output('width/height changed from 160 x 120 to 320 x 240', after=before)


def test_repeated_trouble_is_said_once_in_a_while(hart: Hart, camera: Camera) -> None:
    before = len(hart.process.output)
    bad = camera.image(picture(0))
    bad.encoding = 'throttled1'
    received = hart.count('bad')

    def enough() -> bool:  # one by one: of a burst, a full queue drops the rest
        camera.send(bad)
        hart.peer.spin(0.01)
        return hart.count('bad') >= received + 40

    started = time.monotonic()
    hart.peer.wait_for(enough, what='bad frames')
    periods = (time.monotonic() - started) / 2.0  # seconds, of Reporter
    assert 1 <= hart.process.output[before:].count('throttled1') <= periods + 2
