# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Lets the tests here import the lists of cases."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
