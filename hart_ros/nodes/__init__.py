# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The ROS 2 side: topics in, messages out; every algorithm lives in the layers below."""
