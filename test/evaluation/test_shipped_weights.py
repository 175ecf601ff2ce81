# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The shipped weights follow a target for 60 frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hart_ros.data import Source, first_box, open_source
from hart_ros.evaluation.metrics import iou_xywh
from hart_ros.tracking import Tracker

SHARED = Path(__file__).resolve().parents[3] / 'shared' / 'data'
STEPS = 60


def overlaps(source: Source) -> list[float]:
    """IoU of the steps after the first box."""
    first, track_id, box = first_box(source)
    tracker = Tracker(device='cpu')
    ious = []
    for frame in source:
        if frame.index == first:
            tracker.init(frame.image, box)
        elif first < frame.index <= first + STEPS:
            track = tracker.update(frame.image)
            if track_id in frame.boxes:
                ious.append(iou_xywh(track.box, frame.boxes[track_id]))
    return ious


def test_follows_the_default_drive() -> None:
    ious = overlaps(open_source('synthetic', size=(640, 192), frames=STEPS + 1))
    assert len(ious) == STEPS
    assert np.mean(ious) > 0.6
    assert np.min(ious) > 0.3


@pytest.mark.parametrize('name', ['car', 'tlp-bike'])
def test_follows_real_targets(name: str) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip(f'no real data in {SHARED}')
    ious = overlaps(open_source(SHARED / name))
    assert np.mean(ious) > 0.6
    assert np.min(ious) > 0.3
