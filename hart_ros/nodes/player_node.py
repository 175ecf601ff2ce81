# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The executable `player_node`: a recorded or synthetic sequence in place of a camera.

ros2 run hart_ros player_node --ros-args -p source:=drive.mp4 -p loop:=true
"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import rclpy
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger

from hart_ros.nodes.start import init_ros

if TYPE_CHECKING:
    from hart_ros.nodes.player import PlayerNode


def main(args: list[str] | None = None) -> int:
    """Run the player; return the exit status."""
    node: PlayerNode | None = None
    try:
        init_ros(args, __doc__)
        from hart_ros.nodes import player  # now that signals end it quietly

        node = player.PlayerNode()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        # Not until a future completes: Jazzy's rclpy ties a callback more to it each frame.
        while rclpy.ok() and not node.finished.done():
            # Not without end: rclpy misses some signals while it waits and nothing else happens.
            executor.spin_once(timeout_sec=0.5)
        if node.finished.done():
            node.finished.result()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (ValueError, ParameterException, NameValidationException) as error:
        # What was asked for cannot be played; SourceError and ArgumentsError are ValueErrors.
        get_logger('player').fatal(' '.join(str(error).split()))
        return 1
    except Exception:
        if rclpy.ok():
            raise  # else a signal came in the middle of a call
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # under ros2 launch a second one may come
        if node is not None:
            node.close()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
