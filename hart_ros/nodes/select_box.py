# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The node `select_box`: the camera's image in a window, where the target is drawn."""

from __future__ import annotations

import time
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2D

from hart_ros.apps.window import BoxWindow
from hart_ros.data.source import BoxXYWH
from hart_ros.nodes import image_codec
from hart_ros.nodes.boxes import box_message, box_of
from hart_ros.nodes.image_codec import ImageError
from hart_ros.nodes.parameters import SPECS, ParameterError
from hart_ros.nodes.qos import ImageSubscription
from hart_ros.nodes.reporting import Reporter

HELP = 'Drag a box around the target.   r: reset   q: quit'
NAME = 'selected'  # `id` of the first target, before the number of the others
REMEMBERED = 1.0  # seconds that a detection stays on the image
PATIENCE = 2.0  # seconds in which a detection follows a box that is taken


class SelectBoxNode(Node):
    """Shows the newest image; publishes a box with the header of the one that it was drawn on.

    The image stands still while the button is down, so that the box fits it. The executor's thread
    receives; `refresh`, called by the thread that made the node, does everything else.
    """

    def __init__(self) -> None:
        """Open the window, then subscribe.

        Raises:
            DisplayError: there is no display for the window.
            ParameterError: the image transport is none.
        """
        super().__init__('select_box')
        self.report = Reporter(self.get_logger())
        transport = self._declare_transport()
        compressed = transport == 'compressed'
        self._decode = image_codec.decode_compressed if compressed else image_codec.decode
        keys = {'r': self._reset, 'q': self.quit}
        self.window = BoxWindow(f'{self.get_fully_qualified_name()}', HELP, self._publish, keys)
        self._newest: Any = None  # message that waits to be shown
        self._shown: Any = None  # header of the image in the window
        self._detection: tuple[float, Detection2D] | None = None  # when it came, and what
        self._sent: tuple[float, str] | None = None  # when, and the `id`; None: nothing is awaited
        self._count = 0  # of boxes sent
        self._boxes = self.create_publisher(Detection2D, 'hart/init_box', 1)
        self._reset_name = self.resolve_service_name('hart/reset')
        self._client = self.create_client(Trigger, self._reset_name)
        self.create_subscription(Detection2D, 'hart/detection', self._on_detection, 1)
        self._images = ImageSubscription(self, transport, self._on_image, self.report)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(0.5, self._images.poll, clock=steady)
        self.window.say(f'waiting for images on {self._images.topic}')

    def refresh(self) -> None:
        """Show what came, and let mouse and keys take effect. Call it often."""
        message = self._newest
        if message is not None and not self.window.dragging:
            self._newest = None
            self._show(message)
        self._look_for_answer()
        self.window.poll()

    def quit(self) -> None:
        """Close the window."""
        self.window.close()

    def _declare_transport(self) -> str:
        spec = SPECS['image_transport']
        allowed = ', '.join(spec.choices)
        descriptor = ParameterDescriptor(
            description=spec.description, read_only=True, additional_constraints=f'one of {allowed}'
        )
        transport = self.declare_parameter('image_transport', spec.default, descriptor).value
        if transport not in spec.choices:
            raise ParameterError(f'image_transport: {transport!r} is none of {allowed}')
        return transport

    def _show(self, message: Any) -> None:
        try:
            image = self._decode(message)
        except ImageError as error:
            self.report.warn(f'image {error.field}', f'image skipped: {error}')
            return
        if self._shown is None:
            self.window.say(HELP)
        self._shown = message.header
        self.window.show(image)
        detection = self._detection
        fresh = detection is not None and time.monotonic() - detection[0] < REMEMBERED
        self.window.mark(box_of(detection[1]) if fresh and detection is not None else None)

    def _publish(self, box: BoxXYWH) -> None:
        if self._shown is None:
            return
        name = self._next_name()
        self._boxes.publish(box_message(self._shown, box, name))
        self._sent = (time.monotonic(), name)
        x, y, w, h = box
        text = f'{w:.0f} x {h:.0f} at {x:.0f}, {y:.0f}'
        if self._boxes.get_subscription_count():
            self._tell(f'sent {text}.   r: reset   q: quit')
        else:
            self._sent = None
            self._tell(f'nobody listens on {self._boxes.topic_name}: start tracker_node, or remap')

    def _next_name(self) -> str:
        """Return an `id` by which detections of this box are told from those of the last."""
        detection = self._detection
        followed = '' if detection is None else detection[1].id
        while True:
            self._count += 1
            name = NAME if self._count == 1 else f'{NAME}_{self._count}'
            if name != followed:  # by a window before this one
                return name

    def _look_for_answer(self) -> None:
        """Say so where the box that was sent is not followed."""
        if self._sent is None:
            return
        when, name = self._sent
        detection = self._detection  # the executor's thread may put another one there
        if detection is not None and detection[1].id == name:
            self._sent = None
        elif time.monotonic() - when > PATIENCE:
            self._sent = None
            self._tell('no detection follows: was the box not taken? /diagnostics says why')

    def _reset(self) -> None:
        self._detection = self._sent = None
        self.window.mark(None)
        if self._client.service_is_ready():
            self._client.call_async(Trigger.Request()).add_done_callback(self._on_reset)
            self._tell(f'reset.   {HELP}')
        else:
            self._tell(f'no service {self._reset_name}: start tracker_node, or remap')

    def _tell(self, text: str) -> None:
        self.window.say(text)
        self.get_logger().info(text.partition('   ')[0])

    # ---- the executor's thread

    def _on_image(self, message: Any) -> None:
        self._newest = message

    def _on_detection(self, message: Detection2D) -> None:
        self._detection = (time.monotonic(), message)

    def _on_reset(self, future: Future) -> None:
        self._detection = None  # one may have come between
        self.get_logger().info(f'tracker: {future.result().message}')
