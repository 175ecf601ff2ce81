# SPDX-License-Identifier: Apache-2.0
"""Lets the tests here import the lists of cases."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
