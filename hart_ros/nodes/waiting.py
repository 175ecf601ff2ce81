# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Boxes that wait for their frames, and what became of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from hart_ros.nodes.frame_buffer import Fate, Frame, FrameBuffer
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import BoxRequest

GRACE = 0.5  # seconds that images and boxes may overtake each other on their way here


@dataclass(eq=False)
class Waiting:
    """A box that waits."""

    request: BoxRequest
    since: float | None = None  # with images there


class WaitingRoom:
    """One box at most of each target. Belongs to the worker's thread."""

    def __init__(self, buffer: FrameBuffer, report: Reporter) -> None:
        self.buffer_seconds = 2.0
        self.stamp_tolerance = 0.02
        self.last = 'none yet'  # what became of the last box
        self._buffer = buffer
        self._report = report
        self._waiting: list[Waiting] = []

    def describe(self) -> list[str]:
        """Return all that wait in words."""
        return [waiting.request.describe() for waiting in list(self._waiting)]

    def add(self, request: BoxRequest, most: int) -> None:
        """Wait for the box's frame, in place of an older box of that target; `most` can wait."""
        replaced = [w for w in self._waiting if request.replaces(w.request)]
        for older in replaced:
            self._waiting.remove(older)
            self.reject(older.request, 'a newer box replaced it')
        # As of a target that is followed: see `Targets.take`.
        single = request.single or any(older.request.single for older in replaced)
        request = replace(request, single=single)
        if len(self._waiting) < most:
            self._waiting.append(Waiting(request))
        else:
            self.reject(request, f'{most} boxes wait already; raise max_targets')

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()

    def start_patience_anew(self) -> None:
        """After a pause of the images."""
        for waiting in self._waiting:
            waiting.since = None

    def refuse(self, reason: str) -> None:
        """Note that a box was no box; a good one that waits for its frame goes on waiting."""
        self.last = f'rejected: {reason}'
        self._report.warn('init_box', f'init_box rejected: {reason}')

    def reject(self, request: BoxRequest, reason: str) -> None:
        """Note why a box is not taken."""
        self.last = f'rejected: {request.describe()}: {reason}'
        self._report.warn('init_box', f'{request.describe()} rejected: {reason}')

    def retry(self, request: BoxRequest, frame: Frame) -> None:
        """The box's frame cannot be used: wait for the next where any will do."""
        if request.stamp_ns:
            self.reject(request, 'its frame cannot be used')
        else:
            self._waiting.append(Waiting(replace(request, after_number=frame.number)))

    def due(self) -> tuple[Frame, list[BoxRequest]] | None:
        """Return the oldest frame for which boxes waited, and these, which wait no more."""
        found: list[tuple[Frame, Waiting]] = []
        for waiting in list(self._waiting):
            frame = self._frame_of(waiting)
            if frame is not None:
                found.append((frame, waiting))
        if not found:
            return None
        first = min((frame for frame, _ in found), key=lambda frame: frame.number)
        theirs = [waiting for frame, waiting in found if frame is first]
        self._waiting = [w for w in self._waiting if w not in theirs]
        return first, [waiting.request for waiting in theirs]

    def _frame_of(self, waiting: Waiting) -> Frame | None:
        """Return the box's frame if it is there. A box whose frame cannot come is rejected."""
        request = waiting.request
        if request.stamp_ns == 0:
            frames = self._buffer.after(request.after_number)
            return next((f for f in frames if f.fate is not Fate.BAD), None)
        newest, oldest = self._buffer.newest(), self._buffer.oldest()
        if newest is None or oldest is None:
            return None  # no images yet: they set the time
        frame = self._buffer.nearest(request.stamp_ns, self.stamp_tolerance)
        if frame is not None and frame.stamp_ns == request.stamp_ns:
            return frame
        # Its frame may still come: of the future, or of a bag that starts again just now.
        ahead = request.stamp_ns > newest.stamp_ns > 0
        if (ahead or frame is None) and not _too_late(
            waiting, self.buffer_seconds if ahead else GRACE
        ):
            return None
        if frame is None:
            self._waiting.remove(waiting)
            self.reject(request, request.why_no_frame(oldest.stamp_ns, newest.stamp_ns))
        return frame


def _too_late(waiting: Waiting, patience: float) -> bool:
    if waiting.since is None:
        waiting.since = time.monotonic()
    return time.monotonic() - waiting.since > max(patience, GRACE)
