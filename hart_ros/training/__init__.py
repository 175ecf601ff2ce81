# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Training of the shipped network: clips, augmentation, objective, loop."""
