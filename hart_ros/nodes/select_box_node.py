# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The executable `select_box_node`: a window in which the target is drawn with the mouse.

ros2 run hart_ros select_box_node --ros-args -r image:=/camera/image_raw
ros2 run hart_ros select_box_node --ros-args -r image:=/camera -p image_transport:=compressed

Exit status: 0 after q, the end of the window or Ctrl-C; 1 if there is no display, or an argument
makes no sense.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor

from hart_ros.apps.window import DisplayError
from hart_ros.nodes.parameters import ParameterError
from hart_ros.nodes.start import run

if TYPE_CHECKING:
    from hart_ros.nodes.select_box import SelectBoxNode

PAUSE = 0.01  # seconds between two looks at mouse and images


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until its window is closed; return the exit status."""
    refusals = (ParameterError, ParameterException, DisplayError)
    return run(_select, 'select_box', args, __doc__, refusals)


def _select(closing: contextlib.ExitStack) -> int:
    from hart_ros.nodes.select_box import SelectBoxNode  # now that signals end it quietly

    node = SelectBoxNode()
    thread = threading.Thread(target=_spin, args=(node,))
    thread.start()
    closing.callback(thread.join)
    closing.callback(rclpy.try_shutdown)  # which ends the thread
    while node.window.is_open and rclpy.ok():
        node.refresh()
        time.sleep(PAUSE)
    return 0


def _spin(node: SelectBoxNode) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        executor.spin()
    except ExternalShutdownException:
        pass
    except Exception:
        if rclpy.ok():
            raise


if __name__ == '__main__':
    sys.exit(main())
