# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How a tracker is put to the test.

Every protocol starts a tracker from a true box, and yields a `Step` for each frame after it that
has a true box. The frame of the given box never counts, and frames in which nothing is annotated
are tracked but not scored.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Frames
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hart_ros.data.source import SourceError
from hart_ros.tracking.target_state import State
from hart_ros.tracking.types import BoxXYWH

from .metrics import iou_xywh

CLIPS, STEPS = 3, 60  # of hart60
SEGMENTS = 20  # of tre
SKIP = 5  # frames from a loss to the restart
NOWHERE: BoxXYWH = (0.0, 0.0, 0.0, 0.0)
BURN_IN = 10  # frames from a start on, its own included, that do not count for accuracy


class Result(Protocol):
    """What a tracker says of a frame: `hart_ros.tracking.Track`, `peers.Guess`."""

    @property
    def box(self) -> BoxXYWH: ...

    @property
    def score(self) -> float | None: ...


class AnyTracker(Protocol):
    """What `hart_ros.Tracker` and its peers offer."""

    def init(self, frame: np.ndarray, box_xywh: Frames[float]) -> object: ...

    def update(self, frame: np.ndarray) -> Result: ...


@dataclass(frozen=True)
class Step:
    """One scored frame."""

    start: int  # frame in which the tracker was started
    frame: int
    box: BoxXYWH  # x, y, w, h, pixels
    truth: BoxXYWH
    iou: float
    score: float | None  # of the box; None if the tracker has none
    seconds: float  # that the box took to compute
    state: State | None = None  # that the scores led to, under `loss`


def hart60(
    tracker: AnyTracker,
    frames: Frames[np.ndarray] | np.ndarray,
    boxes: Mapping[int, BoxXYWH],
    clips: int = CLIPS,
    steps: int = STEPS,
) -> list[float]:
    """IoU of every step of `hart60_steps`."""
    return [step.iou for step in hart60_steps(tracker, frames, boxes, clips, steps)]


def hart60_steps(
    tracker: AnyTracker,
    frames: Frames[np.ndarray] | np.ndarray,
    boxes: Mapping[int, BoxXYWH],
    clips: int = CLIPS,
    steps: int = STEPS,
) -> Iterator[Step]:
    """HART's own protocol: clips of 60 steps started from the true box.

    Args:
        tracker: started anew for every clip.
        frames: of one sequence, (H, W, 3) uint8 BGR.
        boxes: true boxes x, y, w, h in pixels by frame.
        clips: how many, spread evenly over the annotated part of the sequence.
        steps: frames of a clip, its first included.
    """
    known = sorted(boxes)
    last = max(known[0], known[-1] + 1 - steps)
    starts = {min(known, key=lambda k: abs(k - s)) for s in np.linspace(known[0], last, clips)}
    for start in sorted(starts):
        yield from follow(tracker, frames, boxes, start, min(start + steps, len(frames)))


def ope(
    tracker: AnyTracker, frames: Frames[np.ndarray] | np.ndarray, boxes: Mapping[int, BoxXYWH]
) -> Iterator[Step]:
    """One pass from the first true box to the last (OTB, LaSOT; these count the first frame too).

    Args: see `hart60_steps`.
    """
    yield from follow(tracker, frames, boxes, min(boxes), max(boxes) + 1)


def tre(
    tracker: AnyTracker, frames: Frames[np.ndarray] | np.ndarray, boxes: Mapping[int, BoxXYWH]
) -> Iterator[Step]:
    """Passes to the last true box from `SEGMENTS` places, spread evenly: OTB's temporal robustness.

    Whether a single pass loses its target often hangs on one frame; the mean of these does not.

    Args: see `hart60_steps`.
    """
    known = sorted(boxes)
    for start in sorted({known[k * len(known) // SEGMENTS] for k in range(SEGMENTS)}):
        yield from follow(tracker, frames, boxes, start, max(boxes) + 1)


def restart(
    tracker: AnyTracker,
    frames: Frames[np.ndarray] | np.ndarray,
    boxes: Mapping[int, BoxXYWH],
) -> Iterator[Step]:
    """One pass with help: VOT's supervised experiment (until 2019).

    An IoU of 0 is a loss; the tracker is started again `SKIP` frames after it, or at the next frame
    that has a true box. See `counts_for_accuracy`.

    Args: see `hart60_steps`.
    """
    start: int | None = min(boxes)
    while start is not None:
        lost = None
        for step in follow(tracker, frames, boxes, start, max(boxes) + 1):
            yield step
            if step.iou == 0:
                lost = step.frame
                break
        after = [] if lost is None else [frame for frame in boxes if frame >= lost + SKIP]
        start = min(after, default=None)


def counts_for_accuracy(step: Step) -> bool:
    """Whether VOT takes a step of `restart` for the accuracy: neither lost nor just started."""
    return step.iou > 0 and step.frame >= step.start + BURN_IN


def realtime(
    tracker: AnyTracker,
    frames: Frames[np.ndarray] | np.ndarray,
    boxes: Mapping[int, BoxXYWH],
    fps: float,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Step]:
    """One pass as on a robot: frames come at their rate whether or not the tracker is done.

    Frame k comes at k / fps. A tracker that is free takes the newest frame, one that is busy
    misses frames. A frame is scored by the last box that was ready before the next frame came; so
    a late box is scored against the frame on which it arrives, and held until there is another.
    Time is simulated: only what the tracker itself takes counts, that of its start included. It is
    started and run once before, for the first run of a network is slow. Frames are decoded outside
    of it, and gaps in their stamps are ignored.

    Args: see `hart60_steps`; `fps` frames a second, `clock` returns seconds.
    """
    first, last = min(boxes), max(boxes)
    box: BoxXYWH = boxes[first]
    score: float | None = None
    image = np.asarray(frames[first])
    tracker.init(image, box)
    tracker.update(image)
    began = clock()
    tracker.init(image, box)
    seconds = clock() - began
    ready = first / fps + seconds  # when the result in work is, or the tracker is free
    taken, pending = first, None
    for frame in range(first, last + 1):
        while ready * fps < frame + 1 - 1e-9:  # before the next frame comes
            if pending is not None:
                box, score = pending.box, pending.score
                pending = None
            if taken == frame:
                break  # nothing new to take
            taken = frame
            image = np.asarray(frames[frame])  # before the clock: decoding is not the tracker's
            began = clock()
            pending = tracker.update(image)
            seconds = clock() - began
            ready = max(ready, frame / fps) + seconds
        if frame > first and frame in boxes:
            yield _step(first, frame, box, boxes[frame], score, seconds)


def follow(
    tracker: AnyTracker,
    frames: Frames[np.ndarray] | np.ndarray,
    boxes: Mapping[int, BoxXYWH],
    start: int,
    end: int,
    every: bool = False,
) -> Iterator[Step]:
    """Starts a tracker in one frame and follows to another, which is no longer tracked.

    Ends where a frame behind the last true box cannot be read: headers of videos promise too much.

    Args: see `hart60_steps`; `every`: also steps of frames without a true box, whose `truth` is
    `NOWHERE`.
    """
    tracker.init(np.asarray(frames[start]), boxes[start])
    for frame in range(start + 1, end):
        try:
            image = np.asarray(frames[frame])
        except SourceError:
            if frame > max(boxes):
                return
            raise
        began = time.perf_counter()
        result = tracker.update(image)
        seconds = time.perf_counter() - began
        if every or frame in boxes:
            truth = boxes.get(frame, NOWHERE)
            yield _step(start, frame, result.box, truth, result.score, seconds)


def _step(
    start: int,
    frame: int,
    box: BoxXYWH,
    truth: BoxXYWH,
    score: float | None,
    seconds: float,
) -> Step:
    iou = iou_xywh(box, truth) if all(map(math.isfinite, box)) else 0.0
    return Step(start, frame, box, truth, iou, score, seconds)
