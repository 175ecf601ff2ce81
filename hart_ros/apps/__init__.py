# SPDX-License-Identifier: Apache-2.0
"""What people start from a shell or see on a screen; no ROS."""
