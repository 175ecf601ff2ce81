# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How fast the tracker and its node are, measured."""
