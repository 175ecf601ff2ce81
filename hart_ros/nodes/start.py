# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How all executables start, and how they end."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.logging import get_logger
from rclpy.utilities import remove_ros_args

# The page is in the repository alone; an installed package has none.
MORE = (
    'Topics and services: ros2 node info. Parameters: ros2 param describe. All of them: '
    'docs/reference.md in the repository'
)


class ArgumentsError(ValueError):
    """Arguments or a parameter file that cannot be read; the message names them."""


def run(
    work: Callable[[contextlib.ExitStack], int],
    name: str,
    args: Sequence[str] | None,
    about: str | None,
    refusals: tuple[type[Exception], ...],
) -> int:
    """Run an executable until it ends, or Ctrl-C, SIGTERM or a shutdown from elsewhere end it.

    Args:
        work: called once ROS is initialised, with a stack for what is to be closed in the end;
            returns the exit status.
        name: of the logger.
        args: None takes the arguments of the process.
        about: printed for --help.
        refusals: errors that users can mend: their message is logged, without a traceback.

    Returns:
        The exit status: 0 as well where a signal ended it, 1 after a refusal.

    Raises:
        SystemExit: after --help.
    """
    interrupt = _Interrupt()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    with contextlib.ExitStack() as closing:
        closing.callback(rclpy.try_shutdown)
        try:
            _init_ros(args, about)
            interrupt.ros_takes_it = True
            return work(closing)
        except (KeyboardInterrupt, ExternalShutdownException):
            return 0
        except ArgumentsError as error:
            return _refused(name, error)
        except refusals as error:
            if rclpy.ok():
                return _refused(name, error)
        except Exception:
            if rclpy.ok():
                raise
    return 0  # a signal shut ROS down in the middle of a call, which failed for that


def _refused(name: str, error: Exception) -> int:
    get_logger(name).fatal(' '.join(str(error).split()))
    return 1


class _Interrupt:
    """Ctrl-C is a KeyboardInterrupt until rclpy takes it as it takes SIGTERM: it shuts ROS down.

    A KeyboardInterrupt besides would strike anywhere: in an import that swallows it, in what Python
    runs by `exec`, after which the exit status is SIGINT's, or while everything is being closed.
    """

    def __init__(self) -> None:
        self.ros_takes_it = False

    def __call__(self, *_: object) -> None:
        if not self.ros_takes_it:
            raise KeyboardInterrupt


def _init_ros(args: Sequence[str] | None, about: str | None) -> None:
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
