# SPDX-License-Identifier: Apache-2.0
"""Between `vision_msgs` (4.0 and newer) and boxes."""

from __future__ import annotations

import math
from typing import Any

from vision_msgs.msg import Detection2D, ObjectHypothesisWithPose

from hart_ros.nodes.boxes import box_message, box_of
from hart_ros.nodes.target import BoxRequest, Result
from hart_ros.tracking.types import BoxXYWH, InvalidBoxError

LONGEST_ID = 256  # characters


def stamp_ns(header: Any) -> int:
    """Return a header's stamp in nanoseconds; 0: not stamped."""
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


def to_box(msg: Detection2D) -> BoxXYWH:
    """Return the box of a detection as x, y, w, h, pixels.

    Raises:
        InvalidBoxError: NaN, infinite, or without size; names the field.
    """
    centre = msg.bbox.center.position
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
    return box_of(msg)


def to_request(msg: Detection2D, after_number: int) -> BoxRequest:
    """Return what a message on ~/init_box asks for.

    Args:
        msg: box, `id` of the target, stamp of the frame; the best hypothesis names its class.
        after_number: number of the last frame that had arrived before it.

    Raises:
        InvalidBoxError: see `to_box`; or an `id` that is drawn, logged and sent all the time, and
            too long for that.
    """
    if len(msg.id) > LONGEST_ID:
        raise InvalidBoxError(f'id has {len(msg.id)} characters; give at most {LONGEST_ID}')
    best = max((result.hypothesis for result in msg.results), key=lambda h: h.score, default=None)
    return BoxRequest(
        box=to_box(msg),
        target_id=msg.id,
        class_id=best.class_id if best is not None else '',
        stamp_ns=stamp_ns(msg.header),
        after_number=after_number,
        frame_id=msg.header.frame_id,
    )


def to_detection(result: Result) -> Detection2D:
    """Return a track as a message with the header of its image."""
    header, target = result.frame.message.header, result.target
    msg = box_message(header, result.track.box, target.target_id)
    hypothesis = ObjectHypothesisWithPose()
    hypothesis.hypothesis.class_id = target.class_id
    hypothesis.hypothesis.score = result.track.score
    msg.results.append(hypothesis)
    return msg
