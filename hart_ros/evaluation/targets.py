# SPDX-License-Identifier: Apache-2.0
"""What is followed: targets of sequences, with their frames at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hart_ros.data.source import Source, SourceError, open_source
from hart_ros.tracking.types import BoxXYWH, InvalidBoxError, check_box

BUDGET = 2 << 30  # bytes of decoded frames kept of one sequence


class Frames(Sequence[np.ndarray]):
    """The images of a source, decoded once where they fit into memory.

    What is beyond the budget is read again by every tracker, in order, as protocols go.
    """

    def __init__(self, source: Source, budget: int = BUDGET) -> None:
        self._source, self._left = source, budget
        self._kept: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: Any) -> Any:
        """Return an image, (H, W, 3) BGR or (H, W) mono, uint8."""
        if index in self._kept:
            return self._kept[index]
        image = self._source[index].image
        if image.nbytes <= self._left:
            self._left -= image.nbytes
            self._kept[index] = image
        return image

    def forget(self) -> None:
        """Free the memory."""
        self._left += sum(image.nbytes for image in self._kept.values())
        self._kept.clear()


@dataclass(frozen=True)
class Target:
    """One track of a sequence."""

    sequence: str
    track: int
    frames: Sequence[np.ndarray] | np.ndarray
    boxes: Mapping[int, BoxXYWH]  # by frame; those with 2 pixels or more on the frame
    fps: float


def targets_of(source: Source, most: int = 0) -> list[Target]:
    """Targets that can be followed for at least one frame, in the order of their first frames.

    Args:
        source: any sequence with boxes.
        most: no more than so many; 0 for all.

    Raises:
        SourceError: there is none.
    """
    frames = Frames(source)
    shape = frames[0].shape
    tracks: dict[int, dict[int, BoxXYWH]] = {}
    for index in range(len(source)):
        for track, box in sorted(source.boxes(index).items()):
            if _visible(box, shape):
                tracks.setdefault(track, {})[index] = box
    targets = [
        Target(source.name, track, frames, boxes, source.fps)
        for track, boxes in tracks.items()
        if len(boxes) > 1
    ]
    if not targets:
        raise SourceError(f'{source.name}: no target has boxes in two frames; add ground truth')
    return targets[:most] if most else targets


def find_sequences(
    places: Sequence[str], names: Sequence[str] = (), options: Mapping[str, Any] | None = None
) -> list[tuple[str, dict[str, Any]]]:
    """Paths and options for `open_source` of all sequences that were asked for.

    Args:
        places: whatever `open_source` understands, or folders of such folders; a KITTI tracking
            root stands for all its sequences.
        names: only these sequences of folders with several, in this order; () for all.
        options: of synthetic drives: size, frames.

    Raises:
        SourceError: nothing there, or no sequence of a name.
    """
    found: list[tuple[str, str, dict[str, Any]]] = []
    for place in places:
        if place.partition(':')[0] == 'synthetic':
            found.append(('', place, dict(options or {})))
        else:
            found += _in_folder(Path(place).expanduser())
    if names:
        known = {name: k for k, (name, _, _) in enumerate(found) if name}
        missing = [name for name in names if name not in known]
        if missing:
            listed = ', '.join(sorted(known)) or 'no folder of sequences was given'
            raise SourceError(f'no sequence {", ".join(missing)}; there are: {listed}')
        found = [found[known[name]] for name in names] + [entry for entry in found if not entry[0]]
    return [(place, chosen_options) for _, place, chosen_options in found]


def _in_folder(place: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """Name, path and options of the sequences of a folder; the place itself if it is one."""
    for root in (place, place / 'training'):
        if (root / 'image_02').is_dir() and not (root / 'image_02' / 'data').is_dir():
            names = sorted(path.name for path in (root / 'image_02').iterdir() if path.is_dir())
            return [(name, str(place), {'sequence': name}) for name in names]
    inside = (
        sorted(path for path in place.iterdir() if _is_sequence(path)) if place.is_dir() else []
    )
    if inside and not _is_sequence(place):
        return [(path.name, str(path), {}) for path in inside]
    return [(place.name, str(place), {})]


def _is_sequence(path: Path) -> bool:
    """Whether a folder holds frames with boxes: video.mp4 and boxes.csv, OTB, a KITTI drive."""
    marks = ('boxes.csv', 'img', 'image_02/data')
    return path.is_dir() and any((path / mark).exists() for mark in marks)


def _visible(box: BoxXYWH, shape: Sequence[int]) -> bool:
    try:
        check_box(box, shape)
    except InvalidBoxError:
        return False
    return True


def open_targets(place: str, options: Mapping[str, Any], most: int) -> list[Target]:
    """The targets of one sequence; see `open_source` and `targets_of`."""
    return targets_of(open_source(place, **options), most)
