# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What all executables do first."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import rclpy
from rclpy.utilities import remove_ros_args

# The page is in the repository alone; an installed package has none.
MORE = (
    'Topics and services: ros2 node info. Parameters: ros2 param describe. All of them: '
    'docs/reference.md in the repository'
)


class ArgumentsError(ValueError):
    """Arguments or a parameter file that cannot be read; the message names them."""


def init_ros(args: Sequence[str] | None, about: str | None) -> None:
    """Initialise rclpy, or print `about` for --help; None takes the arguments of the process.

    Raises:
        ArgumentsError: instead of the RuntimeError, which a signal may cause as well; or there are
            arguments that ROS would overlook.
        SystemExit: after --help.
    """
    try:
        others = remove_ros_args(sys.argv if args is None else ['', *args])[1:]
        if '-h' in others or '--help' in others:
            print(f'{about}\n{MORE}')
            raise SystemExit(0)
        if others:
            raise ArgumentsError(f'{others[0]}: put --ros-args before it, and -r or -p; see --help')
        rclpy.init(args=list(args) if args is not None else None)
    except RuntimeError as error:
        # As "failed to initialize rcl: Couldn't parse ..., at FILE:LINE, at FILE:LINE".
        reason = str(error).removeprefix('failed to initialize rcl: ').partition(', at /')[0]
        raise ArgumentsError(f'ROS arguments not understood: {reason}') from error
