# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Which sequences with boxes a folder holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

_MARKS = ('boxes.csv', 'img', 'image_02/data')  # of a folder: video.mp4 with boxes, OTB, KITTI raw
_VIDEOS = ('.avi', '.mp4')


class Listed(NamedTuple):
    """A sequence that `open_source(path, **options)` opens."""

    name: str
    path: str
    options: Mapping[str, Any]

    @property
    def origin(self) -> str:
        """Its place, and when the files there changed last; of KITTI tracking the place alone."""
        path = Path(self.path).resolve()
        files = [path, Path(self.options.get('boxes', path))] if path.is_file() else path.iterdir()
        changed = max((file.stat().st_mtime for file in files if file.is_file()), default=None)
        if changed is None:
            return str(path)
        return f'{path} of {datetime.fromtimestamp(changed):%Y-%m-%d %H:%M:%S}'


def list_sequences(place: Path, part: str | None = None) -> list[Listed]:
    """List the sequences at a place: itself if it is one, else those in it; by name.

    Args:
        place: a sequence (a folder with video.mp4 and boxes.csv, OTB, a KITTI raw drive, or
            NAME.avi or NAME.mp4 with NAME.csv beside it), a folder of them, or a root of KITTI
            tracking.
        part: of the sequences of KITTI tracking, see `KittiTracking`.
    """
    for root in (place / 'image_02', place / 'training' / 'image_02'):
        if root.is_dir() and not (root / 'data').is_dir():
            names = sorted(path.name for path in root.iterdir() if path.is_dir())
            options = {'part': part} if part else {}
            return [Listed(name, str(place), {'sequence': name, **options}) for name in names]
    itself = _listed(place)
    if itself or not place.is_dir():
        return [itself] if itself else []
    return [found for path in sorted(place.iterdir()) if (found := _listed(path))]


def _listed(path: Path) -> Listed | None:
    if path.is_dir():
        found = any((path / mark).exists() for mark in _MARKS)
        return Listed(path.name, str(path), {}) if found else None
    csv = path.with_suffix('.csv')
    found = path.suffix.lower() in _VIDEOS and csv.is_file()
    return Listed(path.stem, str(path), {'boxes': csv}) if found else None
