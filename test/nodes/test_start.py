# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the executables say before ROS begins."""

from __future__ import annotations

import subprocess
import sys

import pytest
from processes import TIMEOUT

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

NODES = ['tracker_node', 'player_node', 'select_box_node']


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, '-m', f'hart_ros.nodes.{name}', *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)


@pytest.mark.parametrize('name', NODES)
def test_help_says_what_it_does_and_ends(name: str) -> None:
    done = run(name, '--help')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f'The executable `{name}`: ')
    assert f'ros2 run hart_ros {name} --ros-args' in done.stdout


@pytest.mark.parametrize('name', NODES)
def test_arguments_that_ros_would_overlook(name: str) -> None:
    """`ros2 run` without --ros-args -p: the parameter would not be set, silently."""
    done = run(name, 'threads:=2')
    assert done.returncode == 1
    assert 'threads:=2: put --ros-args before it, and -r or -p' in done.stdout + done.stderr
