# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Video files, and folders that hold a video with boxes."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from hart_ros.data.boxes_file import FrameBoxes, add_box, ids_of, read_lines, real, sized_box, whole
from hart_ros.data.source import BoxXYWH, SourceError, SourceFrame

_log = logging.getLogger(__name__)
_HEADER = ['frame', 'track_id', 'x', 'y', 'w', 'h']
# Hold the number of their frames, or their exact duration.
_COUNTED = ('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm')


class VideoFile:
    """A video as a sequence.

    Frames are only ever decoded in order, because seeking in H.264 lands on a neighbouring frame
    with many builds of OpenCV. Iterating and stepping forwards is cheap; `source[i]` with an
    earlier `i` than last time starts over from the first frame.

    Args:
        path: the file.
        fps: overrides the rate that the file states.
        boxes: csv file with the header `frame,track_id,x,y,w,h`; frames count from 1, boxes are in
            pixels.

    Raises:
        SourceError: the file cannot be opened or has no frame, or a line of the csv is not a box
            of a frame.
    """

    def __init__(
        self, path: str | Path, fps: float | None = None, boxes: str | Path | None = None
    ) -> None:
        self.path = Path(path)
        self.name = self.path.stem
        self.camera_matrix: np.ndarray | None = None
        if fps is not None and not 0 < fps < math.inf:
            raise SourceError(f'{path}: fps is {fps:g}; give a positive number of frames a second')
        self.track_ids: Sequence[int] = ()
        self._boxes: Mapping[int, Mapping[int, BoxXYWH]] = {}
        self._capture = self._open()
        self._image: np.ndarray | None = None  # the last frame decoded by __getitem__ ...
        self._index = -1  # ... and its index
        stated = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps or (stated if math.isfinite(stated) and 0 < stated < 1000 else 30.0)
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        # Others do not say, and OpenCV guesses from the duration.
        says = self.path.suffix.lower() in _COUNTED and math.isfinite(count) and count >= 1
        self._length = int(count) if says else self._count()
        self._decode_to(0)
        if boxes is not None:
            self._boxes = _read_csv(Path(boxes), len(self))
            self.track_ids = ids_of(self._boxes)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> SourceFrame:
        """Return one frame; see the class for what that costs."""
        if index < 0:
            index += self._length
        if not 0 <= index < self._length:
            raise IndexError(f'{self.path}: frame {index} of {self._length}')
        return self._frame(index, self._decode_to(index))

    def __iter__(self) -> Iterator[SourceFrame]:
        """Yield all frames in order, independently of other iterators and of `source[i]`."""
        capture = self._open()
        try:
            for index in range(self._length):
                good, image = capture.read()
                if not good:
                    self._ends_at(index)
                    return
                yield self._frame(index, image)
        finally:
            capture.release()

    def boxes(self, index: int) -> Mapping[int, BoxXYWH]:
        """Return the boxes of a frame by track id, xywh in pixels."""
        return self._boxes.get(index, {})

    def _frame(self, index: int, image: np.ndarray) -> SourceFrame:
        return SourceFrame(index, index / self.fps, image, self.boxes(index))

    def _open(self) -> cv2.VideoCapture:
        if not self.path.is_file():
            raise SourceError(f'{self.path}: no such video; check the path')
        capture = cv2.VideoCapture(str(self.path.absolute()))  # a colon in it is no protocol
        if not capture.isOpened():
            raise SourceError(
                f'{self.path}: OpenCV cannot open this as a video; try '
                f"'ffmpeg -i {self.path.name} -c:v libx264 out.mp4'"
            )
        return capture

    def _count(self) -> int:
        capture = self._open()
        count = 0
        while capture.grab():
            count += 1
        capture.release()
        return count

    def _decode_to(self, index: int) -> np.ndarray:
        """Decode forwards to a frame, from the start if it lies behind."""
        if index == self._index and self._image is not None:
            return self._image.copy()
        if index <= self._index:
            self._capture.release()
            self._capture, self._index = self._open(), -1
        while self._index < index:
            if not self._capture.grab():
                self._ends_at(self._index + 1)
                raise SourceError(
                    f'{self.path}: ends after {self._length} frames, but promises more; '
                    're-encode the video'
                )
            self._index += 1
        good, image = self._capture.retrieve()
        if not good:
            raise SourceError(f'{self.path}: frame {index} cannot be decoded; re-encode the video')
        self._image = image
        return image.copy()

    def _ends_at(self, count: int) -> None:
        """Correct the length: the header promised more frames than there are."""
        if count == 0:
            raise SourceError(f'{self.path}: no frame can be decoded; re-encode the video')
        _log.warning('%s: ends after %d of %d frames', self.path, count, self._length)
        self._length = count


class VideoFolder(VideoFile):
    """A folder with `video.mp4` and, where there is ground truth, `boxes.csv`.

    Args:
        path: the folder.
        fps: overrides the rate that the video states.

    Raises:
        SourceError: no video; see `VideoFile`.
    """

    def __init__(self, path: str | Path, fps: float | None = None) -> None:
        folder = Path(path)
        if not (folder / 'video.mp4').is_file():
            raise SourceError(
                f'{folder}: has no video.mp4 beside its boxes.csv; put the video there'
            )
        csv = folder / 'boxes.csv'
        super().__init__(folder / 'video.mp4', fps, csv if csv.is_file() else None)
        self.name = folder.resolve().name


def _read_csv(path: Path, frames: int) -> FrameBoxes:
    lines = read_lines(path)
    if not lines or [field.strip() for field in lines[0].split(',')] != _HEADER:
        raise SourceError(f"{path}:1: the header must be '{','.join(_HEADER)}'")
    boxes: FrameBoxes = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        where = f'{path}:{number}'
        fields = [field.strip() for field in line.split(',')]
        if len(fields) != len(_HEADER):
            raise SourceError(
                f'{where}: {len(fields)} fields instead of {len(_HEADER)}; mend the line'
            )
        frame = whole(fields[0], 'frame', where)
        if not 1 <= frame <= frames:
            raise SourceError(
                f'{where}: frame {frame} of a video with {frames}; frames count from 1'
            )
        x, y, w, h = (real(text, name, where) for text, name in zip(fields[2:], _HEADER[2:]))
        track_id = whole(fields[1], 'track_id', where)
        add_box(boxes, frame - 1, track_id, sized_box(x, y, w, h, where), where)
    return boxes
