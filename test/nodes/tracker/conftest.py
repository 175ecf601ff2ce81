# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker node for the tests here; see tracker_fixtures.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))  # for tracker_harness, here and in the tests

from tracker_fixtures import camera, hart, run_tracker, shared_tracker, weights  # noqa: F401
