# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Checked numbers of annotation files: what every box reader needs to say file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hart_ros.data.source import BoxXYWH, SourceError

FrameBoxes = dict[int, dict[int, BoxXYWH]]  # frame index from 0 -> track id -> xywh
LARGEST = 1e9  # of any number in a label, pixels or metres; what is more is damage


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file. Raises SourceError if it is missing or not text."""
    try:
        # Not splitlines(), which also splits where no editor counts a line, as at a form feed.
        return path.read_text(encoding='utf-8-sig').split('\n')
    except OSError as error:
        raise SourceError(
            f'{path}: {error.strerror}; check the path and its permissions'
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(f'{path}: is not a text file; it should hold one box a line') from error


def whole(text: str, field: str, where: str) -> int:
    """Parse an integer. `where` is FILE:LINE. Raises SourceError."""
    try:
        value = int(text)
        if abs(value) > LARGEST:
            raise ValueError
    except ValueError:
        raise SourceError(
            f"{where}: {field} is '{short(text)}', not a whole number; mend the line"
        ) from None
    return value


def real(text: str, field: str, where: str) -> float:
    """Parse a number up to `LARGEST`. `where` is FILE:LINE. Raises SourceError."""
    try:
        value = float(text)
    except ValueError:
        raise SourceError(
            f"{where}: {field} is '{short(text)}', not a number; mend the line"
        ) from None
    if not abs(value) <= LARGEST:  # NaN too
        raise SourceError(f'{where}: {field} is {value:g}; leave out lines without a box')
    return value


def short(text: str) -> str:
    """Return at most 40 characters of a text, to quote it in a message."""
    return text if len(text) <= 40 else f'{text[:37]}...'


def sized_box(x: float, y: float, w: float, h: float, where: str) -> BoxXYWH:
    """Return the box if it has a size. Raises SourceError."""
    if w <= 0 or h <= 0:
        raise SourceError(
            f'{where}: the box is {w:g} wide and {h:g} high; both must be positive, '
            'leave out lines without a box'
        )
    return x, y, w, h


def add_box(boxes: FrameBoxes, frame: int, track_id: int, box: BoxXYWH, where: str) -> None:
    """Store a box. Raises SourceError if the track has one in that frame already."""
    tracks = boxes.setdefault(frame, {})
    if track_id in tracks:
        raise SourceError(f'{where}: track {track_id} has a second box in that frame; remove one')
    tracks[track_id] = box


def ids_of(boxes: Mapping[int, Mapping[int, BoxXYWH]]) -> Sequence[int]:
    """Return all track ids, ascending."""
    return tuple(sorted({track_id for tracks in boxes.values() for track_id in tracks}))
