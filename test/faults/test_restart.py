# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A tracker that is killed and started again: with `restore_state` it goes on with its targets."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from scene import NODE, SHIPPED, drive, overlap
from sensor_msgs.msg import Image
from tracker_harness import Camera, Hart

CPU = ('-p', 'device:=cpu', *SHIPPED)
MAX_AGE = ('-p', 'restore_max_age:=600.0')  # a busy machine takes its time to start a node


def follow(hart: Hart, camera: Camera, first: int, last: int) -> Any:
    """Publish frames of the drive, each when the one before was tracked; return the last box."""
    for number in range(first, last):
        detection = hart.wait_for_detection(camera.publish(drive()[number].image))
    assert detection.id == 'it'
    return detection


def start_on_the_first_frame(hart: Hart, camera: Camera) -> None:
    """Give the box of the drive's first frame."""
    frame = drive()[0]
    hart.send_box(frame.boxes[0])
    hart.wait_for_values(lambda v: v['waiting_box'], 'the box')
    camera.publish(frame.image)


def ready(hart: Hart) -> Hart:
    """Wait until the node listens to the camera."""
    hart.wait_for_values(lambda v: v['image_reliability'] == 'reliable', 'a subscription')
    return hart


@pytest.mark.parametrize('how', [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_node_goes_on_with_its_target(
    start_node: Any, make_peer: Any, tmp_path: Path, how: signal.Signals
) -> None:
    path = tmp_path / 'targets.safetensors'
    restore = ('-p', f'restore_state:={path}', *MAX_AGE)
    with make_peer('camera') as peer:
        camera = Camera(peer.publisher(Image, '/image', subscribers=0))
        with start_node(NODE, *CPU, *restore) as process:
            hart = ready(Hart(process, peer))
            start_on_the_first_frame(hart, camera)
            before = follow(hart, camera, 1, 25)
            assert overlap(before, drive()[24]) > 0.5
            peer.wait_for(path.exists, what='the file')
            assert process.stop(how) == (0 if how is signal.SIGTERM else -how)
        # The box that is set for starts is not taken: it is older than what was saved.
        elsewhere = ('-p', 'init_box:=[0.0, 0.0, 20.0, 20.0]')
        with start_node(NODE, *CPU, *restore, *elsewhere) as process:
            hart = ready(Hart(process, peer))
            assert hart.values()['state'] == 'IDLE'
            assert hart.values()['restored'] == "waits for an image: 'it'"
            after = follow(hart, camera, 25, 40)
            assert overlap(after, drive()[39]) > 0.5
            values = hart.wait_for_values(lambda v: v['state'] == 'TRACKING', 'the state')
            assert values['restored'].startswith("resumed 'it', last seen ")
            assert process.output.count(f', from {path}') == 1

            hart.call('reset')
            assert not path.exists()
            process.stop(signal.SIGKILL)
        assert not path.exists()


def test_what_cannot_be_resumed_is_said_and_a_box_waited_for(
    start_node: Any, make_peer: Any, tmp_path: Path
) -> None:
    path = tmp_path / 'targets.safetensors'
    restore = ('-p', f'restore_state:={path}')
    with make_peer('camera') as peer:
        camera = Camera(peer.publisher(Image, '/image', subscribers=0))
        with start_node(NODE, *CPU, *restore) as process:
            hart = ready(Hart(process, peer))
            start_on_the_first_frame(hart, camera)
            follow(hart, camera, 1, 5)
            assert process.stop() == 0
        saved = path.read_bytes()
        for content, parameters, said in (
            (saved, ('-p', 'restore_max_age:=0.1'), 'were last seen .* ago, restore_max_age is'),
            (saved[:-100], MAX_AGE, 'is damaged'),
        ):
            path.write_bytes(content)
            with start_node(NODE, *CPU, *restore, *parameters) as process:
                hart = ready(Hart(process, peer))
                hart.detections.clear()
                camera.publish(drive()[5].image)
                process.wait_for_output(rf'\[WARN\].*{path}: .*{said}.*send a new box')
                values = hart.wait_for_values(lambda v: v['frames_received'] == '1', 'the image')
                assert values['state'] == 'IDLE'
                assert values['restored'].startswith('not resumed: ')
                assert not hart.detections
                assert process.stop() == 0
                assert len([line for line in process.output.splitlines() if 'restore' in line]) == 1
