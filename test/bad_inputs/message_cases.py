# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Bad images, stamps and boxes, as a node receives them. Needs ROS for boxes only."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from bad_input import Case, Group

from hart_ros.nodes.frame_buffer import Fate, FrameBuffer, FrameCounts
from hart_ros.nodes.image_codec import (
    ImageError,
    check,
    check_compressed,
    decode,
    decode_compressed,
    encode,
)
from hart_ros.nodes.intake import Intake
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import BoxRequest
from hart_ros.tracking.types import InvalidBoxError, InvalidFrameError, check_box, check_frame

S = 1_000_000_000
ENCODINGS = '(?<=or another of ).*'  # said in full once
PICTURE = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)


def stamped(msg: Any, stamp_ns: int) -> Any:
    """The message with a header."""
    sec, nanosec = divmod(stamp_ns, S)
    msg.header = SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec))
    return msg


class Receiver:
    """The way of an image into the node, up to the tracker."""

    def __init__(self, compressed: bool = False) -> None:
        self.said: list[str] = []
        self.counts = FrameCounts()
        note = self.said.append
        logger = SimpleNamespace(info=note, warning=note, error=note)
        checked = check_compressed if compressed else check
        self.decode = decode_compressed if compressed else decode
        buffer = FrameBuffer(9.0, 9.0, self.counts)
        self.intake = Intake(checked, buffer, self.counts, Reporter(logger))

    def take(self, msg: Any) -> bool:
        """Receive and decode an image; return whether it can be tracked in."""
        if not self.intake.receive(msg):
            return False
        try:
            check_frame(self.decode(msg))
        except (ImageError, InvalidFrameError) as error:
            self.said.append(f'image skipped: {error}')  # as the session says it
            return False
        return True


def image(**fields: Any) -> Callable[[Path], str]:
    """An image of 16 x 12 pixels with other fields, between two good ones."""

    def give(_: Path) -> str:
        receiver = Receiver()
        good = [encode(SimpleNamespace(), PICTURE) for _ in range(3)]
        vars(good[1]).update(fields)
        taken = [receiver.take(stamped(m, (k + 5) * S)) for k, m in enumerate(good)]
        assert taken == [True, False, True]
        (said,) = receiver.said
        return said

    return give


def compressed(data: bytes, kind: str = 'jpeg') -> Callable[[Path], str]:
    """The same for a CompressedImage."""

    def give(_: Path) -> str:
        receiver = Receiver(compressed=True)
        good = cv2.imencode('.png', PICTURE)[1].tobytes()
        messages = [SimpleNamespace(format='png', data=array('B', good)) for _ in range(3)]
        messages[1] = SimpleNamespace(format=kind, data=array('B', data))
        taken = [receiver.take(stamped(m, (k + 5) * S)) for k, m in enumerate(messages)]
        assert taken == [True, False, True]
        (said,) = receiver.said
        return said

    return give


def stamps(*seconds: float, kept: int) -> Callable[[Path], str]:
    """Good images with these stamps, of which so many are tracked in."""

    def give(_: Path) -> str:
        receiver = Receiver()
        msgs = [stamped(encode(SimpleNamespace(), PICTURE), round(s * S)) for s in seconds]
        assert sum([receiver.take(msg) for msg in msgs]) == kept
        assert sum(receiver.counts.snapshot().values()) == len(seconds)
        assert receiver.counts.snapshot()[Fate.TRACKED] == 0
        (said,) = receiver.said
        return said

    return give


def jpeg() -> bytes:
    return cv2.imencode('.jpg', PICTURE)[1].tobytes()


def torn_png() -> bytes:
    """A chunk that is said to have 3.6 GB: found by fuzzing, OpenCV would ask for them."""
    data = bytearray(cv2.imencode('.png', PICTURE)[1].tobytes())
    data[33:37] = b'\xd6\xff\xff\xff'
    return bytes(data)


def huge_png() -> bytes:
    """A header that promises 60000 x 60000 pixels."""
    data = bytearray(cv2.imencode('.png', PICTURE)[1].tobytes())
    data[16:24] = (60_000).to_bytes(4, 'big') * 2
    return bytes(data)


IMAGES = Group(
    'Images',
    '`sensor_msgs/Image` on `image`, `CompressedImage` on `image/compressed`; logged as a warning, '
    'each kind at most every two seconds, and shown in `/diagnostics`. The image is counted in '
    '`frames_bad`, and the next one is tracked.',
    ImageError,
    'target, state',
    (
        Case('an encoding that is not known', image(encoding='rgb64')),
        Case('no encoding', image(encoding=''), elide=ENCODINGS),
        Case('depth as float', image(encoding='32FC1'), elide=ENCODINGS),
        Case('no columns', image(width=0)),
        Case('no rows', image(height=0)),
        Case('pixels in pairs, but an odd width', image(encoding='yuyv', width=15)),
        Case('`step` too small', image(step=20)),
        Case('no data', image(data=b'')),
        Case('data cut off', image(data=bytes(500))),
        Case('too much data', image(data=bytes(600))),
        Case('`height` of another image', image(height=2**32 - 1)),
        Case('a single pixel', image(width=1, height=1, step=3, data=bytes(3))),
        Case('compressed: no data', compressed(b'')),
        Case('compressed: depth', compressed(b'1234', '16UC1; compressedDepth')),
        Case('compressed: noise', compressed(b'\1\2\3\4\5\6\7\x08')),
        Case('compressed: half a JPEG', compressed(jpeg()[: len(jpeg()) // 2])),
        Case('compressed: damaged PNG chunk', compressed(torn_png(), 'png')),
        Case('compressed: damaged PNG header', compressed(huge_png(), 'png')),
    ),
)

STAMPS = Group(
    'Stamps of images',
    'Of images that are skipped there are counts in `/diagnostics`. Zero means "not stamped".',
    ImageError,
    'target, state',
    (
        Case('negative', stamps(1, -5, 2, kept=2)),
        Case('twice the same', stamps(1, 2, 2, kept=2)),
        Case('out of order', stamps(1, 2, 1.9, 2.1, kept=3)),
        Case(
            'back by more than a second (a bag that loops)',
            stamps(100, 100.1, 7, 7.1, kept=4),
            'target, state; nothing is skipped',
        ),
        Case(
            'one of the far future',
            stamps(100, 2**31 - 1, 100.1, 100.2, kept=4),
            'target, state; nothing is skipped',
        ),
    ),
)


def box(
    x: float = 50, y: float = 50, w: float = 20, h: float = 20, theta: float = 0, name: str = 'it'
) -> Callable[[Path], None]:
    """A box by its centre, on an image of 160 x 120 pixels."""

    def give(_: Path) -> None:
        from vision_msgs.msg import Detection2D

        from hart_ros.nodes.messages import to_request

        msg = Detection2D(id=name)
        msg.bbox.center.position.x, msg.bbox.center.position.y = float(x), float(y)
        msg.bbox.size_x, msg.bbox.size_y = float(w), float(h)
        msg.bbox.center.theta = float(theta)
        check_box(to_request(msg, 0).box, (120, 160, 3))

    return give


def boxes(*names: str, w: float = 20) -> Callable[[Path], str]:
    """Boxes on ~/init_boxes; the first of them is good."""

    def give(_: Path) -> str:
        from vision_msgs.msg import Detection2D, Detection2DArray

        from hart_ros.nodes.messages import to_requests

        msg = Detection2DArray(detections=[Detection2D(id=name) for name in names])
        for k, detection in enumerate(msg.detections):
            detection.bbox.size_x, detection.bbox.size_y = float(w if k else 20), 20.0
        good, said = to_requests(msg, 0)
        assert isinstance(good, BoxRequest)
        return str(said)

    return give


def of_stamp(seconds: float, oldest: float = 5, newest: float = 7) -> Callable[[Path], str]:
    """A box for an image that is not there."""

    def give(_: Path) -> str:
        request = BoxRequest((0, 0, 9, 9), stamp_ns=round(seconds * S))
        return request.why_no_frame(round(oldest * S), round(newest * S))

    return give


BOXES = Group(
    'Boxes',
    '`vision_msgs/Detection2D` on `~/init_box`, `Detection2DArray` on `~/init_boxes`, here with '
    'images of 160 x 120 pixels; logged after '
    '`init_box rejected:`, and `last_init` of `/diagnostics`.',
    InvalidBoxError,
    'the old target',
    (
        Case('centre NaN', box(x=math.nan)),
        Case('size infinite', box(h=math.inf)),
        Case('angle NaN', box(theta=math.nan)),
        Case('no width', box(w=0)),
        Case('height negative', box(h=-20)),
        Case('outside the image', box(x=500, y=500)),
        Case('a sliver on the image', box(x=170, w=21)),
        Case('an `id` of a megabyte', box(name='x' * 1_000_000)),
        Case(
            'of several: one without `id`', boxes('a', ''), 'the old targets; the others are taken'
        ),
        Case(
            'of several: one without size',
            boxes('a', 'b', w=0),
            'the old targets; the others are taken',
        ),
        Case('stamp of long ago', of_stamp(1)),
        Case('stamp that no image reaches', of_stamp(99)),
        Case('stamp between two images', of_stamp(6.5)),
        Case('stamp, but images without', of_stamp(6.5, 0, 0)),
    ),
)

GROUPS = (IMAGES, STAMPS, BOXES)
