# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is timed: trackers behind one interface, from a uint8 frame to a box.

Imports torch for this package's own trackers only: memory is compared as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from hart_ros.data.source import BoxXYWH, Source, SourceError, first_box, open_source
from hart_ros.evaluation.peers import Peer

NETWORKS = ('hart', 'hart_2017', 'ratm')
# Behind a network's name:
PLAIN = ', plain'  # as it is written, in eager PyTorch on whole frames
INT8 = ', int8'  # with V1 in integers
OWN = (*NETWORKS, 'hart' + INT8, *(name + PLAIN for name in NETWORKS))


@dataclass(frozen=True)
class Clip:
    """Frames in memory, and the target's box in each, as far as it is known."""

    name: str  # as 1242x375
    frames: Sequence[np.ndarray]
    boxes: Sequence[BoxXYWH | None]

    @property
    def start(self) -> BoxXYWH:
        """Where trackers are started, in the first frame."""
        assert self.boxes[0] is not None
        return self.boxes[0]


class Contender(Protocol):
    """A tracker of one target or of several."""

    def start(self, frame: np.ndarray, box_xywh: BoxXYWH) -> None: ...

    def update(self, frame: np.ndarray) -> BoxXYWH:
        """The target's box, of several the first one's."""


class OpenCv:
    """A peer."""

    def __init__(self, name: str, models: Path | None) -> None:
        self._peer = Peer(name, models)

    def start(self, frame: np.ndarray, box_xywh: BoxXYWH) -> None:
        self._peer.init(frame, box_xywh)

    def update(self, frame: np.ndarray) -> BoxXYWH:
        return self._peer.update(frame).box


@dataclass(frozen=True)
class Choice:
    """What the trackers are made of."""

    weights: Mapping[str, Path]  # of `NETWORKS`
    models: Path | None = None  # folder with the files of peers
    backend: str = 'auto'  # of `HartTracker`


def make(name: str, choice: Choice, threads: int) -> Contender:
    """A tracker by name; sets the threads of the whole process.

    Raises:
        PeerError, WeightsError, ValueError: see `Peer` and `HartTracker`.
    """
    cv2.setNumThreads(threads)
    if name not in OWN:
        return OpenCv(name, choice.models)
    from .own import Plain, fast

    weights = choice.weights[name.partition(',')[0]]
    if name.endswith(PLAIN):
        return Plain(weights, threads)
    return fast(weights, threads, 'int8' if name.endswith(INT8) else choice.backend)


def synthetic_clip(size: tuple[int, int], frames: int) -> Clip:
    """The beginning of a synthetic drive; its target is about a tenth of the frame wide."""
    return _clip(open_source('synthetic', size=size, frames=frames), frames, None)


def clip_of(path: str, frames: int, box_xywh: BoxXYWH | None) -> Clip:
    """The first frames of a sequence, from the one on in which its target has a box.

    Raises:
        SourceError: it cannot be read, or has no boxes and none is given.
    """
    return _clip(open_source(path), frames, box_xywh)


def inset(clip: Clip, outer: Clip) -> Clip:
    """A clip in the middle of the larger frames of another: the same target in more pixels."""
    height, width = clip.frames[0].shape[:2]
    top = (outer.frames[0].shape[0] - height) // 2
    left = (outer.frames[0].shape[1] - width) // 2
    frames = [frame.copy() for frame in outer.frames]
    for frame, inner in zip(frames, clip.frames):
        frame[top : top + height, left : left + width] = inner
    boxes = [box and (box[0] + left, box[1] + top, box[2], box[3]) for box in clip.boxes]
    return Clip(f'{clip.name} in {outer.name}', frames, boxes)


def _clip(source: Source, count: int, box_xywh: BoxXYWH | None) -> Clip:
    start, track, box = first_box(source) if box_xywh is None else (0, -1, box_xywh)
    shown = [source[i] for i in range(start, min(start + count, len(source)))]
    if len(shown) < 2:
        raise SourceError(f'{source.name}: one frame; give a sequence of two or more')
    height, width = shown[0].image.shape[:2]
    boxes = [box, *(frame.boxes.get(track) for frame in shown[1:])]
    return Clip(f'{width}x{height}', [frame.image for frame in shown], boxes)
