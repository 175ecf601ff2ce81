# SPDX-License-Identifier: Apache-2.0
"""Decoded sequences on disk, so that any frame of any clip is one memory-mapped read away."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hart_ros.data.source import Source
from hart_ros.tracking.types import BoxXYWH


@dataclass(frozen=True)
class Sequence:
    """All frames of one source with the boxes of its tracks."""

    name: str
    frames: np.ndarray  # (N, H, W, 3), uint8 BGR, memory-mapped
    tracks: Mapping[int, Mapping[int, BoxXYWH]]  # track id -> frame -> x, y, w, h, pixels


def cached_sequence(source: Source, folder: Path) -> Sequence:
    """The sequence of a source, decoded into `folder` the first time it is asked for.

    The folder appears under its final name only when it is complete, so a killed run leaves
    nothing that a later one would trust.
    """
    home = folder / source.name.replace(os.sep, '_')
    if not home.is_dir():
        _decode(source, home)
    tracks = {
        int(track): {int(frame): tuple(box) for frame, box in boxes.items()}
        for track, boxes in json.loads((home / 'boxes.json').read_text()).items()
    }
    return Sequence(source.name, np.load(home / 'frames.npy', mmap_mode='r'), tracks)


def _decode(source: Source, home: Path) -> None:
    part = home.with_name(f'{home.name}.part{os.getpid()}')
    part.mkdir(parents=True)
    tracks: dict[int, dict[int, BoxXYWH]] = {}
    frames = None
    for item in source:
        image = item.image if item.image.ndim == 3 else np.repeat(item.image[..., None], 3, 2)
        if frames is None:
            shape = (len(source), *image.shape)
            frames = np.lib.format.open_memmap(part / 'frames.npy', 'w+', np.uint8, shape)
        frames[item.index] = image
        for track, box in item.boxes.items():
            tracks.setdefault(track, {})[item.index] = box
    (part / 'boxes.json').write_text(json.dumps(tracks))
    part.rename(home)
