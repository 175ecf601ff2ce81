# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""docs/reference.md tells of the nodes and the launch file as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_reference_is_current(ros_environment: dict[str, str]) -> None:
    script = ROOT / 'docs' / 'make_reference.py'
    done = subprocess.run(
        [sys.executable, str(script), '--check'],
        env=ros_environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f'run python docs/make_reference.py\n{done.stdout}{done.stderr}'
