# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Two trackers side by side, one of which is ended; and one without its device."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from scene import NODE
from sensor_msgs.msg import Image
from tracker_harness import Camera, Hart


@pytest.mark.long  # three starts of a node
def test_namespaces_keep_apart_and_a_restarted_node_waits_for_a_box(
    start_node: Any, peer: Any, weights: Path
) -> None:
    cameras = {
        side: Camera(peer.node.create_publisher(Image, f'/{side}/image', 10), side)
        for side in ('left', 'right')
    }

    def start(side: str) -> Hart:
        arguments = ('-r', f'__ns:=/{side}', '-p', f'weights:={weights}', '-p', 'device:=cpu')
        hart = Hart(start_node(NODE, *arguments), peer, f'/{side}/hart')
        hart.wait_for_values(lambda v: v.get('image_reliability') == 'reliable', 'the camera')
        return hart

    def left_goes_on() -> bool:
        detection = left.wait_for_detection(cameras['left'].publish())
        return (detection.id, detection.header.frame_id) == ('of the left', 'left')

    left, right = start('left'), start('right')
    left.track(cameras['left'], target_id='of the left')
    assert right.values()['targets'] == '0'
    right.track(cameras['right'], target_id='of the right')
    assert "target 'of the right'" in right.call('reset').message
    assert left_goes_on()

    assert right.process.stop(signal.SIGTERM) == 0
    assert left_goes_on()
    right = start('right')
    assert right.values()['message'].startswith(('waiting for a box', 'no images'))
    right.track(cameras['right'], target_id='of the right again')
    assert left_goes_on()
    for hart in (left, right):
        assert hart.process.stop() == 0
        assert 'Traceback' not in hart.process.output


def test_without_cuda_it_says_so(start_node: Any) -> None:
    with start_node(NODE, '-p', 'device:=cuda', CUDA_VISIBLE_DEVICES='') as process:
        assert process.wait() == 1
        process.wait_for_output(r'\[FATAL\].*device: torch finds no CUDA device; use auto or cpu')
