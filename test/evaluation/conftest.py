# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Makes `scripted` importable."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
