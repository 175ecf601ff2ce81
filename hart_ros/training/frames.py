# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Decoded sequences on disk, so that any frame of any clip is one memory-mapped read away."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Mapping
from collections.abc import Sequence as InOrder
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hart_ros.data.source import Source, SourceError
from hart_ros.evaluation.targets import Target
from hart_ros.tracking.types import BoxXYWH

Frames = InOrder[np.ndarray] | np.ndarray  # (N, H, W, 3), uint8 BGR


class FrameFile(InOrder[np.ndarray]):
    """Frames in a .npy file, each mapped for as long as someone holds it.

    One map of a whole file would count what was ever read of it as memory of this process.
    """

    def __init__(self, path: Path) -> None:
        header = np.load(path, mmap_mode='r')
        self._path, self._shape, self._offset = path, header.shape, header.offset

    def __len__(self) -> int:
        return int(self._shape[0])

    def __getitem__(self, index: Any) -> Any:
        """One frame, (H, W, 3) uint8 BGR."""
        if not 0 <= index < len(self):
            raise IndexError(f'{self._path}: frame {index} of {len(self)}')
        shape = self._shape[1:]
        offset = self._offset + index * int(np.prod(shape))
        return np.memmap(self._path, np.uint8, 'r', offset, shape)


@dataclass(frozen=True)
class Sequence:
    """All frames of one source with the boxes of its tracks."""

    name: str
    frames: Frames
    tracks: Mapping[int, Mapping[int, BoxXYWH]]  # track id -> frame -> x, y, w, h, pixels


def as_targets(sequences: InOrder[Sequence]) -> list[Target]:
    """What to evaluate on; two targets of a sequence at most, as hart-evaluate has it."""
    return [
        Target(sequence.name, track, sequence.frames, sequence.tracks[track], math.nan)
        for sequence in sequences
        for track in list(sequence.tracks)[:2]
    ]


class _Scaled(InOrder[np.ndarray]):
    """Frames at another size."""

    def __init__(self, frames: Frames, size: tuple[int, int]) -> None:
        self._frames, self._size = frames, size

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: Any) -> Any:
        return cv2.resize(self._frames[index], self._size, interpolation=cv2.INTER_AREA)


def scaled(sequence: Sequence, size: tuple[int, int]) -> Sequence:
    """The sequence with frames of another size (width, height), and its boxes with them."""
    height, width = sequence.frames[0].shape[:2]
    if (width, height) == size:
        return sequence
    x, y = size[0] / width, size[1] / height
    tracks = {
        track: {k: (b[0] * x, b[1] * y, b[2] * x, b[3] * y) for k, b in boxes.items()}
        for track, boxes in sequence.tracks.items()
    }
    return Sequence(sequence.name, _Scaled(sequence.frames, size), tracks)


def cached_sequence(source: Source, folder: Path, origin: str = '') -> Sequence:
    """The sequence of a source, decoded into `folder` the first time it is asked for.

    The folder appears under its final name only when it is complete, so a killed run leaves
    nothing that a later one would trust.

    Args:
        source: a sequence.
        folder: of all sequences that are decoded.
        origin: what the source is read from.

    Raises:
        SourceError: frames that cannot be read or differ in size, or a damaged cache, or one of a
            sequence of this name from elsewhere.
    """
    home = folder / source.name.replace(os.sep, '_')
    if not home.is_dir():
        _decode(source, home, origin)
    try:
        made_of = home / 'origin.txt'  # older caches have none
        if origin and made_of.is_file() and made_of.read_text() != origin:
            raise SourceError(
                f'{home}: was made of {made_of.read_text()}, not of {origin}; remove this folder, '
                'or give another cache'
            )
        tracks = {
            int(track): {int(frame): tuple(box) for frame, box in boxes.items()}
            for track, boxes in json.loads((home / 'boxes.json').read_text()).items()
        }
        return Sequence(source.name, FrameFile(home / 'frames.npy'), tracks)
    except SourceError:
        raise
    except (OSError, ValueError) as error:
        raise SourceError(f'{home}: damaged; remove this folder, it is made anew') from error


def _decode(source: Source, home: Path, origin: str) -> None:
    _remove_parts(home)
    part = home.with_name(f'{home.name}.part{os.getpid()}')
    part.mkdir(parents=True)
    try:
        while not _written(source, part):
            pass
        (part / 'origin.txt').write_text(origin)
        try:
            part.rename(home)
        except OSError:
            if not home.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _remove_parts(home: Path) -> None:
    """Removes what processes have left that were killed while they decoded."""
    for part in home.parent.glob(f'{escape(home.name)}.part*'):
        pid = part.name.rpartition('.part')[2]
        if pid.isdecimal() and (int(pid) == os.getpid() or not _lives(int(pid))):
            shutil.rmtree(part, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def _written(source: Source, part: Path) -> bool:
    """Writes frames and boxes; False if the source turned out to be shorter than it promised."""
    tracks: dict[int, dict[int, BoxXYWH]] = {}
    frames = None
    for item in source:
        image = item.image if item.image.ndim == 3 else np.repeat(item.image[..., None], 3, 2)
        if frames is None:
            shape = (len(source), *image.shape)
            frames = np.lib.format.open_memmap(part / 'frames.npy', 'w+', np.uint8, shape)
        if image.shape != frames.shape[1:]:
            raise SourceError(
                f'{source.name}: frame {item.index + 1} has shape {image.shape}, those before '
                f'{frames.shape[1:]}; scale the frames of a sequence to one size'
            )
        frames[item.index] = image
        for track, box in item.boxes.items():
            tracks.setdefault(track, {})[item.index] = box
    (part / 'boxes.json').write_text(json.dumps(tracks))
    return frames is None or len(source) >= len(frames)  # as it says now, having been read
