# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The executable `tracker_node`: follows the target that a box marks.

ros2 run hart_ros tracker_node --ros-args -r image:=/camera/image_raw
ros2 run hart_ros tracker_node --ros-args -p 'init_box:=[412, 180, 96, 64]' -p threads:=2
python -m hart_ros.nodes.tracker_node --ros-args -r image:=/camera/image_raw
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import rclpy
from rclpy.exceptions import ParameterException

from hart_ros.nodes.start import run

if TYPE_CHECKING:
    from hart_ros.nodes.node import TrackerNode


class StartError(RuntimeError):
    """The node cannot start; the message is all that users need to know."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until it is told to end; return the exit code."""
    return run(_track, 'hart', args, __doc__, (StartError,))


def _track(closing: contextlib.ExitStack) -> int:
    node = _create()
    closing.callback(node.destroy_node)
    closing.callback(node.close)
    if node.autostart and not node.start():
        return int(rclpy.ok())  # it has said why, unless it was told to end
    rclpy.spin(node)
    return 0


def _create() -> TrackerNode:
    try:
        # Only now: torch takes seconds to import, and may be missing.
        from hart_ros.nodes.node import TrackerNode
        from hart_ros.nodes.parameters import ParameterError
    except ImportError as error:
        raise StartError(
            f'{error}: install it for {sys.executable}, or activate the environment that has it'
        ) from error
    try:
        return TrackerNode()
    except (ParameterError, ParameterException) as error:
        raise StartError(str(error)) from error


if __name__ == '__main__':
    sys.exit(main())
