# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A camera driver that dies and comes back."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from scene import NODE, SHIPPED, drive, overlap
from tracker_harness import Hart

CAMERA = str(Path(__file__).with_name('camera_node.py'))


def test_tracking_goes_on_when_the_camera_was_killed(
    start_node: Any, peer: Any, tmp_path: Path
) -> None:
    scene = drive()[0]
    np.save(tmp_path / 'picture.npy', scene.image)
    picture = ('-p', f'picture:={tmp_path / "picture.npy"}')
    with start_node(NODE, '-p', 'device:=cpu', *SHIPPED) as process:
        hart = Hart(process, peer)
        hart.send_box(scene.boxes[0])
        for how in (signal.SIGKILL, signal.SIGTERM):
            with start_node(CAMERA, *picture) as camera:
                peer.wait_for(lambda: len(hart.detections) > 5, what='detections')
                camera.stop(how)
            values = hart.wait_for_values(
                lambda v: v['message'].startswith('no images on /image'), 'a warning'
            )
            assert (values['state'], values['target_id']) == ('TRACKING', 'it')
            hart.detections.clear()
        with start_node(CAMERA, *picture):
            peer.wait_for(lambda: len(hart.detections) > 5, what='detections')
            hart.wait_for_values(lambda v: v['message'] == 'tracking', 'the end of the warning')
        assert {detection.id for detection in hart.detections} == {'it'}
        assert overlap(hart.detections[-1], scene) > 0.5
        assert process.stop() == 0
