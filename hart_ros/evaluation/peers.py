# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Trackers that robots use today, behind the interface of `hart_ros.Tracker`.

They are OpenCV's. Which of them there are depends on its build: CSRT, KCF, MOSSE and MedianFlow are
in opencv-contrib, NanoTrack since 4.7, ViTTrack since 4.9. The last two need files, see `MODELS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hart_ros.tracking.types import BoxXYWH, check_box

CLASSES: Mapping[str, str] = {
    'csrt': 'TrackerCSRT',
    'kcf': 'TrackerKCF',
    'mosse': 'TrackerMOSSE',
    'medianflow': 'TrackerMedianFlow',
    'nano': 'TrackerNano',
    'vit': 'TrackerVit',
}
# Parameter of the tracker and what its file is called, somewhere under the models' folder.
MODELS: Mapping[str, Mapping[str, str]] = {
    'nano': {'backbone': '*backbone*.onnx', 'neckhead': '*head*.onnx'},
    'vit': {'net': '*vit*.onnx'},
}


class PeerError(RuntimeError):
    """A peer that this OpenCV does not have, or whose files are missing; says what to do."""


@dataclass(frozen=True)
class Guess:
    """What a peer says of a frame."""

    box: BoxXYWH  # x, y, w, h, pixels; the last one if the peer says that it found nothing
    score: float | None  # in [0, 1] where the peer has one
    found: bool


class Peer:
    """One of OpenCV's trackers.

    Boxes are given in whole pixels, which is all that most of them take, and clipped to the frame;
    mono frames are made three channels, which KCF needs. A peer that reports failure, or raises
    because its box left the frame or cannot be started on, keeps its last box.
    """

    def __init__(self, name: str, models: str | Path | None = None) -> None:
        """Finds the tracker and its files.

        Args:
            name: a key of `CLASSES`.
            models: folder with the files of `MODELS`, searched with its subfolders.

        Raises:
            PeerError: unknown, not in this OpenCV, or without its files.
        """
        if name not in CLASSES:
            raise PeerError(f'{name}: no such tracker; there are hart, {", ".join(CLASSES)}')
        self.name = name
        self._create = _constructor(name, models)
        self._tracker: Any = None
        self._started = False
        self._box: BoxXYWH = (0.0, 0.0, 0.0, 0.0)

    def init(self, frame: np.ndarray, box_xywh: Sequence[float]) -> None:
        """Starts on a target.

        Args:
            frame: (H, W, 3) BGR or (H, W) mono, uint8.
            box_xywh: the target, pixels.

        Raises:
            InvalidBoxError: see `hart_ros.tracking.check_box`.
        """
        self._box = check_box(box_xywh, frame.shape)
        self._tracker = self._create()
        try:
            self._tracker.init(_colour(frame), _whole(self._box, frame.shape))
            self._started = True
        except cv2.error:  # CSRT: of a thin box at the frame's border
            self._started = False

    def update(self, frame: np.ndarray) -> Guess:
        """Finds the target in the next frame."""
        found, box = False, self._box
        if self._started:
            with suppress(cv2.error):
                found, box = self._tracker.update(_colour(frame))
        if found:
            x, y, w, h = (float(value) for value in box)
            self._box = x, y, w, h
        return Guess(self._box, self._score(), bool(found))

    def _score(self) -> float | None:
        if not hasattr(self._tracker, 'getTrackingScore'):
            return None
        if not self._started:
            return 0.0
        return float(np.clip(self._tracker.getTrackingScore(), 0.0, 1.0))


def _constructor(name: str, models: str | Path | None) -> Callable[[], Any]:
    """What gives a tracker that can be started."""
    create = _find(CLASSES[name])
    if name not in MODELS:
        return create
    parameters = getattr(cv2, f'{CLASSES[name]}_Params')()
    for field, pattern in MODELS[name].items():
        setattr(parameters, field, str(_file(name, models, pattern)))
    try:
        tracker = create(parameters)
    except cv2.error as error:
        raise PeerError(
            f'{name}: OpenCV {cv2.__version__} cannot load its model: {error}'
        ) from None
    return lambda: tracker  # `init` starts it anew, and loading is no part of tracking


def _find(class_name: str) -> Callable[..., Any]:
    """The constructor, where the various versions of OpenCV have it."""
    for module in (cv2, getattr(cv2, 'legacy', None)):
        for place in (f'{class_name}_create', class_name):
            found = getattr(module, place, None)
            found = getattr(found, 'create', found)
            if callable(found) and not isinstance(found, type):
                return found
    raise PeerError(
        f'OpenCV {cv2.__version__} has no {class_name}; install opencv-contrib-python-headless '
        '(in place of other opencv-python packages) or leave the tracker out'
    )


def _file(name: str, models: str | Path | None, pattern: str) -> Path:
    if models is None:
        raise PeerError(f'{name}: needs its model; give --models FOLDER with a file {pattern}')
    folder = Path(models).expanduser()
    found = sorted(folder.rglob(pattern))
    if not found:
        raise PeerError(f'{name}: no file {pattern} in {folder}; put the model there')
    if len(found) > 1:
        names = ', '.join(str(path) for path in found[:4])
        raise PeerError(f'{name}: {names} all fit {pattern}; give a folder with one of them')
    return found[0]


def _colour(frame: np.ndarray) -> np.ndarray:
    mono = frame.ndim == 2 or frame.shape[2] == 1
    return cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR) if mono else np.ascontiguousarray(frame)


def _whole(box: BoxXYWH, frame_shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Edges rounded to whole pixels, at least one pixel on the frame."""
    height, width = frame_shape[:2]
    left, top = min(round(box[0]), width - 1), min(round(box[1]), height - 1)
    right, bottom = min(round(box[0] + box[2]), width), min(round(box[1] + box[3]), height)
    return left, top, max(right - left, 1), max(bottom - top, 1)
