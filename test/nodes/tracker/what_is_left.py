# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker node; when it has ended, it says which threads are left. A script, not a test."""

from __future__ import annotations

import sys
import threading

from hart_ros.nodes.tracker_node import main

if __name__ == '__main__':
    status = main()
    print('threads:', *(thread.name for thread in threading.enumerate()), flush=True)
    sys.exit(status)
