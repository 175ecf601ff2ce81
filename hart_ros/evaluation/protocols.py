# SPDX-License-Identifier: Apache-2.0
"""How a tracker is put to the test."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Frames
from typing import Protocol

import numpy as np

from hart_ros.tracking.types import BoxXYWH, Track

from .metrics import iou_xywh


class AnyTracker(Protocol):
    """What `hart_ros.Tracker` and its peers offer."""

    def init(self, frame: np.ndarray, box_xywh: Frames[float]) -> object: ...

    def update(self, frame: np.ndarray) -> Track: ...


def hart60(
    tracker: AnyTracker,
    frames: Frames[np.ndarray] | np.ndarray,
    boxes: Mapping[int, BoxXYWH],
    clips: int = 3,
    steps: int = 60,
) -> list[float]:
    """HART's own protocol: clips of 60 steps started from the true box.

    Args:
        tracker: started anew for every clip.
        frames: of one sequence, (H, W, 3) uint8 BGR.
        boxes: true boxes x, y, w, h in pixels by frame; frames without one do not count.
        clips: how many, spread evenly over the annotated part of the sequence.
        steps: frames of a clip, its first left out of the score.

    Returns:
        IoU of every counted step.
    """
    known = sorted(boxes)
    last = max(known[0], len(frames) - steps)
    starts = {min(known, key=lambda k: abs(k - s)) for s in np.linspace(known[0], last, clips)}
    ious = []
    for start in sorted(starts):
        tracker.init(np.asarray(frames[start]), boxes[start])
        for index in range(start + 1, min(start + steps, len(frames))):
            track = tracker.update(np.asarray(frames[index]))
            if index in boxes:
                ious.append(iou_xywh(track.box, boxes[index]))
    return ious
