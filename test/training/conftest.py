# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Small sequences whose target is known exactly."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hart_ros.training.frames import Sequence


def moving_square(name: str = 'square', steps: int = 40) -> Sequence:
    """A bright red square of 40 pixels that moves 2 pixels a frame over dark noise."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 60, (steps, 120, 200, 3), dtype=np.uint8)
    boxes = {}
    for t in range(steps):
        frames[t, 50:90, 20 + 2 * t : 60 + 2 * t] = (0, 0, 255)  # BGR
        boxes[t] = (20.0 + 2 * t, 50.0, 40.0, 40.0)
    return Sequence(name, frames, {7: boxes})


@pytest.fixture
def sequence() -> Sequence:
    return moving_square()


@pytest.fixture
def data(tmp_path: Path, sequence: Sequence) -> Path:
    """A folder with one training and one validation sequence."""
    for name in ('square', 'car'):
        folder = tmp_path / 'data' / name
        folder.mkdir(parents=True)
        code = cv2.VideoWriter_fourcc(*'mp4v')  # type: ignore[attr-defined]
        writer = cv2.VideoWriter(str(folder / 'video.mp4'), code, 25, (200, 120))
        rows = ['frame,track_id,x,y,w,h']
        for t in range(len(sequence.frames)):
            writer.write(sequence.frames[t])
            rows.append(','.join(f'{v:g}' for v in (t + 1, 1, *sequence.tracks[7][t])))
        writer.release()
        (folder / 'boxes.csv').write_text('\n'.join(rows) + '\n')
    return tmp_path / 'data'
