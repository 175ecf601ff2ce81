# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Memory of a training on a CPU."""

from __future__ import annotations

import ctypes
import sys

# Parameters of glibc's mallopt, see malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
NEVER = 2**31 - 1


def keep_memory() -> None:
    """Lets glibc keep what is freed for the next step; with another C library nothing changes.

    A step frees large blocks and asks for the same ones again. Given back to the kernel in between,
    they return as fresh pages, zeroed and mapped one by one.
    """
    if not sys.platform.startswith('linux'):
        return
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, NEVER)
        mallopt(M_TRIM_THRESHOLD, NEVER)
