# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Files of boxes that other tools read: boxes.csv, OTB, MOTChallenge, KITTI tracking."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from hart_ros.apps.disk import naming
from hart_ros.data.source import SourceFrame
from hart_ros.tracking.types import BoxXYWH, Track

Line = Callable[[int, int, BoxXYWH, float], str]  # of frame index, track id, xywh, score
CLASS = 'Misc'  # in KITTI's files; HART does not know what it follows


def csv_line(index: int, track_id: int, box: BoxXYWH, score: float) -> str:
    """Of `boxes.csv`: `frame,track_id,x,y,w,h`; frames count from 1."""
    return f'{index + 1},{track_id},{_numbers(*box)}'


def otb_line(index: int, track_id: int, box: BoxXYWH, score: float) -> str:
    """As of OTB's `groundtruth_rect.txt`: `x,y,w,h`; pixels count from 1."""
    x, y, w, h = box
    return _numbers(x + 1, y + 1, w, h)


def mot_line(index: int, track_id: int, box: BoxXYWH, score: float) -> str:
    """Of MOTChallenge: `frame,id,x,y,w,h,confidence,-1,-1,-1`; frames, ids, pixels from 1."""
    x, y, w, h = box
    return f'{index + 1},{max(track_id, 1)},{_numbers(x + 1, y + 1, w, h)},{score:.4f},-1,-1,-1'


def kitti_line(index: int, track_id: int, box: BoxXYWH, score: float) -> str:
    """Of KITTI tracking's results; frames count from 0, what is not known stands as they ask."""
    x, y, w, h = box
    edges = _numbers(x, y, x + w, y + h).replace(',', ' ')
    return (
        f'{index} {track_id} {CLASS} -1 -1 -10 {edges} -1 -1 -1 -1000 -1000 -1000 -10 {score:.4f}'
    )


FORMATS: dict[str, Line] = {
    'csv': csv_line,
    'otb': otb_line,
    'mot': mot_line,
    'kitti': kitti_line,
}


class BoxFile:
    """A file with one line a frame.

    Lines are written as they come, each whole or not at all: whatever ends the program, and on a
    full disk, those of the frames that were tracked are there.

    Args:
        path: the file; it is replaced.
        kind: of `FORMATS`.
        track_id: of the target, where the format has one.
        start: index of the first frame that is tracked. OTB has a line for those before too: nan.
        numbers: of the source's frames, for KITTI; their positions if not given.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(
        self, path: Path, kind: str, track_id: int, start: int = 0, numbers: Sequence[int] = ()
    ) -> None:
        self.path = path
        self._line, self._track_id = FORMATS[kind], track_id
        self._numbers = numbers if kind == 'kitti' else ()
        with naming(path):
            self._file = path.open('wb', buffering=0)
        self._size = 0
        if kind == 'csv':
            self._append('frame,track_id,x,y,w,h\n')
        if kind == 'otb':
            self._append('nan,nan,nan,nan\n' * start)

    def write(self, frame: SourceFrame, track: Track) -> None:
        """Append a frame's line."""
        number = self._numbers[frame.index] if self._numbers else frame.index
        self._append(self._line(number, self._track_id, track.box, track.score) + '\n')

    def close(self) -> None:
        """Finish the file."""
        with naming(self.path):
            self._file.close()

    def _append(self, text: str) -> None:
        data = text.encode()
        try:
            with naming(self.path):
                left = data
                while left:
                    left = left[self._file.write(left) :]
        except OSError:
            with contextlib.suppress(OSError):  # no regular file
                os.truncate(self._file.fileno(), self._size)
            raise
        self._size += len(data)


def _numbers(*values: float) -> str:
    return ','.join(f'{value:.2f}' for value in values)
