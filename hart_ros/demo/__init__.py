# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The demonstration: player and tracker as two processes, watched and recorded by a third."""
