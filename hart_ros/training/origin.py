# SPDX-License-Identifier: Apache-2.0
"""Where a result comes from: the commit, the machine, the versions."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import torch

from hart_ros import __version__


def origin() -> dict[str, str]:
    """What to write beside every measured figure."""
    return {
        'commit': _commit(),
        'version': __version__,
        'machine': f'{_processor()}, {torch.get_num_threads()} threads',
        'torch': torch.__version__,
    }


def _commit() -> str:
    """The checkout's commit; '+changes' where the package differs from it; '' if installed."""
    package = Path(__file__).resolve().parent.parent
    try:
        call = ['git', '-C', str(package), 'describe', '--always', '--abbrev=10', '--exclude=*']
        commit = subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run(
            ['git', '-C', str(package), 'status', '--porcelain', '--untracked-files=no', '*.py'],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ''
    return f'{commit}+changes' if changed else commit


def _processor() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()
