# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The executable `player_node`: a recorded or synthetic sequence in place of a camera.

ros2 run hart_ros player_node --ros-args -p source:=drive.mp4 -p loop:=true
"""

from __future__ import annotations

import contextlib
import sys

import rclpy
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.executors import SingleThreadedExecutor

from hart_ros.nodes.start import run


def main(args: list[str] | None = None) -> int:
    """Run the player; return the exit status."""
    # What was asked for cannot be played; a SourceError is a ValueError.
    refusals = (ValueError, ParameterException, NameValidationException)
    return run(_play, 'player', args, __doc__, refusals)


def _play(closing: contextlib.ExitStack) -> int:
    from hart_ros.nodes import player  # now that signals end it quietly

    node = player.PlayerNode()
    closing.callback(node.close)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    # Not until a future completes: Jazzy's rclpy ties a callback more to it each frame.
    while rclpy.ok() and not node.finished.done():
        # Not without end: rclpy misses some signals while it waits and nothing else happens.
        executor.spin_once(timeout_sec=0.5)
    if node.finished.done():
        node.finished.result()
    return 0


if __name__ == '__main__':
    sys.exit(main())
