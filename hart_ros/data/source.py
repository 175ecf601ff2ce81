# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What a sequence of images with boxes looks like, and the factory that opens one."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

BoxXYWH = tuple[float, float, float, float]


class SourceError(ValueError):
    """A sequence cannot be read; the message names the file (and line) and what to do."""


@dataclass(frozen=True)
class SourceFrame:
    """One image of a sequence.

    Attributes:
        index: position in the sequence, from 0.
        stamp: seconds since the start of the sequence.
        image: (H, W, 3) BGR or (H, W) grey, uint8.
        boxes: ground truth by track id, xywh in pixels; empty where nothing is annotated.
    """

    index: int
    stamp: float
    image: np.ndarray
    boxes: Mapping[int, BoxXYWH]


class Source(Protocol):
    """A sequence of frames: indexed like a list, iterated like a camera.

    Attributes:
        name: short name for titles and folders.
        fps: frames a second.
        camera_matrix: (3, 4) projection matrix in pixels where it is known.
        track_ids: ids of all annotated tracks, ascending; () where nothing is annotated.
    """

    name: str
    fps: float
    camera_matrix: np.ndarray | None
    track_ids: Sequence[int]

    def __len__(self) -> int:
        """Return the number of frames."""

    def __getitem__(self, index: int) -> SourceFrame:
        """Return one frame. Raises IndexError past the end, SourceError if it cannot be read."""

    def __iter__(self) -> Iterator[SourceFrame]:
        """Yield all frames in order; the cheap way through a video."""

    def boxes(self, index: int) -> Mapping[int, BoxXYWH]:
        """Return the boxes of a frame without reading its image."""


def open_source(path: str | Path, **options: Any) -> Source:
    """Open a sequence with the reader that fits what lies at `path`.

    Args:
        path: `synthetic` or `synthetic:SEED`, a video file, a bag (rosbag2: folder, .mcap or .db3),
            or a folder: images, `video.mp4` with `boxes.csv`, KITTI tracking (root or `training/`),
            a KITTI raw drive, OTB (`img/`).
        **options: passed to the reader, e.g. `sequence='0003'` for KITTI tracking,
            `sequence='/camera/image_raw'` for a bag with several cameras,
            `size=(640, 192)`, `frames=60` and `motions='label_02'` for synthetic drives,
            `boxes='film.csv'` for a video, `fps=25` for a folder of images.

    Raises:
        SourceError: nothing is there, no reader fits, or the reader does not take an option.
    """
    if is_synthetic(path):
        seed = str(path).partition(':')[2]
        if seed:
            options.setdefault('seed', _seed(seed))
        return _build('synthetic', 'SyntheticDrive', None, options)
    place = Path(path).expanduser()
    if not place.exists():
        raise SourceError(
            f"{place}: no such file or folder; give a video, a folder, or 'synthetic'"
        )
    module, reader = _file_reader(place) if place.is_file() else _folder_reader(place)
    return _build(module, reader, place, options)


def is_synthetic(path: str | Path) -> bool:
    """Whether `open_source` makes a drive of this name, whatever lies there."""
    return str(path).partition(':')[0] == 'synthetic'


def first_box(source: Source, track_id: int | None = None) -> tuple[int, int, BoxXYWH]:
    """Find where a track begins.

    Args:
        source: any sequence.
        track_id: the track; None takes the lowest id of the first frame that has a box.

    Returns:
        Index of the frame, id of the track, its box (xywh, pixels).

    Raises:
        SourceError: the sequence has no boxes, or none of that track.
    """
    if not source.track_ids:
        raise SourceError(
            f'{source.name}: has no ground truth; give the initial box x,y,w,h yourself'
        )
    for index in range(len(source)):
        boxes = source.boxes(index)
        if boxes and track_id is None:
            return index, min(boxes), boxes[min(boxes)]
        if track_id in boxes:
            return index, cast(int, track_id), boxes[cast(int, track_id)]
    known = ', '.join(str(i) for i in list(source.track_ids)[:20])
    raise SourceError(f'{source.name}: no box of track {track_id}; its tracks are {known}')


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise SourceError(f"synthetic:{text}: the seed is a whole number, e.g. 'synthetic:7'")
    return int(text)


def _file_reader(file: Path) -> tuple[str, str]:
    """Return module and class of the reader for a file."""
    return ('bag', 'BagSource') if file.suffix in ('.mcap', '.db3') else ('video', 'VideoFile')


def _folder_reader(folder: Path) -> tuple[str, str]:
    """Return module and class of the reader for a folder's layout; the most specific first."""
    if (folder / 'image_02' / 'data').is_dir():
        return 'kitti_raw', 'KittiRaw'
    if (folder / 'image_02').is_dir() or (folder / 'training' / 'image_02').is_dir():
        return 'kitti', 'KittiTracking'
    if (folder / 'img').is_dir():
        return 'otb', 'OtbFolder'
    if (folder / 'boxes.csv').is_file() or (folder / 'video.mp4').is_file():
        return 'video', 'VideoFolder'
    if any(any(folder.glob(name)) for name in ('metadata.yaml', '*.mcap', '*.db3*')):
        return 'bag', 'BagSource'
    return 'image_folder', 'ImageFolder'


def _build(module: str, name: str, path: Path | None, options: dict[str, Any]) -> Source:
    """Import a reader only when it is asked for and construct it."""
    reader = getattr(import_module(f'hart_ros.data.{module}'), name)
    unknown = sorted(set(options) - set(inspect.signature(reader).parameters))
    if unknown:
        where = 'synthetic' if path is None else path
        kind = re.sub('(?<=[a-z])(?=[A-Z])', ' ', name).lower()  # 'image folder'
        raise SourceError(
            f'{where} (read as: {kind}) takes no option {", ".join(unknown)}; leave it out'
        )
    return reader(**options) if path is None else reader(path, **options)
