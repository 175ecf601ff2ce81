# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Bad parameters of both nodes. Needs ROS."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bad_input import Case, Group


def declared(node: str, **values: Any) -> Callable[[Path], None]:
    """A node that is started with parameters, and declares its own."""

    def give(_: Path) -> None:
        os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'OFF')
        import rclpy
        from rclpy.node import Node
        from rclpy.parameter import Parameter

        from hart_ros.nodes import parameters, player_parameters

        context = rclpy.Context()
        rclpy.init(args=[], context=context)
        try:
            started = Node(
                node,
                context=context,
                parameter_overrides=[Parameter(k, value=v) for k, v in values.items()],
                start_parameter_services=False,
                enable_rosout=False,
            )
            (parameters if node == 'hart' else player_parameters).declare(started)
        finally:
            rclpy.shutdown(context=context)

    return give


def changed(name: str, value: Any) -> Callable[[Path], str]:
    """A parameter that is set while the node runs."""

    def give(_: Path) -> str:
        from hart_ros.nodes.parameters import problem

        return problem(name, value)

    return give


def saved_to(name: str) -> Callable[[Path], None]:
    """A name for `restore_state`."""

    def give(folder: Path) -> None:
        from hart_ros.nodes.keeper import check_file

        (folder / 'folder.safetensors').mkdir()
        check_file(folder / name)

    return give


NAN = float('nan')
TRACKER = Group(
    'Parameters of `tracker_node`',
    'At the start: a fatal line and exit status 1. While it runs `ros2 param set` is refused with '
    'the same reason; that a file cannot be written is said when the node is configured.',
    ValueError,
    'at run time: target, state, the old value',
    (
        Case('text for a number', declared('hart', threads='two'), elide='(?<=threads: ).*'),
        Case('out of range', declared('hart', lost_score=2.0)),
        Case('NaN', changed('lost_score', NAN)),
        Case('no choice', declared('hart', image_transport='theora')),
        Case('no device', declared('hart', device='gpu')),
        Case('no backend', declared('hart', backend='tensorrt')),
        Case('three numbers for a box', declared('hart', init_box=[1.0, 2.0, 3.0])),
        Case('a box with NaN', declared('hart', init_box=[1.0, NAN, 3.0, 4.0])),
        Case('a box without size', declared('hart', init_box=[1.0, 2.0, 0.0, 4.0])),
        Case('`restore_state`: another ending', changed('restore_state', 'targets.json')),
        Case('`restore_state`: no such folder', saved_to('no/targets.safetensors')),
        Case('`restore_state`: a folder', saved_to('folder.safetensors')),
    ),
)
PLAYER = Group(
    'Parameters of `player_node`',
    'As those of the tracker. What `source` names: see videos and folders.',
    Exception,
    'at run time: what is played, the old value',
    (
        Case('a rate below 0', declared('player', rate=-1.0)),
        Case('a rate next to nothing', declared('player', rate=1e-10)),
        Case('a rate that is text', declared('player', rate='fast')),
        Case('a size that is none', declared('player', size='big')),
        Case('a box without size', declared('player', init_box=[1.0, 2.0, 0.0, 4.0])),
    ),
)
GROUPS = (TRACKER, PLAYER)
