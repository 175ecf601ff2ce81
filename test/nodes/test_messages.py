# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Boxes out of messages."""

from __future__ import annotations

import math

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from vision_msgs.msg import Detection2D

from hart_ros.nodes.messages import to_box


@pytest.mark.parametrize(
    ('theta', 'box'),
    [
        (0.0, (40.0, 45.0, 20.0, 10.0)),
        (math.pi / 2, (45.0, 40.0, 10.0, 20.0)),
        (-math.pi, (40.0, 45.0, 20.0, 10.0)),
        (math.pi / 4, (50 - 15 / 2**0.5, 50 - 15 / 2**0.5, 30 / 2**0.5, 30 / 2**0.5)),
    ],
)
def test_of_a_rotated_box_the_upright_one_around_it_is_taken(
    theta: float, box: tuple[float, ...]
) -> None:
    msg = Detection2D()
    msg.bbox.center.position.x, msg.bbox.center.position.y = 50.0, 50.0
    msg.bbox.center.theta, msg.bbox.size_x, msg.bbox.size_y = theta, 20.0, 10.0
    assert to_box(msg) == pytest.approx(box)
    assert theta or to_box(msg) == box  # to the last bit
