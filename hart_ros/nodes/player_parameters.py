# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The parameters of the player: declared with descriptions and ranges, read once, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from hart_ros.data.parsing import parse_box, parse_size
from hart_ros.data.source import BoxXYWH

MIN_RATE, MAX_RATE = 0.001, 1000.0  # Hz


@dataclass(frozen=True)
class PlayerSettings:
    """What to play and how; see `declare` for the meaning of each."""

    source: str
    sequence: str
    size: tuple[int, int] | None  # width, height, pixels
    frames: int
    rate: float  # Hz; 0: the source's
    loop: bool
    start_paused: bool
    wait_for_subscribers: int
    exit_at_end: bool
    track_id: int | None
    init_box: BoxXYWH | None  # x, y, w, h, pixels
    init_topic: str
    publish_init: bool
    publish_clock: bool
    frame_id: str


def declare(node: Node) -> PlayerSettings:
    """Declare all parameters of the player on a node and return their values.

    Raises:
        ValueError: a value makes no sense; the message names the parameter.
        rclpy.exceptions.ParameterException: a value has another type or lies out of its range.
    """

    def add(name: str, default: Any, description: str, **fields: Any) -> Any:
        fields.setdefault('read_only', True)
        descriptor = ParameterDescriptor(name=name, description=description, **fields)
        return node.declare_parameter(name, default, descriptor).value

    return PlayerSettings(
        source=add(
            'source',
            'synthetic',
            'What to play: a video file, a bag, a folder (images, video.mp4 with boxes.csv, KITTI '
            'tracking, KITTI raw, OTB), or synthetic[:SEED].',
        ),
        sequence=_sequence(
            # Dynamic: on a command line 0003 is a number.
            add(
                'sequence',
                '',
                'Sequence to play where the source holds several: 0003 of KITTI tracking, or the '
                'topic of the images in a bag.',
                dynamic_typing=True,
            )
        ),
        size=_size(add('size', '', 'Size of synthetic frames, as 640x192. Empty: that of KITTI.')),
        frames=add(
            'frames',
            0,
            'Play only so many frames; a synthetic drive may be longer too. 0: all.',
            integer_range=[IntegerRange(from_value=0, to_value=2**31 - 1, step=1)],
        ),
        rate=check_rate(
            add(
                'rate',
                0.0,
                'Frames a second. 0: the rate of the source. May be changed while playing.',
                read_only=False,
                dynamic_typing=True,  # rate:=10 is as good as rate:=10.0
                floating_point_range=[FloatingPointRange(from_value=0.0, to_value=MAX_RATE)],
            )
        ),
        loop=add(
            'loop',
            False,
            'Start over at the end, with the first box. May be changed while playing.',
            read_only=False,
        ),
        start_paused=add('start_paused', False, 'Wait for the service ~/play.'),
        wait_for_subscribers=add(
            'wait_for_subscribers',
            0,
            'Play no frame until so many subscribers listen to the images, and one to the box '
            'if there is one to send.',
            integer_range=[IntegerRange(from_value=0, to_value=100, step=1)],
        ),
        exit_at_end=add(
            'exit_at_end', False, 'End the node after the last frame; otherwise ~/restart works.'
        ),
        track_id=_track(
            add('track_id', -1, 'Track whose box is sent. -1: the first one of the source.')
        ),
        init_box=parse_box(
            add(
                'init_box',
                [0.0, 0.0, 0.0, 0.0],
                'Box x, y, w, h in pixels of the first frame, sent in place of the one that the '
                'source knows. All 0: that of the source.',
                dynamic_typing=True,  # whole numbers or not
            ),
            'init_box',
        ),
        init_topic=add('init_topic', 'hart/init_box', 'Topic of the first box.'),
        publish_init=add('publish_init', True, 'Whether to send the first box.'),
        publish_clock=add(
            'publish_clock',
            False,
            "Publish /clock, and stamp images with the source's time instead of the present.",
        ),
        frame_id=add(
            'frame_id',
            '',
            "Frame of the camera, for header.frame_id. Empty: a bag's own; of others, camera.",
        ),
    )


def check_rate(rate: Any) -> float:
    """Return a rate in Hz. Raises ValueError if it is none."""
    is_number = isinstance(rate, (int, float)) and not isinstance(rate, bool)
    if not is_number or not (rate == 0 or MIN_RATE <= rate <= MAX_RATE):
        raise ValueError(f'rate: {rate!r} is neither 0 (as the source) nor 0.001 to 1000 Hz')
    return float(rate)


def _size(text: str) -> tuple[int, int] | None:
    return parse_size(text, 'size') if text else None


def _sequence(value: Any) -> str:
    return f'{value:04d}' if isinstance(value, int) else str(value)


def _track(value: int) -> int | None:
    return None if value == -1 else value
