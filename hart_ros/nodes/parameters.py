# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker node's parameters: one table that says everything about each of them."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter

from hart_ros.tracking.target_state import Limits
from hart_ros.tracking.types import BACKENDS, BoxXYWH

NO_BOX = (0.0, 0.0, 0.0, 0.0)


class ParameterError(ValueError):
    """A value that the node cannot start with; the message names the parameter."""


@dataclass(frozen=True)
class Spec:
    """One parameter."""

    default: Any
    description: str
    range: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    fixed: bool = False  # takes effect when the node is configured
    read_only: bool = False


SPECS: dict[str, Spec] = {
    'autostart': Spec(
        True,
        'Configure and activate at the start. False: a lifecycle manager does',
        read_only=True,
    ),
    'image_transport': Spec(
        'raw',
        'raw: sensor_msgs/Image on the topic `image`; compressed: sensor_msgs/CompressedImage on '
        '`image` + "/compressed"',
        choices=('raw', 'compressed'),
        fixed=True,
    ),
    'device': Spec(
        'auto',
        'Where the network runs. auto: CUDA where there is one',
        choices=('auto', 'cpu', 'cuda'),
        fixed=True,
    ),
    'backend': Spec(
        'auto',
        'What computes. auto: ONNX Runtime where it is installed and `device` is the CPU, else '
        'torch. int8: ONNX Runtime, most of it in 8-bit integers: faster, boxes are a little off',
        choices=BACKENDS,
        fixed=True,
    ),
    'threads': Spec(
        1,
        'CPU threads of the network; it is small, one is the fastest on most machines. '
        "0: torch's choice",
        range=(0, 256),
        fixed=True,
    ),
    'weights': Spec('', 'Path of a .safetensors file. Empty: the shipped weights', fixed=True),
    'init_box': Spec(
        list(NO_BOX),
        'Track this box (x, y, width, height in pixels; x, y: top left corner) from the next image '
        'on, once. All 0: none',
    ),
    'restore_state': Spec(
        '',
        'Path of a .safetensors file that the targets are saved to, once a second and at the end, '
        'and resumed from at the next start, in place of init_box. Empty: none. Each node needs '
        'its own',
        fixed=True,
    ),
    'restore_max_age': Spec(
        30.0,
        "Targets are not resumed that were last seen more seconds ago, by the system's clock. "
        '0: at any age',
        range=(0.0, 1e9),
        fixed=True,
    ),
    'max_targets': Spec(
        8, 'So many targets at most, that of ~/init_box and those of ~/init_boxes', range=(1, 256)
    ),
    'lost_score': Spec(
        Limits.lost_score,
        'Below it a score is low: the target is UNCERTAIN at once, and LOST when that lasts',
        range=(0.0, 1.0),
    ),
    'lost_share': Spec(
        Limits.lost_share,
        "Below this share of the target's usual score a score is low as well",
        range=(0.0, 1.0),
    ),
    'found_score': Spec(
        Limits.found_score,
        'From it on a score is high: an UNCERTAIN target is TRACKING at once, a LOST one when that '
        'lasts. What is low is never high',
        range=(0.0, 1.0),
    ),
    'found_share': Spec(
        Limits.found_share,
        "Below this share of the target's usual score a score is not high",
        range=(0.0, 1.0),
    ),
    'lost_after': Spec(
        Limits.lost_after, 'Seconds of low scores until the target is LOST', range=(0.0, 60.0)
    ),
    'found_after': Spec(
        Limits.found_after,
        'Seconds of high scores until a LOST target is TRACKING',
        range=(0.0, 60.0),
    ),
    'give_up_after': Spec(
        Limits.give_up_after,
        'Seconds for which a LOST target is looked for; then a new box is waited for. A pause '
        'between frames counts as at most 0.5 s. 0: for ever',
        range=(0.0, 86_400.0),
    ),
    'buffer_seconds': Spec(
        2.0,
        'Frames of this time are kept, for boxes that arrive late. 0: the newest frame only',
        range=(0.0, 60.0),
    ),
    'buffer_megabytes': Spec(
        200.0, 'The kept frames take at most this much memory', range=(0.0, 100_000.0)
    ),
    'stamp_tolerance': Spec(
        0.02,
        'A box without a frame of exactly its stamp belongs to the nearest, at most this many '
        'seconds away',
        range=(0.0, 10.0),
    ),
    'debug_image_width': Spec(
        0,
        'Wider debug images are made this wide, in pixels, to spare the network. 0: as the camera',
        range=(0, 16384),
    ),
    'glimpse_height': Spec(
        256, 'Height in pixels of the images on ~/glimpse; they are twice as wide', range=(16, 2048)
    ),
    'trail_length': Spec(
        50, 'Past positions drawn into the debug image. 0: none', range=(0, 10_000)
    ),
}


def problem(name: str, value: Any) -> str:
    """Return why a parameter cannot have this value, or ''; what it lacks and what to give."""
    spec = SPECS[name]
    if name == 'init_box':
        return _box_problem(value)
    if isinstance(spec.default, bool):
        return '' if isinstance(value, bool) else f'{name}: {value!r} is neither true nor false'
    if isinstance(spec.default, str):
        if not isinstance(value, str):
            return f'{name}: {value!r} is no text'
        if spec.choices and value not in spec.choices:
            return f'{name}: {value!r} is none of {", ".join(spec.choices)}'
        # Whatever else it was would be overwritten.
        if name == 'restore_state' and value and Path(value).suffix != '.safetensors':
            return f'{name}: {value}: give a name that ends in .safetensors'
        return ''
    kinds = (int,) if isinstance(spec.default, int) else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool):
        return f'{name}: {value!r} is no {"whole number" if kinds == (int,) else "number"}'
    assert spec.range is not None
    low, high = spec.range
    if not low <= value <= high:  # NaN too
        return f'{name}: {value:g} is not in {low:g} to {high:g}'
    return ''


def _box_problem(value: Any) -> str:
    try:
        x, y, w, h = (float(number) for number in value)
    except (TypeError, ValueError):
        return f'init_box: {value!r} is no list of four numbers x, y, width, height'
    if not all(math.isfinite(number) for number in (x, y, w, h)):
        return 'init_box: x, y, width, height must be finite'
    if (x, y, w, h) != NO_BOX and (w <= 0 or h <= 0):
        return f'init_box: width {w:g} and height {h:g} must be positive (all four 0: no box)'
    return ''


def as_box(value: Any) -> BoxXYWH | None:
    """Return a checked `init_box` as x, y, w, h, or None for no box."""
    x, y, w, h = (float(number) for number in value)
    return None if (x, y, w, h) == NO_BOX else (x, y, w, h)


def declare(node: Node) -> dict[str, Any]:
    """Declare all parameters and return their values.

    Raises:
        ParameterError: a value given at the start is not valid.
    """
    values = {}
    for name, spec in SPECS.items():
        try:
            values[name] = node.declare_parameter(name, spec.default, _descriptor(spec)).value
        except ParameterException as error:
            raise ParameterError(f'{name}: {error}') from error
        reason = problem(name, values[name])
        if reason:
            raise ParameterError(reason)
    return values


def misspelt(node: Node) -> list[str]:
    """Return a line for each parameter that was given, is none, and is nearly the name of one.

    Others are none of ours to judge: a file may hold parameters for many nodes.
    """
    known = list(node.get_parameters_by_prefix(''))
    given = set(getattr(node, '_parameter_overrides', ()))  # rclpy has no other way to ask
    near = {name: difflib.get_close_matches(name, known, 1, 0.8) for name in given - set(known)}
    return [
        f'{name}: no such parameter, so it has no effect; did you mean {names[0]}?'
        for name, names in sorted(near.items())
        if names
    ]


def watch(
    node: Node,
    values: dict[str, Any],
    is_configured: Callable[[], bool],
    apply: Callable[[Mapping[str, Any]], None],
) -> None:
    """Check parameters that are set at run time; keep the valid ones in `values`, then `apply`."""

    def refusal(name: str, value: Any) -> str:
        reason = problem(name, value)
        if not reason and SPECS[name].fixed and value != values[name] and is_configured():
            return f'{name}: the node is configured with it; clean it up first (ros2 lifecycle set)'
        return reason

    def on_set(parameters: list[Parameter]) -> SetParametersResult:
        ours = {p.name: p.value for p in parameters if p.name in SPECS}
        for name, value in ours.items():
            reason = refusal(name, value)
            if reason:
                return SetParametersResult(successful=False, reason=reason)
        values.update(ours)
        apply(ours)
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(on_set)


def _descriptor(spec: Spec) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=spec.description, read_only=spec.read_only)
    # `-p buffer_seconds:=2` and init_box:=[1, 2, 3, 4] are integers to ROS: both types are taken.
    descriptor.dynamic_typing = isinstance(spec.default, (float, list))
    if spec.choices:
        descriptor.additional_constraints = 'one of ' + ', '.join(spec.choices)
    if spec.range is not None:
        low, high = spec.range
        if isinstance(spec.default, int):
            limits = IntegerRange(from_value=int(low), to_value=int(high), step=1)
            descriptor.integer_range = [limits]
        else:
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    return descriptor
