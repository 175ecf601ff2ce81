# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Trackers that take frames and boxes; no ROS.

What needs torch is imported on first use, so that boxes and frames can be checked without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .types import BoxXYWH, InvalidBoxError, InvalidFrameError, Track, check_box, check_frame

if TYPE_CHECKING:
    from .tracker import HartTracker, TargetState, Tracker
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


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    module = 'tracker' if name in ('HartTracker', 'TargetState', 'Tracker') else 'weights'
    return getattr(import_module(f'{__name__}.{module}'), name)
