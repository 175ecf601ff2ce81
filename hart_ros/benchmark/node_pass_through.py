# SPDX-License-Identifier: Apache-2.0
"""The least that a node can do: subscribed as the tracker, it answers each image with no box."""

from __future__ import annotations

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D

from hart_ros.nodes.qos import ImageSubscription
from hart_ros.nodes.reporting import Reporter


class PassThrough(Node):
    """Takes the tracker's place: the same topics, quality of service and name."""

    def __init__(self) -> None:
        super().__init__('hart')
        self._detection = self.create_publisher(Detection2D, '~/detection', QoSProfile(depth=10))
        report = Reporter(self.get_logger())
        self._images = ImageSubscription(self, 'raw', self._answer, report)
        self.create_timer(0.5, self._images.poll, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _answer(self, image: Image) -> None:
        self._detection.publish(Detection2D(header=image.header))


def main() -> None:
    """Run the node until it is told to end."""
    try:
        rclpy.init()
        rclpy.spin(PassThrough())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == '__main__':
    main()
