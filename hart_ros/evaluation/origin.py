# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Where a result comes from: what to write beside every measured figure."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]


def origin() -> dict[str, Any]:
    """Commit, machine and versions; None for what cannot be known."""
    return {
        'commit': commit(),
        'system': platform.platform(),
        'cpu': _cpu(),
        'cores': os.cpu_count(),
        'python': platform.python_version(),
        'ros_distro': os.environ.get('ROS_DISTRO', 'wheels'),
        **{name: _version(name) for name in ('torch', 'numpy', 'rclpy')},
    }


def commit() -> str | None:
    """The commit of this checkout, with '+changes' if its code differs; None if installed."""
    try:
        # An installed copy may lie in somebody else's repository, such as a workspace.
        _git('ls-files', '--error-unmatch', 'evaluation/origin.py')
        head = _git('rev-parse', '--short=10', 'HEAD')
        changed = _git('status', '--porcelain', '--untracked-files=no', '*.py')
    except (OSError, subprocess.SubprocessError):
        return None
    return f'{head}+changes' if changed else head


def _git(*arguments: str) -> str:
    command = ['git', '-C', str(PACKAGE), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10)
    return done.stdout.strip()


def _cpu() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
