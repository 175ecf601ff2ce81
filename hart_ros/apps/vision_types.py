# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""`vision_msgs/Detection2D` for bags that are written without ROS."""

from __future__ import annotations

from typing import Any

import numpy as np

from hart_ros.tracking.types import BoxXYWH

DETECTION = 'vision_msgs/msg/Detection2D'
DEFINITIONS = {  # fields as in vision_msgs 4
    'vision_msgs/msg/Point2D': 'float64 x\nfloat64 y\n',
    'vision_msgs/msg/Pose2D': 'vision_msgs/Point2D position\nfloat64 theta\n',
    'vision_msgs/msg/BoundingBox2D': 'vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y\n',
    'vision_msgs/msg/ObjectHypothesis': 'string class_id\nfloat64 score\n',
    'vision_msgs/msg/ObjectHypothesisWithPose': (
        'ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose\n'
    ),
    DETECTION: (
        'std_msgs/Header header\nObjectHypothesisWithPose[] results\nBoundingBox2D bbox\n'
        'string id\n'
    ),
}


def add_types(store: Any) -> None:
    """Make a typestore of rosbags know them."""
    from rosbags.typesys import get_types_from_msg

    for name, text in DEFINITIONS.items():
        store.register(get_types_from_msg(text, name))


def detection(store: Any, header: Any, box_xywh: BoxXYWH, score: float, name: str) -> Any:
    """A target's box with its score, as the node `hart` publishes it."""
    types = store.types
    x, y, w, h = box_xywh
    point = types['vision_msgs/msg/Point2D'](x=x + w / 2, y=y + h / 2)
    centre = types['vision_msgs/msg/Pose2D'](position=point, theta=0.0)
    nowhere = types['geometry_msgs/msg/PoseWithCovariance'](
        pose=types['geometry_msgs/msg/Pose'](
            position=types['geometry_msgs/msg/Point'](x=0.0, y=0.0, z=0.0),
            orientation=types['geometry_msgs/msg/Quaternion'](x=0.0, y=0.0, z=0.0, w=1.0),
        ),
        covariance=np.zeros(36),
    )
    guess = types['vision_msgs/msg/ObjectHypothesis'](class_id='', score=score)
    with_pose = types['vision_msgs/msg/ObjectHypothesisWithPose']
    return types[DETECTION](
        header=header,
        results=[with_pose(hypothesis=guess, pose=nowhere)],
        bbox=types['vision_msgs/msg/BoundingBox2D'](center=centre, size_x=w, size_y=h),
        id=name,
    )
