# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker node with a network that takes 60 ms for every frame. A script, not a test."""

from __future__ import annotations

import sys
import time
from typing import Any

from hart_ros.nodes.tracker_node import main
from hart_ros.tracking import HartTracker

STEP = 0.06  # seconds
_update = HartTracker.update_many


def _slow_update(*args: Any) -> Any:
    result = _update(*args)
    time.sleep(STEP)
    return result


if __name__ == '__main__':
    HartTracker.update_many = _slow_update  # type: ignore[method-assign]
    sys.exit(main())
