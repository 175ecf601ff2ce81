# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Real nodes for the tests here; see processes.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

from processes import (  # noqa: F401
    make_peer,
    peer,
    ros_context,
    ros_environment,
    start_node,
)
