# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The node select_box as a process: images come in, a mouse draws, a box goes out."""

from __future__ import annotations

import re
import signal
import time

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')
pytest.importorskip('tkinter', reason='needs Tk: sudo apt install python3-tk')

import cv2
from sensor_msgs.msg import CompressedImage, Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2D

from hart_ros.nodes.image_codec import encode

NODE = 'hart_ros.nodes.select_box_node'
SIZE = (700, 300)  # shown as it is: not enlarged, and smaller than the screen


class Camera:
    """Publishes at about 20 Hz while the test waits; remembers the stamps."""

    def __init__(self, peer, compressed: bool = False) -> None:
        kind = CompressedImage if compressed else Image
        topic = 'camera/compressed' if compressed else 'camera'
        self._compressed = compressed
        self._publisher = peer.node.create_publisher(kind, topic, 5)
        self._pixels = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
        self.stamps: list[tuple[int, int]] = []
        self._timer = peer.node.create_timer(0.05, self.publish)

    def publish(self) -> None:
        if self._compressed:
            data = cv2.imencode('.jpg', self._pixels)[1].tobytes()
            message = CompressedImage(format='jpeg', data=data)
        else:
            message = encode(Image(), self._pixels)
        message.header.frame_id = 'camera'
        stamp = message.header.stamp
        stamp.sec, stamp.nanosec = 1000 + len(self.stamps), 7
        self.stamps.append((stamp.sec, stamp.nanosec))
        self._publisher.publish(message)


def corner(message: Detection2D) -> tuple[float, float, float, float]:
    box = message.bbox
    x, y = box.center.position.x - box.size_x / 2, box.center.position.y - box.size_y / 2
    return x, y, box.size_x, box.size_y


@pytest.fixture
def start_window(start_node, virtual_display):
    def start(*arguments: str):
        return start_node(NODE, '-r', 'image:=camera', *arguments, DISPLAY=virtual_display)

    return start


@pytest.mark.parametrize('transport', ['raw', 'compressed'])
def test_a_box_goes_out_with_the_stamp_of_its_frame(start_window, peer, user, transport):
    camera = Camera(peer, transport == 'compressed')
    boxes = peer.collect(Detection2D, 'hart/init_box')
    resets = []

    def reset(_, response):
        resets.append(response)
        response.message = 'forgot it'
        return response

    peer.node.create_service(Trigger, 'hart/reset', reset)
    with start_window('-p', f'image_transport:={transport}') as node:

        def draw() -> list:
            # Without a window manager its corner is that of the screen.
            user('mousemove', 100, 50, 'mousedown', 1, 'mousemove', 120, 60)
            before = len(camera.stamps)
            peer.spin(0.5)  # in which the image stands still
            assert len(camera.stamps) > before
            user('mousemove', 199, 149, 'mouseup', 1)
            peer.spin(0.2)
            draw.pressed_at = before
            return boxes

        peer.wait_for(draw, what='a box')
        assert corner(boxes[-1]) == (100, 50, 100, 100)
        header = boxes[-1].header
        assert header.frame_id == 'camera'
        shown = camera.stamps.index((header.stamp.sec, header.stamp.nanosec))
        assert shown <= draw.pressed_at  # drawn on the frame that stood when the button went down
        assert shown >= draw.pressed_at - 10

        def press_r() -> list:
            user('key', 'r')
            peer.spin(0.2)
            return resets

        peer.wait_for(press_r, what='the reset')
        node.wait_for_output('tracker: forgot it')
        user('key', 'q')
        assert node.wait() == 0
        assert not re.search('Traceback|Error', node.output)


def test_it_says_what_is_missing(start_window, peer, user):
    camera = Camera(peer)
    with start_window() as node:
        peer.wait_for(lambda: len(camera.stamps) > 5)

        def said(pattern: str, *what: object) -> bool:
            user(*what)
            peer.spin(0.2)
            return re.search(pattern, node.output) is not None

        drag = ('mousemove', 100, 50, 'mousedown', 1, 'mousemove', 199, 149, 'mouseup', 1)
        peer.wait_for(lambda: said(r'nobody listens on /hart/init_box: start tracker_node', *drag))
        peer.wait_for(lambda: said('no service /hart/reset: start tracker_node', 'key', 'r'))
        assert node.stop(signal.SIGINT) == 0
        assert 'Traceback' not in node.output


def test_a_box_that_is_not_taken_is_said(start_window, peer, user):
    """A tracker that takes no box, and then one that takes each."""
    camera = Camera(peer)
    boxes, takes = [], False
    detections = peer.node.create_publisher(Detection2D, 'hart/detection', 1)

    def on_box(box: Detection2D) -> None:
        boxes.append(box)
        if takes:
            detections.publish(box)

    peer.node.create_subscription(Detection2D, 'hart/init_box', on_box, 10)
    with start_window() as node:
        peer.wait_for(lambda: len(camera.stamps) > 5 and detections.get_subscription_count())

        def draw_until(count: int) -> None:
            def drawn() -> bool:
                user('mousemove', 100, 50, 'mousedown', 1, 'mousemove', 199, 149, 'mouseup', 1)
                peer.spin(0.3)
                return len(boxes) >= count

            peer.wait_for(drawn, what='a box')

        refusal = r'no detection follows.*/diagnostics'
        draw_until(1)
        peer.wait_for(lambda: re.search(refusal, node.output), what='the warning')
        takes = True
        said = len(re.findall(refusal, node.output))
        draw_until(len(boxes) + 1)
        peer.spin(3.0)  # longer than it waits for a detection
        assert len(re.findall(refusal, node.output)) == said
        assert len({box.id for box in boxes}) == len(boxes)
        assert node.stop(signal.SIGINT) == 0
        assert 'Traceback' not in node.output


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [((), 'display.*ssh -X'), (('-p', 'image_transport:=theora'), "image_transport: 'theora'")],
)
def test_headless_or_wrong_it_says_why_and_ends_with_1(start_node, arguments, says):
    started = time.monotonic()
    with start_node(NODE, *arguments, DISPLAY='') as node:
        assert node.wait() == 1
        assert re.search(says, node.output)
        assert 'Traceback' not in node.output
    assert time.monotonic() - started < 30
