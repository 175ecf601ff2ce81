# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The executable `select_box_node`: a window in which the target is drawn with the mouse.

ros2 run hart_ros select_box_node --ros-args -r image:=/camera/image_raw
ros2 run hart_ros select_box_node --ros-args -r image:=/camera -p image_transport:=compressed

Exit status: 0 after q, the end of the window or Ctrl-C; 1 if there is no display, or an argument
makes no sense.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.logging import get_logger

from hart_ros.apps.window import DisplayError
from hart_ros.nodes.parameters import ParameterError
from hart_ros.nodes.start import ArgumentsError, init_ros

if TYPE_CHECKING:
    from hart_ros.nodes.select_box import SelectBoxNode

PAUSE = 0.01  # seconds between two looks at mouse and images


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until its window is closed; return the exit status."""
    node: SelectBoxNode | None = None
    thread: threading.Thread | None = None
    try:
        init_ros(args, __doc__)
        from hart_ros.nodes.select_box import SelectBoxNode  # now that signals end it quietly

        node = SelectBoxNode()
        thread = threading.Thread(target=_spin, args=(node,))
        thread.start()
        while node.window.is_open and rclpy.ok():
            node.refresh()
            time.sleep(PAUSE)
    except KeyboardInterrupt:
        pass
    except (ArgumentsError, ParameterError, ParameterException, DisplayError) as error:
        get_logger('select_box').fatal(' '.join(str(error).split()))
        return 1
    except Exception:
        if rclpy.ok():
            raise  # else a signal came in the middle of a call
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # under ros2 launch a second one may come
        rclpy.try_shutdown()
        if thread is not None:
            thread.join()
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
