# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the tracker node subscribes to while it is active: the camera and the boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from vision_msgs.msg import Detection2D, Detection2DArray

from hart_ros.nodes.qos import ALL_POLICIES, ImageSubscription, explain_mismatch, subscribe
from hart_ros.nodes.reporting import Reporter


class Inputs:
    """Subscriptions, from their creation to `close`."""

    def __init__(
        self,
        node: Node,
        transport: str,
        receive_image: Callable[[Any], None],
        receive_box: Callable[[Detection2D], None],
        receive_boxes: Callable[[Detection2DArray], None],
        report: Reporter,
    ) -> None:
        """Subscribe.

        Raises:
            ParameterError: a quality of service that there is not; nothing is subscribed then.
        """
        self._node, self._report = node, report
        self._boxes: list[Subscription] = []
        self.images = ImageSubscription(node, transport, receive_image, report)
        try:
            self._subscribe(Detection2D, '~/init_box', receive_box)
            self._subscribe(Detection2DArray, '~/init_boxes', receive_boxes)
        except Exception:
            self._unsubscribe()
            raise
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # goes on while simulated time stands
        self._timer = node.create_timer(0.5, self.images.poll, clock=steady)

    @property
    def box_topic(self) -> str:
        """Full name of ~/init_box."""
        return self._boxes[0].topic_name

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_timer(self._timer)
        self._unsubscribe()

    def _unsubscribe(self) -> None:
        for subscription in self._boxes:
            self._node.destroy_subscription(subscription)
        self._boxes.clear()
        self.images.close()

    def _subscribe(self, message_type: Any, name: str, receive: Any) -> None:
        topic = self._node.resolve_topic_name(name)
        subscription = subscribe(
            self._node,
            message_type,
            name,
            receive,
            QoSProfile(depth=5),  # volatile: hears publishers of any durability (pub --once)
            ALL_POLICIES,
            lambda policy: self._report.warn(f'QoS {topic}', explain_mismatch(topic, policy)),
        )
        self._boxes.append(subscription)
