# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the camera of these tests sees: a synthetic drive, followed with the shipped weights."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import hart_ros
from hart_ros.data.source import SourceFrame
from hart_ros.data.synthetic import SyntheticDrive
from hart_ros.evaluation.metrics import iou_xywh

NODE = 'hart_ros.nodes.tracker_node'
WEIGHTS = Path(hart_ros.__file__).parent / 'weights' / 'hart.safetensors'
SHIPPED = ('-p', f'weights:={WEIGHTS}')


@functools.cache
def drive() -> list[SourceFrame]:
    """Six seconds of a drive; track 0 is in sight all the way."""
    return list(SyntheticDrive(0, size=(621, 188), frames=60))


def overlap(detection: Any, frame: SourceFrame) -> float:
    """IoU of a Detection2D with the true box."""
    bbox = detection.bbox
    w, h = bbox.size_x, bbox.size_y
    corner = (bbox.center.position.x - w / 2, bbox.center.position.y - h / 2)
    return iou_xywh((*corner, w, h), frame.boxes[0])
