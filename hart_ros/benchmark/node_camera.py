# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A camera that knows when each of its frames was answered by a detection."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D

from hart_ros.data.source import BoxXYWH
from hart_ros.data.synthetic import SyntheticDrive
from hart_ros.nodes import image_codec
from hart_ros.nodes.boxes import box_message
from hart_ros.nodes.messages import stamp_ns

LAST_ANSWER = 2.0  # seconds that a detection may take after the last frame


class Film:
    """Frames forwards, backwards, forwards: endless, without a cut. Encoded before anything runs.

    Args:
        source: what to play; its track 0 is the target.
        frames: of it, at least two.
    """

    def __init__(self, source: SyntheticDrive, frames: int) -> None:
        self.box_xywh: BoxXYWH = source[0].boxes[0]
        once = [
            (image_codec.encode(Image(), source[i].image), source[i].boxes[0])
            for i in range(frames)
        ]
        self._shots = once + once[-2:0:-1]
        self._next = 0

    def next(self) -> tuple[Image, BoxXYWH]:
        """Return the next frame, whose stamp is still to be set, and where the target is in it."""
        shot = self._shots[self._next]
        self._next = (self._next + 1) % len(self._shots)
        return shot


@dataclass
class Answers:
    """When frames were published and when they were answered, seconds by stamp."""

    published: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)

    def latencies(self) -> list[float]:
        """Return the seconds from publish to detection of all frames that were answered."""
        sent = self.published
        return [when - sent[stamp] for stamp, when in self.answered.items() if stamp in sent]

    def complete(self) -> bool:
        """Whether the last frame was answered."""
        return not self.published or max(self.published) in self.answered


class Camera:
    """Publishes to one node, `/NAME/image`, and listens to its detections and diagnostics.

    The calling thread publishes; another one receives.
    """

    def __init__(self, name: str, film: Film, reliable: bool, context: Context) -> None:
        self.name = name
        self._film = film
        self.answers = Answers()
        self.status: dict[str, str] = {}  # of the node's last diagnostics
        self._node = Node(f'camera_of_{name}', context=context)
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        qos = QoSProfile(depth=5, reliability=reliability)
        self._images = self._node.create_publisher(Image, f'/{name}/image', qos)
        self._detections = self._node.create_subscription(
            Detection2D, f'/{name}/hart/detection', self._receive, 100
        )
        self._boxes = self._node.create_publisher(Detection2D, f'/{name}/hart/init_box', 10)
        self._box_is_due = False
        self._watching: list[Subscription] = []
        self._node.create_subscription(DiagnosticArray, '/diagnostics', self._diagnosed, 10)
        self._executor = SingleThreadedExecutor(context=context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def is_connected(self) -> bool:
        """Whether the node receives us and we receive it."""
        subscribers, publishers = (
            self._images.get_subscription_count(),
            self._node.count_publishers(f'/{self.name}/hart/detection'),
        )
        return subscribers > 0 and publishers > 0

    def publish(self, rate: float, is_over: Callable[[], bool]) -> Answers:
        """Publish frames, `rate` a second, until it is over; return what became of them."""
        self.answers = answers = Answers()
        due = time.monotonic()
        while not is_over():
            self._publish(answers)
            due = max(due + 1 / rate, time.monotonic() - 1 / rate)  # no burst after a stall
            time.sleep(max(due - time.monotonic(), 0))
        return answers

    def block(self, rate: float, frames: int) -> Answers:
        """Publish so many frames and wait for the last answer."""
        answers = self.publish(rate, lambda: len(self.answers.published) >= frames)
        wait_for(answers.complete, LAST_ANSWER)
        return answers

    def init(self) -> None:
        """Send the target's box with the next frame."""
        self._box_is_due = True

    def watch(self, topics: Sequence[str]) -> None:
        """Subscribe to these of the node's images, and to no others any more."""
        for subscription in self._watching:
            self._node.destroy_subscription(subscription)
        self._watching = [
            self._node.create_subscription(Image, f'/{self.name}/hart/{topic}', _ignore, 1)
            for topic in topics
        ]

    def next_status(self, timeout: float = 5.0) -> dict[str, str]:
        """Wait for the node's next diagnostics; empty if it sends none."""
        self.status = {}
        wait_for(lambda: bool(self.status), timeout)
        return self.status

    def close(self) -> None:
        """End the receiving thread."""
        self._executor.shutdown()
        self._thread.join(5)
        self._node.destroy_node()

    def _publish(self, answers: Answers) -> None:
        message, box = self._film.next()
        now = time.time_ns()
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(now, 1_000_000_000)
        if self._box_is_due:
            self._boxes.publish(box_message(message.header, box, 'target'))
            self._box_is_due = False
        answers.published[now] = time.monotonic()
        self._images.publish(message)

    def _receive(self, message: Detection2D) -> None:
        self.answers.answered.setdefault(stamp_ns(message.header), time.monotonic())

    def _diagnosed(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name.startswith(f'{self.name}/hart:'):
                self.status = {pair.key: pair.value for pair in status.values}

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()


def _ignore(_: Image) -> None:
    """Take an image as somebody would who looks at it."""


def wait_for(condition: Callable[[], Any], timeout: float) -> bool:
    """Look every 2 ms; return whether it came true in time."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True
