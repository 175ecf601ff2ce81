# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker node seen from outside, and a camera for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from processes import again

SIZE = (160, 120)  # width, height
BOX = (60.0, 40.0, 32.0, 24.0)
PERIOD_NS = 50_000_000
_stamps = itertools.count(1_000_000_000_000, PERIOD_NS)


def picture(seed: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return a BGR image, another one for every seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    repeats = (-(-size[1] // 8), -(-size[0] // 8), 1)
    return np.ascontiguousarray(np.kron(coarse, np.ones(repeats, np.uint8))[: size[1], : size[0]])


class Camera:
    """Publishes images whose stamps rise by 50 ms from image to image, over all cameras."""

    def __init__(self, publisher: Any, frame_id: str = 'camera') -> None:
        self._publisher = publisher
        self.frame_id = frame_id

    def image(self, pixels: np.ndarray, stamp_ns: int | None = None) -> Any:
        """Return a message; with the next stamp, unless one is given."""
        from sensor_msgs.msg import Image

        from hart_ros.nodes.image_codec import encode

        msg = encode(Image(), pixels)
        msg.header.frame_id = self.frame_id
        stamp_ns = next(_stamps) if stamp_ns is None else stamp_ns
        msg.header.stamp.sec, msg.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        return msg

    def publish(self, pixels: np.ndarray | None = None, stamp_ns: int | None = None) -> int:
        """Publish an image and return its stamp in nanoseconds."""
        msg = self.image(picture(0) if pixels is None else pixels, stamp_ns)
        self._publisher.publish(msg)
        return stamp_of(msg)

    def send(self, msg: Any) -> None:
        """Publish a message as it is."""
        self._publisher.publish(msg)

    @staticmethod
    def skip(periods: int) -> None:
        """Let time pass in the stamps."""
        next(itertools.islice(_stamps, periods, periods), None)


def stamp_of(msg: Any) -> int:
    """Return a message's stamp in nanoseconds."""
    return msg.header.stamp.sec * 1_000_000_000 + msg.header.stamp.nanosec


class Hart:
    """The running node, seen from outside."""

    def __init__(self, process: Any, peer: Any, name: str = '/hart') -> None:
        from diagnostic_msgs.msg import DiagnosticArray
        from std_srvs.srv import SetBool, Trigger
        from vision_msgs.msg import Detection2D

        self.process, self.peer, self.name = process, peer, name
        peer.client(Trigger, f'{name}/reset')  # well before they are called
        peer.client(SetBool, f'{name}/enable')
        self.detections = peer.collect(Detection2D, f'{name}/detection')
        self._diagnostics: list[Any] = []
        peer.node.create_subscription(DiagnosticArray, '/diagnostics', self._note, 100)
        self._boxes = peer.publisher(Detection2D, f'{name}/init_box')
        peer.wait_for(lambda: self._diagnostics, what='diagnostics')

    def send_box(
        self,
        box: tuple[float, ...] = BOX,
        stamp_ns: int = 0,
        target_id: str = 'it',
        frame_id: str = '',
    ) -> None:
        """Publish a box on ~/init_box."""
        from vision_msgs.msg import Detection2D

        x, y, w, h = box
        msg = Detection2D(id=target_id)
        msg.header.frame_id = frame_id
        msg.header.stamp.sec, msg.header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
        msg.bbox.center.position.x, msg.bbox.center.position.y = x + w / 2, y + h / 2
        msg.bbox.size_x, msg.bbox.size_y = float(w), float(h)
        self._boxes.publish(msg)

    def _note(self, msg: Any) -> None:
        if msg.status[0].name == f'{self.name.lstrip("/")}: tracker':  # there may be other nodes
            self._diagnostics.append(msg)

    def values(self) -> dict[str, str]:
        """Return what the newest diagnostics say, message and level included."""
        status = self._diagnostics[-1].status[0]
        values = {pair.key: pair.value for pair in status.values}
        level = int.from_bytes(status.level, 'little')
        return {**values, 'message': status.message, 'level': str(level), 'name': status.name}

    def wait_for_values(self, condition: Callable[[dict[str, str]], Any], what: str) -> dict:
        """Wait for diagnostics, published from now on, of which the condition is true."""
        self._diagnostics[:] = self._diagnostics[-1:]
        try:
            self.peer.wait_for(
                lambda: len(self._diagnostics) > 1 and condition(self.values()), what=what
            )
        except AssertionError as error:
            raise AssertionError(f'{error}; {self.values()}') from None
        return self.values()

    def count(self, name: str) -> int:
        """Return a frame counter of the newest diagnostics."""
        return int(self.values()[f'frames_{name}'])

    def wait_for_detection(self, stamp_ns: int) -> Any:
        """Wait for the detection of this stamp and return it."""
        return self.peer.wait_for(
            lambda: next((d for d in self.detections if stamp_of(d) == stamp_ns), None),
            what=f'detection of {stamp_ns}; there are {[stamp_of(d) for d in self.detections]}',
        )

    def track(self, camera: Camera, box: tuple[float, ...] = BOX, target_id: str = 'it') -> None:
        """Start on a box in a new image, and come to where its detections are published.

        The box is sent again every 10 s: what goes out before both sides have found each other is
        lost, be it the first image, or the detections until an untrained network loses its target.
        """
        send = again(lambda stamp: self.send_box(box, stamp, target_id))

        def tracked() -> bool:
            send(camera.publish())
            self.peer.spin(0.05)
            return any(d.id == target_id for d in self.detections)

        try:
            self.peer.wait_for(tracked, what=f'detections of {target_id}')
        except AssertionError as error:
            raise AssertionError(f'{error}; {self.values()}; {self.process.output}') from None

    def call(self, service: str, data: bool | None = None) -> Any:
        """Call ~/reset, or with data ~/enable."""
        from std_srvs.srv import SetBool, Trigger

        if data is None:
            return self.peer.call(Trigger, f'{self.name}/{service}')
        return self.peer.call(SetBool, f'{self.name}/{service}', SetBool.Request(data=data))

    def set(self, parameter: str, value: Any) -> Any:
        """Set a parameter; return the result."""
        return self.peer.set_parameter(self.name, parameter, value)

    def start_afresh(self) -> None:
        """Bring node and test into the state of the beginning."""
        assert self.process.process.poll() is None, self.process.output
        self.call('enable', True)
        self.call('reset')
        self.peer.spin_once(0.0)
        self.detections.clear()
