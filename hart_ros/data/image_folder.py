# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Numbered images as a sequence; the base of all readers whose frames are image files."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from hart_ros.data import image_file
from hart_ros.data.boxes_file import ids_of
from hart_ros.data.source import BoxXYWH, SourceError, SourceFrame

_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp', '.ppm', '.pgm')


class ImageList:
    """Image files with what is known of them.

    Args:
        name: of the sequence.
        files: one image a frame.
        fps: frames a second.
        boxes: by frame index from 0 and track id, xywh in pixels.
        stamps: seconds since the first frame; from `fps` if there are none.
        camera_matrix: (3, 4) projection matrix.

    Raises:
        SourceError: the rate is not positive.
    """

    def __init__(
        self,
        name: str,
        files: Sequence[Path],
        fps: float,
        boxes: Mapping[int, Mapping[int, BoxXYWH]] | None = None,
        stamps: Sequence[float] | None = None,
        camera_matrix: np.ndarray | None = None,
    ) -> None:
        if not 0 < fps < math.inf:
            raise SourceError(f'{name}: fps is {fps:g}; give a positive number of frames a second')
        self.name, self.fps = name, float(fps)
        self.camera_matrix = camera_matrix
        self._files, self._boxes = list(files), boxes or {}
        self._stamps = stamps
        self.track_ids: Sequence[int] = ids_of(self._boxes)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> SourceFrame:
        """Return one frame. Raises IndexError past the end, SourceError for a broken image."""
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(f'{self.name}: frame {index} of {len(self)}')
        stamp = index / self.fps if self._stamps is None else self._stamps[index]
        return SourceFrame(index, stamp, read_image(self._files[index]), self.boxes(index))

    def __iter__(self) -> Iterator[SourceFrame]:
        """Yield all frames in order."""
        return (self[index] for index in range(len(self)))

    def boxes(self, index: int) -> Mapping[int, BoxXYWH]:
        """Return the boxes of a frame by track id, xywh in pixels."""
        return self._boxes.get(index, {})


class ImageFolder(ImageList):
    """A folder of images in the order of the numbers in their names; no boxes.

    Args:
        path: the folder.
        fps: frames a second; images do not say.

    Raises:
        SourceError: there is no image in the folder.
    """

    def __init__(self, path: str | Path, fps: float = 10.0) -> None:
        super().__init__(Path(path).resolve().name, list_images(Path(path)), fps)


def list_images(folder: Path) -> list[Path]:
    """Return the images of a folder, 9 before 10. Raises SourceError if there are none."""
    if not folder.is_dir():
        raise SourceError(f'{folder}: no such folder; check the path')
    entries = sorted(folder.iterdir(), key=_natural)
    files = [f for f in entries if f.suffix.lower() in _SUFFIXES and not f.name.startswith('.')]
    if not files:
        inside = ', '.join(f.name for f in entries[:5]) or 'nothing'
        raise SourceError(
            f'{folder}: no images (png, jpg, bmp, tif, webp, ppm, pgm), but {inside}; '
            'give the folder that holds the frames'
        )
    return files


def read_image(path: Path) -> np.ndarray:
    """Read an image as (H, W, 3) BGR or (H, W) grey uint8; 16 bits are cut to the upper 8.

    Raises:
        SourceError: the file is no image, broken, or has floating-point pixels.
    """
    try:
        data = path.read_bytes()
        # Of a damaged PNG OpenCV may want gigabytes; JPEGs without an end it reads, and many are.
        whole = image_file.kind_of(data) != 'PNG' or image_file.is_whole(data)
        flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if whole else None
    except (OSError, cv2.error):
        image = None
    if image is None:
        raise SourceError(
            f'{path}: cannot be read as an image; replace it or remove it from the sequence'
        )
    if image.dtype == np.uint16:
        image = (image // 256).astype(np.uint8)
    if image.dtype != np.uint8:
        raise SourceError(f'{path}: has pixels of type {image.dtype}; convert it to 8 bits')
    return image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Return a sorting key that compares runs of digits as numbers."""
    parts = re.split(r'(\d+)', path.name)
    return [(0, int(p), p) if p.isdecimal() else (1, 0, p.lower()) for p in parts if p]
