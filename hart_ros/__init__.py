# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart_ros: Hierarchical Attentive Recurrent Tracking for robots.

    from hart_ros import Tracker

    tracker = Tracker()
    tracker.init(frame, (x, y, w, h))
    track = tracker.update(next_frame)   # track.box, track.score

`Tracker` is imported on first use, so that `import hart_ros` stays instant and needs neither
torch nor ROS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hart_ros.tracking import Track, Tracker

__version__ = '0.1.0'
__all__ = ['Track', 'Tracker', '__version__']


def __getattr__(name: str) -> object:
    if name in ('Track', 'Tracker'):
        from hart_ros import tracking

        return getattr(tracking, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
