# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Is a target that left believed to be there? The protocol `loss`, and its figures.

A frame is lost when the box shares nothing with the target, or when the target is not to be seen;
it is flagged when the state that comes of the scores is not TRACKING.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from hart_ros.tracking.target_state import Limits, State, StateMachine
from hart_ros.tracking.types import BoxXYWH

from .protocols import AnyTracker, Step, follow

WITHIN = 10  # frames that a loss may go unnoticed
GOOD = 0.5  # IoU above which a flag is a false one


def loss(
    tracker: AnyTracker,
    frames: Sequence[np.ndarray] | np.ndarray,
    boxes: Mapping[int, BoxXYWH],
    fps: float,
) -> Iterator[Step]:
    """One pass from the first true box to the sequence's end; every frame yields a step.

    Without a true box the target is taken to be out of sight, and the IoU is 0. What is lost is
    never given up here, so that every lost frame counts. Frame k is taken to come at k / fps; gaps
    in stamps are ignored.

    Args: see `hart60_steps`; `fps` frames a second.
    """
    machine = StateMachine(Limits(give_up_after=0.0))
    for step in follow(tracker, frames, boxes, min(boxes), len(frames), every=True):
        if step.score is not None:
            step = replace(step, state=machine.update(step.score, 1 / fps))
        yield step


def loss_metrics(steps: Sequence[Step]) -> dict[str, float | None]:
    """Shares in [0, 1]; None where nothing can be said.

    noticed: of the losses, those flagged within `WITHIN` frames (of shorter ones, flagged at all).
    lost_flagged: of the lost frames, but for the first `WITHIN` of each loss, those flagged.
    good_flagged: of the frames with an IoU above `GOOD`, those flagged.
    found_again: of the losses of more than `WITHIN` frames, those after which the IoU is above
        `GOOD` again.
    """
    steps = [step for step in steps if step.state is not None]
    losses = list(_losses(steps))
    late = [step for run in losses for step in run[WITHIN:]]
    good = [step for step in steps if step.iou > GOOD]
    noticed = [any(map(is_flagged, run[: WITHIN + 1])) for run in losses]
    ends = [run[-1] for run in losses if len(run) > WITHIN]
    return {
        'lost_flagged': _share([is_flagged(step) for step in late]),
        'noticed': _share(noticed),
        'good_flagged': _share([is_flagged(step) for step in good]),
        'found_again': _share([any(step.frame > end.frame for step in good) for end in ends]),
    }


def is_flagged(step: Step) -> bool:
    """Whether the box is not vouched for."""
    return step.state is not State.TRACKING


def _losses(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Runs of lost frames, one after the other."""
    run: list[Step] = []
    for step in steps:
        follows = bool(run) and step.frame == run[-1].frame + 1
        if run and (step.iou > 0 or not follows):
            yield run
            run = []
        if step.iou == 0:
            run.append(step)
    if run:
        yield run


def _share(flags: Sequence[bool]) -> float | None:
    return float(np.mean(flags)) if flags else None
