# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""KITTI tracking: `image_02/0000/000000.png`, `label_02/0000.txt`, `calib/0000.txt`."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hart_ros.data.boxes_file import FrameBoxes, add_box, read_lines, real, sized_box, whole
from hart_ros.data.image_folder import ImageList, list_images
from hart_ros.data.source import SourceError

FPS = 10.0
SHARE = 0.8  # of each sequence, its beginning, is trained on (published)
VISIBLE = 1  # truncation and occlusion up to this (published)
_FIELDS = 17  # frame, track, class, truncated, occluded, alpha, box (4), 3D (7); a score may follow


class KittiTracking(ImageList):
    """One sequence of KITTI tracking, left colour camera.

    Boxes are taken as they stand: left and top edge, right − left and bottom − top.

    Args:
        path: the benchmark's root, or its `training` or `testing` folder.
        sequence: '0003' or 3; the first one if not given.
        classes: keep only these, e.g. ('Car', 'Van'); all but DontCare if not given.
        fps: frames a second.
        part: 'training' or 'validation': HART's split, the first 80% of the frames or the rest,
            and only boxes with truncation and occlusion up to 1. All frames and boxes if not given.

    Raises:
        SourceError: no such sequence, a line that is no label, a label of a frame without image.
    """

    def __init__(
        self,
        path: str | Path,
        sequence: str | int | None = None,
        classes: Collection[str] | None = None,
        fps: float = FPS,
        part: str | None = None,
    ) -> None:
        root = Path(path)
        if not (root / 'image_02').is_dir():
            root = root / 'training'
        name = _choose(root / 'image_02', sequence)
        files = list_images(root / 'image_02' / name)
        numbers = _numbers(files)
        label, calib = root / 'label_02' / f'{name}.txt', root / 'calib' / f'{name}.txt'
        span = _span(part, len(files))
        boxes: FrameBoxes = {}
        if label.is_file():  # the testing part has none
            visible = VISIBLE if part else None
            for frame, tracks in read_labels(label, classes, visible, numbers).items():
                if numbers[frame] in span:
                    boxes[numbers[frame] - span.start] = tracks
        chosen = list(numbers)[span.start : span.stop]
        stamps = [(number - min(chosen)) / fps for number in chosen] if fps > 0 else None
        camera = read_projection(calib, 'P2') if calib.is_file() else None
        name = f'kitti-{name}-{part}' if part else f'kitti-{name}'
        super().__init__(name, files[span.start : span.stop], fps, boxes, stamps, camera)
        self.numbers = chosen  # of the frames, as their files are named


def read_labels(
    path: Path,
    classes: Collection[str] | None = None,
    visible: int | None = None,
    images: Collection[int] | None = None,
) -> FrameBoxes:
    """Read a file of label_02: frame number -> track id -> xywh; DontCare is left out.

    Args:
        path: the file.
        classes: keep only these; all if not given.
        visible: keep only boxes whose truncation and occlusion are both at most this.
        images: numbers of the frames that there are; any if not given.

    Raises:
        SourceError: a line is no label, or its frame has no image; the message says which.
    """
    boxes: FrameBoxes = {}
    for fields, where in _labels(path):
        if classes is not None and fields[2] not in classes:
            continue
        hidden = max(real(fields[3], 'truncation', where), real(fields[4], 'occlusion', where))
        if visible is not None and hidden > visible:
            continue
        left, top, right, bottom = (
            real(text, edge, where)
            for text, edge in zip(fields[6:10], ('left', 'top', 'right', 'bottom'))
        )
        box = sized_box(left, top, right - left, bottom - top, where)
        frame, track = whole(fields[0], 'frame', where), whole(fields[1], 'track id', where)
        if images is not None and frame not in images:
            raise SourceError(f'{where}: frame {frame} has no image; unpack the whole sequence')
        add_box(boxes, frame, track, box, where)
    return boxes


@dataclass(frozen=True)
class Trajectory:
    """Where a road user is, as seen from the car with the camera.

    Attributes:
        kind: 'Car', 'Pedestrian', ...
        frames: (N,), ascending; labels may leave some out.
        places: (N, 2), metres to the right of the camera and ahead of it.
        headings: (N,), radians against the camera's view, to the right; without jumps.
    """

    kind: str
    frames: np.ndarray
    places: np.ndarray
    headings: np.ndarray


def read_trajectories(path: Path) -> list[Trajectory]:
    """Read how the road users of a file of label_02 move in space; DontCare is left out.

    Raises:
        SourceError: a line is no label; the message says which.
    """
    rows: dict[tuple[int, str], dict[int, list[float]]] = {}
    for fields, where in _labels(path):
        frame, track = whole(fields[0], 'frame', where), whole(fields[1], 'track id', where)
        columns = ((13, 'x'), (15, 'z'), (16, 'yaw'))
        row = [real(fields[column], name, where) for column, name in columns]
        rows.setdefault((track, fields[2]), {})[frame] = row
    out = []
    for (_, kind), by_frame in rows.items():
        frames = np.array(sorted(by_frame))
        values = np.array([by_frame[frame] for frame in frames])
        headings = np.unwrap(values[:, 2]) + np.pi / 2  # KITTI's yaw is 0 to the right
        out.append(Trajectory(kind, frames, values[:, :2], headings))
    return out


def _labels(path: Path) -> Iterator[tuple[list[str], str]]:
    """Yield the fields of each label and its FILE:LINE; DontCare is left out."""
    for number, line in enumerate(read_lines(path), start=1):
        fields, where = line.split(), f'{path}:{number}'
        if not fields:
            continue
        if len(fields) not in (_FIELDS, _FIELDS + 1):
            raise SourceError(
                f'{where}: {len(fields)} fields instead of {_FIELDS}; is this a file of label_02?'
            )
        if fields[2] != 'DontCare':
            yield fields, where


def read_numbers(path: Path) -> Mapping[str, list[float]]:
    """Read the lines `KEY: number ...` of a calibration file; other lines are left out."""
    out = {}
    for line in read_lines(path):
        key, _, values = line.replace(':', ' ', 1).partition(' ')  # some lines have no colon
        try:
            numbers = [float(value) for value in values.split()]
        except ValueError:
            continue  # e.g. calib_time: 09-Jan-2012 13:57:47
        if all(map(math.isfinite, numbers)):
            out[key] = numbers
    return out


def read_projection(path: Path, key: str) -> np.ndarray:
    """Return a projection matrix (3, 4) of a calibration file. Raises SourceError without one."""
    values = read_numbers(path).get(key, [])
    if len(values) != 12:
        raise SourceError(f"{path}: no line '{key}:' with 12 numbers; unpack the file again")
    return np.array(values).reshape(3, 4)


def _span(part: str | None, length: int) -> range:
    """Return the frames of a part of a sequence."""
    border = round(SHARE * length)
    spans = {None: range(length), 'training': range(border), 'validation': range(border, length)}
    if part not in spans:
        raise SourceError(f"part is '{part}'; give training or validation, or leave it out")
    return spans[part]


def _choose(folder: Path, sequence: str | int | None) -> str:
    if not folder.is_dir():
        raise SourceError(f'{folder}: no such folder; give the root of KITTI tracking')
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    if not names:
        raise SourceError(f'{folder}: holds no sequences; unpack data_tracking_image_2.zip there')
    if sequence is None:
        return names[0]
    name = f'{sequence:04d}' if isinstance(sequence, int) else str(sequence)
    for candidate in (name, name.zfill(4)):
        if candidate in names:
            return candidate
    raise SourceError(f'{folder}: no sequence {name}; there are {", ".join(names[:30])}')


def _numbers(files: list[Path]) -> dict[int, int]:
    """Return frame number -> index of its image."""
    out = {}
    for index, file in enumerate(files):
        if not file.stem.isdecimal():
            raise SourceError(f'{file}: KITTI names images by number, e.g. 000012.png; rename it')
        if int(file.stem) in out:
            raise SourceError(f'{file}: a second image {int(file.stem)}; remove one of them')
        out[int(file.stem)] = index
    return out
