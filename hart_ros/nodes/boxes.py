# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Boxes x, y, w, h as `vision_msgs/Detection2D`, and back."""

from __future__ import annotations

from std_msgs.msg import Header
from vision_msgs.msg import Detection2D

from hart_ros.data.source import BoxXYWH


def box_message(header: Header, box_xywh: BoxXYWH, name: str) -> Detection2D:
    """Say where a target is in the image of this header; a given box, so without hypotheses."""
    x, y, w, h = (float(value) for value in box_xywh)
    message = Detection2D(header=header, id=name)
    message.bbox.center.position.x = x + w / 2
    message.bbox.center.position.y = y + h / 2
    message.bbox.size_x, message.bbox.size_y = w, h
    return message


def box_of(message: Detection2D) -> BoxXYWH:
    """Return the box as it stands in the message, unchecked."""
    centre, w, h = message.bbox.center.position, message.bbox.size_x, message.bbox.size_y
    return centre.x - w / 2, centre.y - h / 2, w, h
