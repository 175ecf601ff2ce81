# SPDX-License-Identifier: Apache-2.0
"""Trackers that take frames and boxes; no ROS."""

from .tracker import HartTracker, TargetState, Tracker
from .types import BoxXYWH, InvalidBoxError, InvalidFrameError, Track, check_box, check_frame
from .weights import WeightsError, load_model, save_weights

__all__ = [
    'BoxXYWH',
    'HartTracker',
    'InvalidBoxError',
    'InvalidFrameError',
    'TargetState',
    'Track',
    'Tracker',
    'WeightsError',
    'check_box',
    'check_frame',
    'load_model',
    'save_weights',
]
