# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Between `vision_msgs` (4.0 and newer) and boxes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from hart_ros.nodes.boxes import box_message
from hart_ros.nodes.target import BoxRequest, Found
from hart_ros.tracking.types import BoxXYWH, InvalidBoxError

LONGEST_NAME = 256  # characters


def stamp_ns(header: Any) -> int:
    """Return a header's stamp in nanoseconds; 0: not stamped."""
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


def to_box(msg: Detection2D) -> BoxXYWH:
    """Return the box of a detection as x, y, w, h, pixels; the upright one around a rotated one.

    Raises:
        InvalidBoxError: NaN, infinite, or without size; names the field.
    """
    centre, theta = msg.bbox.center.position, msg.bbox.center.theta
    sizes = (('size_x', msg.bbox.size_x), ('size_y', msg.bbox.size_y))
    for field, value in (
        ('center.position.x', centre.x),
        ('center.position.y', centre.y),
        *sizes,
    ):
        if not math.isfinite(value):
            raise InvalidBoxError(f'bbox.{field} is {value}; give pixels')
    for field, value in sizes:
        if value <= 0:
            raise InvalidBoxError(
                f'bbox.{field} is {value:g}; give the full width and height in pixels'
            )
    if not math.isfinite(theta):
        raise InvalidBoxError(f'bbox.center.theta is {theta}; give radians, 0 for an upright box')
    w, h = msg.bbox.size_x, msg.bbox.size_y
    across, along = abs(math.cos(theta)), abs(math.sin(theta))
    width, height = across * w + along * h, along * w + across * h
    return centre.x - width / 2, centre.y - height / 2, width, height


def to_request(msg: Detection2D, after_number: int) -> BoxRequest:
    """Return what a message on ~/init_box asks for.

    Args:
        msg: box, `id` of the target, stamp of the frame; the best hypothesis names its class.
        after_number: number of the last frame that had arrived before it.

    Raises:
        InvalidBoxError: see `to_box`; or names that are too long to be drawn, logged and sent all
            the time.
    """
    best = max((result.hypothesis for result in msg.results), key=lambda h: h.score, default=None)
    class_id = best.class_id if best is not None else ''
    for field, text in (('id', msg.id), ('results.hypothesis.class_id', class_id)):
        if len(text) > LONGEST_NAME:
            raise InvalidBoxError(
                f'{field} has {len(text)} characters; give at most {LONGEST_NAME}'
            )
    return BoxRequest(
        box=to_box(msg),
        target_id=msg.id,
        class_id=class_id,
        stamp_ns=stamp_ns(msg.header),
        after_number=after_number,
        frame_id=msg.header.frame_id,
    )


def to_requests(msg: Detection2DArray, after_number: int) -> Iterator[BoxRequest | str]:
    """Yield what each box of a message on ~/init_boxes asks for, or why it is none.

    Args: see `to_request`. A detection without a stamp has that of the array, and its frame.
    """
    for index, detection in enumerate(msg.detections):
        if not detection.id:
            yield f'detections[{index}].id is empty; give each target its own'
            continue
        try:
            request = to_request(detection, after_number)
        except InvalidBoxError as error:
            yield f'detections[{index}].{error}'
            continue
        yield replace(
            request,
            single=False,
            stamp_ns=request.stamp_ns or stamp_ns(msg.header),
            frame_id=request.frame_id or msg.header.frame_id,
        )


def to_detection(header: Any, found: Found) -> Detection2D:
    """Return a track as a message with the header of its image."""
    msg = box_message(header, found.track.box, found.target.target_id)
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = found.target.class_id
    hypothesis.hypothesis.score = found.track.score
    msg.results.append(hypothesis)
    return msg


def to_detections(header: Any, found: Sequence[Found]) -> Detection2DArray:
    """Return the tracks of one image, in the order in which their targets came."""
    detections = [to_detection(header, one) for one in found]
    return Detection2DArray(header=header, detections=detections)
