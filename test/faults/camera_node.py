# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A camera driver to be killed: publishes one picture at 20 Hz on `image`. A script, not a test."""

from __future__ import annotations

import contextlib

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image

from hart_ros.nodes.image_codec import encode


def main() -> None:
    """Publish until the end."""
    rclpy.init()
    node = Node('camera')
    picture = np.load(node.declare_parameter('picture', '').value)
    publisher = node.create_publisher(Image, 'image', 10)

    def publish() -> None:
        msg = encode(Image(), picture)
        msg.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(msg)

    node.create_timer(0.05, publish)
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)


if __name__ == '__main__':
    main()
