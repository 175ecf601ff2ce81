# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Synthetic drives: what a camera on a car would see, with exact boxes and nothing to download."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from hart_ros.data.drive.camera import intrinsics
from hart_ros.data.drive.scene import Scene
from hart_ros.data.source import BoxXYWH, SourceError, SourceFrame


class SyntheticDrive:
    """A drive through a street that exists only as numbers, in the manner of KITTI.

    Cars, vans, cyclists and pedestrians approach, recede and turn; the camera's own car drives,
    turns and shakes; poles, trees, houses and other vehicles come between; light changes. Road,
    weather, traffic and colours follow from the seed. The same seed and index give the same frame
    bit for bit, in any order, and a shorter drive is the beginning of a longer one up to 30
    seconds. Track 0 moves ahead of the camera from the first frame; with some seeds something
    hides it for a moment, with the default it is in sight all the way.

    A box is the tight box of the object as if nothing stood before it, clipped to the image,
    as KITTI labels it. An object has no box in frames where less than a fifth of it is in
    sight, less than a quarter of its box lies inside the image, a side of the clipped box is under
    8 pixels, or fog hides it.

    Args:
        seed: of everything; each gives another drive.
        size: width and height in pixels; the field of view is KITTI's, pixels are square.
        frames: length of the drive.
        fps: frames a second of the camera, 10 as in KITTI.
        motions: folder of label files, as label_02 of KITTI tracking: road users move as they are
            labelled there, and track 0 only as long as it does there.

    Raises:
        SourceError: an option out of range, no labels in `motions`.
    """

    def __init__(
        self,
        seed: int = 0,
        size: tuple[int, int] = (1242, 375),
        frames: int = 120,
        fps: float = 10.0,
        motions: str | Path | None = None,
    ) -> None:
        width, height = size
        if not (64 <= width <= 8192 and 32 <= height <= 8192):
            raise SourceError(
                f'synthetic: size {width}x{height}; give a width from 64 and a height from 32'
            )
        if frames < 1 or not fps > 0 or seed < 0:
            raise SourceError(
                f'synthetic: seed {seed}, frames {frames}, fps {fps:g}; '
                'give a seed from 0, at least one frame and a positive rate'
            )
        labels = Path(motions).expanduser().resolve() if motions is not None else None
        self.name = f'synthetic-{seed}' + (f'-{labels.name}' if labels else '')
        self.fps = float(fps)
        self._length = int(frames)
        self._scene = Scene(int(seed), (int(width), int(height)), frames / fps, labels)
        matrix = np.column_stack([intrinsics((width, height)), np.zeros(3)])
        matrix[:2, 2] -= 0.5  # KITTI and ROS count from the centre of the first pixel
        self.camera_matrix: np.ndarray | None = matrix
        self._boxes: dict[int, Mapping[int, BoxXYWH]] = {}
        self._ids: Sequence[int] | None = None

    @property
    def track_ids(self) -> Sequence[int]:
        """Return the ids of all tracks that have a box in some frame, ascending."""
        if self._ids is None:
            found = {track for index in range(len(self)) for track in self.boxes(index)}
            self._ids = tuple(sorted(found))
        return self._ids

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> SourceFrame:
        """Return one frame; all cost the same. Raises IndexError past the end."""
        if index < 0:
            index += self._length
        if not 0 <= index < self._length:
            raise IndexError(f'{self.name}: frame {index} of {self._length}')
        time = index / self.fps
        return SourceFrame(index, time, self._scene.paint(time, index), self.boxes(index))

    def __iter__(self) -> Iterator[SourceFrame]:
        """Yield all frames in order."""
        return (self[index] for index in range(self._length))

    def boxes(self, index: int) -> Mapping[int, BoxXYWH]:
        """Return the boxes of a frame by track id, xywh in pixels."""
        if index not in self._boxes:
            self._boxes[index] = self._scene.boxes(index / self.fps)
        return self._boxes[index]
