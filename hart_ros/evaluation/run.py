# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Every tracker through every protocol on every target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
from tqdm import tqdm

from hart_ros.tracking import Tracker

from .losses import WITHIN, loss
from .peers import Peer
from .protocols import (
    CLIPS,
    SEGMENTS,
    STEPS,
    AnyTracker,
    Step,
    hart60_steps,
    ope,
    realtime,
    restart,
    tre,
)
from .summary import TargetResult
from .targets import Frames, Target

DESCRIPTIONS = {
    'hart60': f'{CLIPS} clips of {STEPS} frames spread over the annotated part, each started from '
    'the true box: mean IoU.',
    'ope': 'One pass from the first true box to the last: mean IoU; success, the area under the '
    'curve over 21 thresholds of IoU; precision at 20 pixels; normalised precision at a fifth of '
    "the box (LaSOT). OTB and LaSOT count the first frame too, which adds its perfect box's share.",
    'tre': f'One pass from each of {SEGMENTS} places spread over the sequence to its end: the mean '
    "of their mean IoUs, OTB's temporal robustness.",
    'restart': "One pass, started again five frames after each loss (IoU 0), as VOT's supervised "
    'experiment until 2019: accuracy, the mean IoU without losses and the first ten frames of each '
    'start; losses, a sequence.',
    'realtime': 'One pass at the frame rate of the sequence: a tracker takes the newest frame when '
    'it is free, and a late box is scored against the frame on which it arrives: mean IoU. '
    'Gaps in the stamps of frames are ignored. Depends on the machine.',
    'loss': 'One pass to the end of the sequence, also where the target is not to be seen. Lost '
    'frames: IoU 0 or no target. Flagged: the state that the node gives by the scores is not '
    f'TRACKING. Shares: lost frames flagged from the {WITHIN + 1}th of a loss on; losses noticed '
    f'in {WITHIN} frames; good frames (IoU above 0.5) flagged, in vain; losses of more than '
    f'{WITHIN} frames after which a frame is good again. Gaps in the stamps of frames are ignored.',
}


def make_trackers(
    names: Sequence[str],
    weights: Mapping[str, Path],
    models: Path | None = None,
    device: str = 'cpu',
    threads: int = 1,
    backend: str = 'auto',
) -> dict[str, AnyTracker]:
    """Trackers by name: HART where there are weights of that name, else a peer.

    Args:
        names: in the order of the tables.
        weights: of the names that are HART.
        models: folder with the files of peers.
        device: of HART.
        threads: CPU threads of each tracker; sets them for the whole process.
        backend: of HART, see `HartTracker`.

    Raises:
        PeerError, WeightsError, ValueError: see `Peer` and `HartTracker`.
    """
    cv2.setNumThreads(threads)
    trackers: dict[str, AnyTracker] = {}
    for name in names:
        if name in weights:
            trackers[name] = Tracker(weights[name], device, threads, backend)
        else:
            trackers[name] = Peer(name, models)
    return trackers


def run(
    trackers: Mapping[str, AnyTracker], protocols: Sequence[str], targets: Sequence[Target]
) -> list[TargetResult]:
    """Steps of all; see `results_of`."""
    return list(results_of(trackers, protocols, targets))


def results_of(
    trackers: Mapping[str, AnyTracker], protocols: Sequence[str], targets: Sequence[Target]
) -> Iterator[TargetResult]:
    """Steps of one target after the other; shows a bar of the frames that are tracked.

    Raises:
        SourceError: a frame that cannot be read.
    """
    total = sum(_length(protocol, target) for protocol in protocols for target in targets)
    with tqdm(total=total * len(trackers), unit='frame', mininterval=0.5) as bar:
        for number, target in enumerate(targets):
            result = TargetResult(target)
            for protocol in protocols:
                result.steps[protocol] = {}
                for name, tracker in trackers.items():
                    bar.set_postfix_str(f'{target.sequence} {protocol} {name}')
                    steps = _counted(protocol, tracker, target, bar)
                    result.steps[protocol][name] = steps
            yield result
            is_last = all(other.frames is not target.frames for other in targets[number + 1 :])
            if is_last and isinstance(target.frames, Frames):
                target.frames.forget()


def _counted(protocol: str, tracker: AnyTracker, target: Target, bar: tqdm) -> list[Step]:
    """The steps of a protocol. Few are scored where few frames have boxes: the bar jumps then."""
    steps, end = [], bar.n + _length(protocol, target)
    for step in _steps(protocol, tracker, target):
        steps.append(step)
        if bar.n < end:
            bar.update()
    bar.update(end - bar.n)
    return steps


def _steps(protocol: str, tracker: AnyTracker, target: Target) -> Iterator[Step]:
    if protocol == 'hart60':
        return hart60_steps(tracker, target.frames, target.boxes)
    if protocol == 'ope':
        return ope(tracker, target.frames, target.boxes)
    if protocol == 'tre':
        return tre(tracker, target.frames, target.boxes)
    if protocol == 'restart':
        return restart(tracker, target.frames, target.boxes)
    if protocol == 'loss':
        return loss(tracker, target.frames, target.boxes, target.fps)
    return realtime(tracker, target.frames, target.boxes, target.fps)


def _length(protocol: str, target: Target) -> int:
    """Frames that a protocol tracks, about."""
    last = len(target.frames) - 1 if protocol == 'loss' else max(target.boxes)
    length = last - min(target.boxes)
    if protocol == 'tre':
        return length * (SEGMENTS + 1) // 2
    return min(length, CLIPS * (STEPS - 1)) if protocol == 'hart60' else length
