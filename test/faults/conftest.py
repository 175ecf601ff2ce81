# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The fixtures of test/nodes: these tests too talk to real nodes over DDS."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parents[1] / 'nodes'))
sys.path.append(str(Path(__file__).parents[1] / 'nodes' / 'tracker'))

from processes import (  # noqa: F401
    make_peer,
    peer,
    ros_context,
    ros_environment,
    start_node,
)
from tracker_fixtures import camera, hart, run_tracker, shared_tracker, weights  # noqa: F401
