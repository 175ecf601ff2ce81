# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the node publishes of each tracked frame. Pictures nobody looks at are not made."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String
from vision_msgs.msg import Detection2D, Detection2DArray

from hart_ros.nodes import image_codec
from hart_ros.nodes.messages import to_detection, to_detections
from hart_ros.nodes.qos import advertise, explain_refusal
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import Result
from hart_ros.tracking.draw import BOX, GONE, UNSURE, draw_debug, draw_nothing, glimpse_panel
from hart_ros.tracking.target_state import State

# How the debug image shows a target.
COLOURS = {State.TRACKING: BOX, State.UNCERTAIN: UNSURE, State.LOST: GONE}


class Outputs:
    """The topics that the node publishes. Used by the worker's thread."""

    def __init__(
        self, node: Node, debug_image_width: int, glimpse_height: int, report: Reporter
    ) -> None:
        self.debug_image_width = debug_image_width
        self.glimpse_height = glimpse_height
        # Reliable, so that subscribers of either kind are served; pictures are not queued.
        self._node, self._report = node, report
        self._publishers: list[Publisher] = []
        self._shown: Result | None = None  # on the debug image
        try:
            self._detection = self._publisher(Detection2D, '~/detection', depth=10)
            self._detections = self._publisher(Detection2DArray, '~/detections', depth=10)
            self._debug_image = self._publisher(Image, '~/debug_image', depth=1)
            self._glimpse = self._publisher(Image, '~/glimpse', depth=1)
            # Latched: who joins late learns the state that holds.
            latched = DurabilityPolicy.TRANSIENT_LOCAL
            self._state = self._publisher(String, '~/state', depth=1, durability=latched)
        except Exception:
            self.close()
            raise
        self.publish_state(State.IDLE)

    def close(self) -> None:
        """Take the topics away."""
        for publisher in self._publishers:
            self._node.destroy_publisher(publisher)
        self._publishers.clear()

    def publish(self, result: Result) -> None:
        """Publish detections first; pictures only of the present."""
        header = result.frame.message.header
        if result.single is not None:
            self._detection.publish(to_detection(header, result.single))
        if result.found and self._detections.get_subscription_count():
            self._detections.publish(to_detections(header, result.found))
        if not (result.live and result.found):
            return  # a late start hurries to the present
        if self._debug_image.get_subscription_count():
            self._debug_image.publish(_image(header, self._draw(result)))
            self._shown = result
        if self._glimpse.get_subscription_count():
            shown = result.single or result.found[0]
            panel = glimpse_panel(shown.track, self.glimpse_height)
            self._glimpse.publish(_image(header, panel))

    def _publisher(self, message_type: Any, topic: str, **policies: Any) -> Publisher:
        name = self._node.resolve_topic_name(topic)
        publisher = advertise(
            self._node,
            message_type,
            topic,
            QoSProfile(**policies),
            lambda policy: self._report.warn(f'QoS {name}', explain_refusal(name, policy)),
        )
        self._publishers.append(publisher)
        return publisher

    def publish_state(self, state: State) -> None:
        """Publish the name of a state; where there is no target, no box stays on the picture."""
        self._state.publish(String(data=state.value))
        if state is State.IDLE and self._shown is not None:
            picture = self._narrowed(draw_nothing(self._shown.image, state.value))
            self._debug_image.publish(_image(self._shown.frame.message.header, picture))
            self._shown = None

    def _draw(self, result: Result) -> np.ndarray:
        picture = result.image
        followed = [f for f in result.found if f.target.machine.state is not State.IDLE]
        if not followed:  # given up in this frame
            return self._narrowed(draw_nothing(picture, State.IDLE.value))
        for found in followed:
            target = found.target
            state, trail = target.machine.state, list(target.trail)
            doubt = '' if state is State.TRACKING else f' {state.value}'
            label, colour = f'{target.target_id}{doubt}', COLOURS[state]
            picture = draw_debug(picture, found.track, trail, label, colour=colour)
        return self._narrowed(picture)

    def _narrowed(self, picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        if not 0 < self.debug_image_width < width:
            return picture
        size = (self.debug_image_width, max(1, round(height * self.debug_image_width / width)))
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _image(header: Any, pixels: np.ndarray) -> Image:
    return image_codec.encode(Image(header=header), pixels)
