# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Listens to player and tracker and puts together what belongs to the same frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image
from vision_msgs.msg import Detection2D

from hart_ros.data.source import BoxXYWH
from hart_ros.evaluation.metrics import iou_xywh
from hart_ros.nodes.boxes import box_of
from hart_ros.nodes.image_codec import decode


@dataclass
class Record:
    """Everything that was heard about one frame."""

    index: int  # in the order of playing, from 0
    truth: BoxXYWH | None = None  # x, y, w, h, pixels
    box: BoxXYWH | None = None
    score: float | None = None
    latency_ms: float | None = None  # from the image's stamp to the detection's arrival here
    arrived_ns: int = 0  # when the detection did

    @property
    def iou(self) -> float | None:
        """Overlap with the truth, where both boxes are known."""
        if self.truth is None or self.box is None:
            return None
        return iou_xywh(self.box, self.truth)

    @property
    def caption(self) -> str:
        """The record in a few words."""
        overlap = '' if self.iou is None else f'  IoU {self.iou:.2f}'
        return f'frame {self.index + 1}{overlap}'


Picture = Callable[[Record, np.ndarray, 'np.ndarray | None'], None]


class Recorder(Node):
    """Collects records by the stamp of their image; hands over pictures as they are complete.

    Args:
        on_detection: called with each record that has got its box.
        on_picture: called with record, debug image and glimpse, in order of the frames.
    """

    def __init__(self, on_detection: Callable[[Record], None], on_picture: Picture) -> None:
        super().__init__('hart_demo')
        self.records: dict[int, Record] = {}  # by stamp, nanoseconds
        self.diagnostics: dict[str, str] = {}
        self._on_detection = on_detection
        self._on_picture = on_picture
        self._debug: Image | None = None  # waits for its glimpse
        self._topics = [
            self._listen(CameraInfo, 'camera_info', self._hear_frame),
            self._listen(Detection2D, 'player/ground_truth', self._hear_truth),
            self._listen(Detection2D, 'hart/detection', self._hear_detection),
            self._listen(Image, 'hart/debug_image', self._hear_debug_image, depth=10),
            self._listen(Image, 'hart/glimpse', self._hear_glimpse, depth=10),
            self._listen(DiagnosticArray, 'diagnostics', self._hear_diagnostics),
        ]

    def is_connected(self) -> bool:
        """Whether there is a publisher for all that is recorded."""
        return all(self.count_publishers(topic) for topic in self._topics)

    def finish(self) -> None:
        """Hand over what still waits."""
        self._hand_over(None)

    @property
    def is_complete(self) -> bool:
        """Whether the last frame that was played has its detection."""
        return bool(self.records) and self.records[max(self.records)].box is not None

    def _listen(self, kind: type, topic: str, hear: Callable, depth: int = 100) -> str:
        self.create_subscription(kind, topic, hear, depth)
        return topic

    def _record(self, message: CameraInfo | Detection2D | Image) -> Record:
        stamp = _stamp_ns(message)
        return self.records.setdefault(stamp, Record(len(self.records)))

    def _hear_frame(self, message: CameraInfo) -> None:
        self._record(message)

    def _hear_truth(self, message: Detection2D) -> None:
        self._record(message).truth = box_of(message)

    def _hear_detection(self, message: Detection2D) -> None:
        record = self._record(message)
        record.box = box_of(message)
        record.score = message.results[0].hypothesis.score if message.results else None
        record.arrived_ns = self.get_clock().now().nanoseconds
        record.latency_ms = (record.arrived_ns - _stamp_ns(message)) * 1e-6
        self._on_detection(record)

    def _hear_debug_image(self, message: Image) -> None:
        self._hand_over(None)  # the glimpse of the last one was lost
        self._debug = message

    def _hear_glimpse(self, message: Image) -> None:
        if self._debug is not None and message.header.stamp == self._debug.header.stamp:
            self._hand_over(message)

    def _hand_over(self, glimpse: Image | None) -> None:
        debug, self._debug = self._debug, None
        if debug is not None:
            inset = decode(glimpse) if glimpse is not None else None
            self._on_picture(self._record(debug), decode(debug), inset)

    def _hear_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == 'hart: tracker':
                self.diagnostics = {value.key: value.value for value in status.values}


def _stamp_ns(message: CameraInfo | Detection2D | Image) -> int:
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
