# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 side: topics in, messages out; every algorithm lives in the layers below."""
