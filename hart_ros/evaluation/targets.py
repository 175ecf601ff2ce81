# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is followed: targets of sequences, with their frames at hand."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hart_ros.data.listing import Listed, list_sequences
from hart_ros.data.source import Source, SourceError, is_synthetic, open_source
from hart_ros.tracking.types import BoxXYWH, InvalidBoxError, check_box

BUDGET = 2 << 30  # bytes of decoded frames kept of one sequence


class Frames(Sequence[np.ndarray]):
    """The images of a source, decoded once where they fit into memory.

    What is beyond the budget is read again by every tracker, in order, as protocols go. With a
    size, width and height, images are scaled to it. Raises SourceError for an image that cannot be
    read, or is of another size than the first.
    """

    def __init__(
        self, source: Source, budget: int = BUDGET, size: tuple[int, int] | None = None
    ) -> None:
        self._source, self._left, self._size = source, budget, size
        self._promised = len(source)
        self.shape: Sequence[int] = ()  # of the source's first image, (H, W), once one was read
        self._kept: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: Any) -> Any:
        """Return an image, (H, W, 3) BGR or (H, W) mono, uint8."""
        if index in self._kept:
            return self._kept[index]
        if index and not self.shape:
            self[0]
        image = self._image(index)
        self.shape = self.shape or image.shape[:2]
        if image.shape[:2] != self.shape:  # boxes would be those of other pixels
            raise SourceError(
                f'{self._source.name}: frame {index + 1} has shape {image.shape[:2]}, the first '
                f'{self.shape}; scale the frames of a sequence to one size'
            )
        if self._size:
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        if image.nbytes <= self._left:
            self._left -= image.nbytes
            self._kept[index] = image
        return image

    def _image(self, index: int) -> np.ndarray:
        try:
            return self._source[index].image
        except IndexError:
            if not 0 <= index < self._promised:
                raise
            raise SourceError(
                f'{self._source.name}: ends before frame {index + 1} of {self._promised} that it '
                'promises; re-encode it'
            ) from None

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


def targets_of(source: Source, most: int = 0, size: tuple[int, int] | None = None) -> list[Target]:
    """Targets that can be followed for at least one frame, in the order of their first frames.

    Args:
        source: any sequence with boxes.
        most: no more than so many; 0 for all.
        size: width and height that frames are scaled to, and boxes with them; None: as they are.

    Raises:
        SourceError: there is none.
    """
    frames = Frames(source, size=size)
    shape = frames[0].shape
    height, width = frames.shape
    across, down = (size[0] / width, size[1] / height) if size else (1.0, 1.0)
    tracks: dict[int, dict[int, BoxXYWH]] = {}
    for index in range(len(source)):
        for track, (x, y, w, h) in sorted(source.boxes(index).items()):
            tracks.setdefault(track, {})[index] = x * across, y * down, w * across, h * down
    found = followable(tracks, shape).items()
    targets = [Target(source.name, track, frames, boxes, source.fps) for track, boxes in found]
    if not targets:
        raise SourceError(f'{source.name}: no target has boxes in two frames; add ground truth')
    return targets[:most] if most else targets


def followable(
    tracks: Mapping[int, Mapping[int, BoxXYWH]], shape: Sequence[int]
) -> dict[int, dict[int, BoxXYWH]]:
    """Tracks that a tracker can be started on and measured with, and the boxes that it can.

    Those with 2 pixels or more on frames of this shape, in two frames or more; in the order of
    their first such frames, then of their ids.
    """
    seen = {
        track: {index: box for index, box in boxes.items() if _visible(box, shape)}
        for track, boxes in tracks.items()
    }
    found = [(min(boxes), track) for track, boxes in seen.items() if len(boxes) > 1]
    return {track: seen[track] for _, track in sorted(found)}


def find_sequences(
    places: Sequence[str], options: Mapping[str, Any] | None = None, part: str | None = None
) -> list[Listed]:
    """All sequences that were asked for; those which are not chosen by name have none.

    Args:
        places: whatever `open_source` understands, or folders of it; see `list_sequences`.
        options: of synthetic drives: size, frames.
        part: of the sequences of KITTI tracking; see `KittiTracking`.
    """
    found: list[Listed] = []
    for place in places:
        if is_synthetic(place):
            found.append(Listed('', place, options or {}))
            continue
        path = Path(place).expanduser().absolute()
        listed = list_sequences(path, part) or [Listed(path.name, str(path), {})]
        found += [s._replace(name='') if 'part' in s.options else s for s in listed]
    return found


def choose(found: Sequence[Listed], names: Sequence[str]) -> list[Listed]:
    """Of the sequences with a name only these, in this order; * stands for any letters.

    Raises:
        SourceError: no sequence of a name.
    """
    known = {entry.name for entry in found if entry.name}
    matches = {name: fnmatch.filter(sorted(known), name) for name in names}
    missing = [name for name in names if not matches[name]]
    if missing:
        listed = ', '.join(sorted(known)) or 'no folder of sequences was given'
        raise SourceError(f'no sequence {", ".join(missing)}; there are: {listed}')
    chosen = dict.fromkeys(match for name in names for match in matches[name])
    return [entry for name in (*chosen, '') for entry in found if entry.name == name]


def _visible(box: BoxXYWH, shape: Sequence[int]) -> bool:
    try:
        check_box(box, shape)
    except InvalidBoxError:
        return False
    return True


def open_targets(
    entries: Sequence[Listed], most: int, size: tuple[int, int] | None = None
) -> list[Target]:
    """The targets of all sequences; see `targets_of`.

    Raises:
        SourceError: likewise, or two sequences of one name, which would count as one.
    """
    targets: list[Target] = []
    for entry in entries:
        source = open_source(entry.path, **entry.options)
        if any(target.sequence == source.name for target in targets):
            raise SourceError(f'two sequences are named {source.name}: rename one of them')
        targets += targets_of(source, most, size)
    return targets
