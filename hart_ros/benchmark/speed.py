# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How long trackers take for a frame, in turns, so that a machine that drifts hits all alike."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hart_ros.data.source import BoxXYWH
from hart_ros.evaluation.metrics import iou_xywh

from .contenders import Clip, Contender


@dataclass(frozen=True)
class Timing:
    """All updates of one tracker on one clip."""

    seconds: np.ndarray  # (rounds, frames)
    iou: float | None  # mean over the frames whose truth is known

    @property
    def median(self) -> float:
        """Milliseconds a frame."""
        return 1e3 * float(np.median(self.seconds))

    @property
    def p99(self) -> float:
        """Milliseconds within which 99 of 100 frames are done."""
        return 1e3 * float(np.percentile(self.seconds, 99))

    @property
    def fps(self) -> float:
        """Frames a second, at the median."""
        return 1e3 / self.median


def ratio(slow: Timing, fast: Timing) -> float:
    """How many times as fast one is as the other: the median over rounds, each of its medians."""
    return float(np.median(np.median(slow.seconds, 1) / np.median(fast.seconds, 1)))


def compare(contenders: Mapping[str, Contender], clip: Clip, rounds: int) -> dict[str, Timing]:
    """Times all trackers on the same frames.

    In each round every tracker is started anew and shown the clip; a first round is not counted.
    """
    seconds: dict[str, list[list[float]]] = {name: [] for name in contenders}
    boxes: dict[str, list[BoxXYWH]] = {}
    for _ in range(1 + rounds):
        for name, contender in contenders.items():
            times, boxes[name] = shown(contender, clip)
            seconds[name].append(times)
    return {
        name: Timing(np.array(times[1:]), _iou(boxes[name], clip))
        for name, times in seconds.items()
    }


def shown(contender: Contender, clip: Clip) -> tuple[list[float], list[BoxXYWH]]:
    """Seconds and boxes of a tracker that is started in the first frame, without that one."""
    contender.start(clip.frames[0], clip.start)
    times, boxes = [], []
    for frame in clip.frames[1:]:
        began = time.perf_counter()
        box = contender.update(frame)
        times.append(time.perf_counter() - began)
        boxes.append(box)
    return times, boxes


def _iou(boxes: list[BoxXYWH], clip: Clip) -> float | None:
    known = [(box, truth) for box, truth in zip(boxes, clip.boxes[1:]) if truth is not None]
    return float(np.mean([iou_xywh(box, truth) for box, truth in known])) if known else None
