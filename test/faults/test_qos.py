# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Publishers and subscribers that cannot be matched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from scene import NODE
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D, Detection2DArray

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
ASKED = {  # too much of publishers, and too little for subscribers
    'qos_overrides./image.subscription.durability': 'transient_local',
    'qos_overrides./hart/init_box.subscription.durability': 'transient_local',
    'qos_overrides./hart/detection.publisher.reliability': 'best_effort',
}
MENDED_BY = [
    'qos_overrides./image.subscription.durability to volatile',
    'qos_overrides./hart/init_box.subscription.durability to volatile',
    'qos_overrides./hart/detection.publisher.reliability to reliable',
    'qos_overrides./hart/detections.publisher.durability to transient_local',
]


def test_a_mismatch_is_said_once_with_the_setting_that_mends_it(
    start_node: Any, peer: Any, weights: Path
) -> None:
    arguments = [word for name in ASKED for word in ('-p', f'{name}:={ASKED[name]}')]
    with start_node(NODE, '-p', f'weights:={weights}', *arguments) as process:
        peer.node.create_publisher(Image, '/image', qos_profile_sensor_data)
        peer.collect(Detection2D, '/hart/detection')
        peer.collect(Detection2DArray, '/hart/detections', LATCHED)
        peer.node.create_publisher(Detection2D, '/hart/init_box', 10)
        for setting in MENDED_BY:
            process.wait_for_output(f'set {setting}')
        peer.spin(1.0)  # twice as long as the node takes to look at publishers again
        assert process.stop() == 0
        for setting in MENDED_BY:
            assert process.output.count(setting) == 1
