# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How real cars and people move in the image: KITTI's labels, which need no pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hart_ros.data.kitti import read_labels

from .settings import ConfigError

Random = np.random.Generator
SMALLEST = 12.0  # pixels, sqrt(w * h): the boxes of what is smaller are too coarse
FASTEST = 0.6  # of that a frame, each way: what moves more leaves the window


def load_motions(folder: Path) -> list[np.ndarray]:
    """Tracks of all label files in a folder, such as label_02; a gap ends a track.

    Returns:
        (N, 3) each: x and y of the centre, and sqrt(w * h), pixels.

    Raises:
        ConfigError: no label file there.
        SourceError: a file that holds no labels.
    """
    files = sorted(folder.glob('*.txt'))
    if not files:
        raise ConfigError(f'{folder}: no label files *.txt; name a folder label_02 of KITTI')
    return [track for path in files for track in _tracks(path)]


def _tracks(path: Path) -> list[np.ndarray]:
    tracks: dict[int, list[tuple[int, np.ndarray]]] = {}
    for frame, boxes in sorted(read_labels(path).items()):
        for track, (x, y, w, h) in boxes.items():
            row = np.array([x + w / 2, y + h / 2, np.sqrt(w * h)])
            tracks.setdefault(track, []).append((frame, row))
    found = []
    for rows in tracks.values():
        breaks = [k for k in range(1, len(rows)) if rows[k][0] != rows[k - 1][0] + 1]
        for start, stop in zip([0, *breaks], [*breaks, len(rows)]):
            found.append(np.stack([row for _, row in rows[start:stop]]))
    return found


def real_motion(rng: Random, motions: Sequence[np.ndarray], steps: int) -> np.ndarray | None:
    """A piece of a random track, forwards or backwards; None if none is found that is long enough.

    Returns:
        (steps, 3): shift of the centre in units of the first size; logarithm of the growth.
    """
    for _ in range(20):
        track = motions[int(rng.integers(len(motions)))][:: int(rng.choice([-1, 1]))]
        if len(track) < steps:
            continue
        start = int(rng.integers(len(track) - steps + 1))
        piece = track[start : start + steps]
        shift = (piece[:, :2] - piece[0, :2]) / piece[0, 2]
        jumps = np.abs(np.diff(piece[:, :2], axis=0)) / piece[:-1, 2:]
        if piece[:, 2].min() >= SMALLEST and jumps.max(initial=0.0) <= FASTEST:
            return np.column_stack((shift, np.log(piece[:, 2] / piece[0, 2])))
    return None
