# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What people start from a shell or see on a screen; no ROS."""
