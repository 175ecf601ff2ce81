# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The published experiments with RATM, one command each: see hart-experiment."""
