# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Folders like those of OTB: `img/0001.jpg` and `groundtruth_rect.txt`."""

from __future__ import annotations

import re
from pathlib import Path

from hart_ros.data.boxes_file import (
    FrameBoxes,
    add_box,
    read_lines,
    real,
    short,
    sized_box,
    whole,
)
from hart_ros.data.image_folder import ImageList, list_images
from hart_ros.data.source import SourceError

# Of OTB-100, sequences with images that no box belongs to: number of the first one with a box.
_STARTS = {'David': 300, 'Diving': 1, 'Football1': 1, 'Freeman3': 1, 'Freeman4': 1}
_ABSENT = re.compile(r'nan', re.IGNORECASE)


class OtbFolder(ImageList):
    """A sequence of OTB, or one laid out like it.

    `groundtruth_rect.txt` has one box `x y w h` a frame, parted by commas, tabs or spaces, counted
    from pixel 1; `nan` or a size of 0 say that the target is absent. It becomes track 1. Several
    targets are in `groundtruth_rect.1.txt`, `groundtruth_rect.2.txt`, and so on. Where there are
    fewer boxes than images, `start.txt` says as `start` does which image has the first one; of
    OTB's own sequences it is known.

    Args:
        path: the folder that holds `img`.
        fps: frames a second.
        start: number, counted from 1, of the image that the first box belongs to (300 for David).

    Raises:
        SourceError: no images, a line that is no box, more boxes than images, or fewer without a
            start.
    """

    def __init__(self, path: str | Path, fps: float = 30.0, start: int | None = None) -> None:
        folder = Path(path)
        files = list_images(folder / 'img')
        told = folder / 'start.txt'
        if start is None and told.is_file():
            start = whole(' '.join(read_lines(told)).strip(), 'start', f'{told}:1')
        if start is not None and start < 1:
            raise SourceError(f'{folder}: start is {start}; images are counted from 1')
        boxes: FrameBoxes = {}
        for file in sorted(folder.glob('groundtruth_rect*.txt')):
            number = file.name[len('groundtruth_rect') : -len('.txt')].strip('.')
            if number and not number.isdecimal():
                continue  # a variant of the annotation, e.g. groundtruth_rect_old.txt
            begins = start or _start(file, len(files))
            _read_track(file, int(number or 1), boxes, len(files), (begins or 1) - 1)
            if begins is None:
                raise SourceError(
                    f'{file}: {len(_lines(file))} boxes for {len(files)} images; write the number, '
                    f'counted from 1, of the image with the first box into {told}'
                )
        super().__init__(folder.resolve().name, files, fps, boxes)


def _start(path: Path, images: int) -> int | None:
    """Number of the image with the first box; None if that cannot be known."""
    if len(_lines(path)) >= images:
        return 1
    return _STARTS.get(path.parent.resolve().name)


def _lines(path: Path) -> list[str]:
    """The lines of a file up to the last that is not empty."""
    lines = read_lines(path)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _read_track(path: Path, track_id: int, boxes: FrameBoxes, images: int, first: int) -> None:
    lines = _lines(path)
    if first + len(lines) > images:
        raise SourceError(
            f'{path}:{max(images - first, 0) + 1}: {len(lines)} boxes from image {first + 1} on, '
            f'but {images} images; add the images that are missing or correct start'
        )
    for row, line in enumerate(lines):
        where = f'{path}:{row + 1}'
        fields = re.split(r'[,;\s]+', line.strip())
        if len(fields) != 4:
            raise SourceError(f"{where}: '{short(line.strip())}' is not x, y, w, h; mend the line")
        if any(_ABSENT.fullmatch(field) for field in fields):
            continue
        x, y, w, h = (real(text, name, where) for text, name in zip(fields, 'xywh'))
        if w == 0 or h == 0:
            continue
        add_box(boxes, first + row, track_id, sized_box(x - 1, y - 1, w, h, where), where)
