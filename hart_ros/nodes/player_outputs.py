# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the player publishes of each frame: image, camera, first box, ground truth, clock."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Time as TimeMsg
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D

from hart_ros.data.bag import BagFrame
from hart_ros.data.source import BoxXYWH, Source, SourceFrame, first_box
from hart_ros.nodes import image_codec
from hart_ros.nodes.boxes import box_message
from hart_ros.nodes.player_parameters import PlayerSettings
from hart_ros.nodes.qos import overridable, override_errors


@dataclass(frozen=True)
class Target:
    """The track that is shown: where it begins, and whether others can be told where it is."""

    index: int  # frame of the first box
    box: BoxXYWH  # x, y, w, h, pixels
    track_id: int | None  # None: not annotated, the box is all there is
    chosen: bool  # the box was given by hand

    @property
    def name(self) -> str:
        """`id` in messages."""
        return '0' if self.track_id is None else str(self.track_id)


def find_target(source: Source, settings: PlayerSettings) -> Target | None:
    """Choose track and first box; None where nobody knows a box.

    Raises:
        ValueError: no such track, or its first box lies behind the last frame that is played.
    """
    if source.track_ids:
        index, track_id, box = first_box(source, settings.track_id)
        target = Target(index, box, track_id, chosen=False)
    elif settings.track_id is not None:
        raise ValueError(f'track_id: {source.name} has no tracks; leave it out, give init_box')
    else:
        target = None
    if settings.init_box is not None:
        target = Target(0, settings.init_box, target.track_id if target else None, chosen=True)
    if target is not None and 0 < settings.frames <= target.index:
        raise ValueError(f'frames: the first box is in frame {target.index + 1}; play more')
    return target


class Outputs:
    """The publishers of the player."""

    def __init__(self, node: Node, source: Source, settings: PlayerSettings) -> None:
        self.target = find_target(source, settings)
        self._node = node
        self._source = source
        self._settings = settings
        self._had_listener = False
        self._box_is_due = False  # a tracker came after the first box was sent
        self._lap_began = 1.0  # sim time, seconds: a stamp of zero would mean "no stamp"
        self._lap_ends = 1.0
        self.image = _camera_publisher(node, Image, 'image')
        # Beside the images wherever those are remapped to, as image_transport looks for it.
        beside = self.image.topic_name.rpartition('/')[0] + '/camera_info'
        self._info = _camera_publisher(node, CameraInfo, beside)
        self._truth = node.create_publisher(Detection2D, '~/ground_truth', 10)
        sends = settings.publish_init and self.target is not None
        self.init = node.create_publisher(Detection2D, settings.init_topic, 1) if sends else None
        self._clock = node.create_publisher(Clock, '/clock', 10) if settings.publish_clock else None

    def publish(self, frame: SourceFrame) -> None:
        """Publish everything about a frame, with one header."""
        recorded = frame.frame_id if isinstance(frame, BagFrame) else ''
        frame_id = self._settings.frame_id or recorded or 'camera'
        header = Header(stamp=self._stamp(frame), frame_id=frame_id)
        if self._clock is not None:
            self._clock.publish(Clock(clock=header.stamp))
        # The image comes last, so that a tracker starts on the box at once.
        self._send_box(frame, header)
        height, width = frame.image.shape[:2]
        self._info.publish(camera_info(header, width, height, self._source.camera_matrix))
        truth = self._true_box(frame)
        if truth is not None and self.target is not None:
            self._truth.publish(box_message(header, truth, self.target.name))
        self.image.publish(image_codec.encode(Image(header=header), frame.image))

    def flush(self, seconds: float = 2.0) -> None:
        """Let slow subscribers have the last frames."""
        with contextlib.suppress(RuntimeError):  # some middlewares cannot tell
            for publisher in (self.image, self._info, self._truth):
                publisher.wait_for_all_acked(Duration(seconds=seconds))

    def missing_subscribers(self, wanted: int) -> str:
        """Say who is missing until `wanted` listen to the images and one to the box, or ''."""
        missing = []
        found = self.image.get_subscription_count()
        if found < wanted:
            missing.append(f'{wanted - found} more subscriber(s) of {self.image.topic_name}')
        if wanted and self.init is not None and not self.init.get_subscription_count():
            missing.append(f'a subscriber of {self.init.topic_name}')
        return ' and '.join(missing)

    def _stamp(self, frame: SourceFrame) -> TimeMsg:
        if self._clock is None:
            return self._node.get_clock().now().to_msg()
        if frame.index == 0:  # when the source starts over, time goes on
            self._lap_began = self._lap_ends
        self._lap_ends = self._lap_began + frame.stamp + 1 / self._source.fps
        return Time(nanoseconds=round((self._lap_began + frame.stamp) * 1e9)).to_msg()

    def _send_box(self, frame: SourceFrame, header: Header) -> None:
        """Send the box of the frame where the track begins; to a late tracker, the present one."""
        if self.init is None or self.target is None:
            return
        listens = self.init.get_subscription_count() > 0
        self._box_is_due |= listens and not self._had_listener
        self._had_listener = listens
        if frame.index == self.target.index:
            box: BoxXYWH | None = self.target.box
        elif self._box_is_due and not self.target.chosen:
            box = self._true_box(frame)
        else:
            return
        if box is not None:
            self.init.publish(box_message(header, box, self.target.name))
            self._box_is_due = False

    def _true_box(self, frame: SourceFrame) -> BoxXYWH | None:
        if self.target is None or self.target.track_id is None:
            return None
        return frame.boxes.get(self.target.track_id)


def _camera_publisher(node: Node, kind: type, topic: str) -> Publisher:
    # Reliable, so that both kinds of subscriber hear it; shallow, as old frames help nobody.
    qos = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
    policies = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY)
    with override_errors():
        return node.create_publisher(kind, topic, qos, qos_overriding_options=overridable(policies))


def camera_info(
    header: Header, width: int, height: int, projection: np.ndarray | None
) -> CameraInfo:
    """Describe a rectified camera.

    Args:
        header: of its image.
        width: of the image, pixels.
        height: of the image, pixels.
        projection: (3, 4) matrix P, pixels, as KITTI gives it. None leaves K and P zero, which
            says "not calibrated" (sensor_msgs/CameraInfo).
    """
    info = CameraInfo(header=header, width=width, height=height)
    info.distortion_model, info.d = 'plumb_bob', [0.0] * 5
    info.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    if projection is not None:
        info.k = [float(value) for value in projection[:, :3].ravel()]
        info.p = [float(value) for value in projection.ravel()]
    return info
