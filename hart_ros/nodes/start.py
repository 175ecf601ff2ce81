# SPDX-License-Identifier: Apache-2.0
"""What both executables do first."""

from __future__ import annotations

from collections.abc import Sequence

import rclpy


class ArgumentsError(ValueError):
    """Arguments or a parameter file that ROS cannot read; the message names them."""


def init_ros(args: Sequence[str] | None) -> None:
    """Initialise rclpy; None takes the arguments of the process.

    Raises:
        ArgumentsError: instead of the RuntimeError, which a signal may cause as well.
    """
    try:
        rclpy.init(args=list(args) if args is not None else None)
    except RuntimeError as error:
        # As "failed to initialize rcl: Couldn't parse ..., at FILE:LINE, at FILE:LINE".
        reason = str(error).removeprefix('failed to initialize rcl: ').partition(', at /')[0]
        raise ArgumentsError(f'ROS arguments not understood: {reason}') from error
