# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker's side of the node: which frame comes next, and what is done with it.

Everything here runs in the worker's thread, so the targets' states need no lock.
Knows messages only as something that `decode` turns into an array.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hart_ros.nodes.cursor import Cursor
from hart_ros.nodes.frame_buffer import Fate, Frame, FrameBuffer, FrameCounts
from hart_ros.nodes.look import Look
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import BoxRequest, Found, Result, Target, seconds
from hart_ros.nodes.targets import Targets
from hart_ros.nodes.waiting import WaitingRoom
from hart_ros.tracking.target_state import State
from hart_ros.tracking.types import InvalidBoxError

if TYPE_CHECKING:
    from hart_ros.nodes.keeper import Keeper


class Session:
    """The targets, the boxes that wait for their frames, and the way through the frames."""

    def __init__(
        self,
        tracker: Any,
        decode: Callable[[Any], np.ndarray],
        buffer: FrameBuffer,
        counts: FrameCounts,
        publish: Callable[[Result], None],
        state_changed: Callable[[State], None],
        report: Reporter,
        keeper: Keeper | None = None,
    ) -> None:
        self.targets = Targets(report)
        self.waiting = WaitingRoom(buffer, report)
        self.enabled = True
        self.active = False
        self._look = Look(tracker, decode, report)
        self._keeper = keeper
        self._buffer = buffer
        self._counts = counts
        self._publish = publish
        self._state_changed = state_changed
        self._state = State.IDLE  # that was told
        self._report = report
        self._passed = 0  # the number up to which every frame has its fate
        # Epoch and stamp of the last published detections: of all targets, of the single one.
        self._published, self._published_single = (0, 0), (0, 0)

    @property
    def failure(self) -> str:
        """The last error of the tracker itself, until it works again."""
        return self._look.failure

    # ---- commands

    def request(self, *requests: BoxRequest) -> None:
        """Start on these boxes as soon as their frames are there; until then all stays as it is."""
        for request in requests:
            self.waiting.add(request, self.targets.most)

    def reset(self) -> str:
        """Forget the targets and the waiting boxes; return what was forgotten."""
        forgotten = [f'target {target.target_id!r}' for target in self.targets.all]
        forgotten += self.waiting.describe()
        self.targets.all = ()
        self.waiting.clear()
        self._look.failure = ''
        if self._keeper is not None:
            self._keeper.forget()
        self._tell_state()
        return 'forgot ' + ' and '.join(forgotten) if forgotten else 'there was no target'

    def enable(self, enabled: bool) -> str:
        """Go on or pause. Frames of the pause are not kept, the targets are."""
        if enabled != self.enabled:
            self.enabled = enabled
            self._pause()
        return 'tracking is enabled' if enabled else 'tracking is paused; the target is kept'

    def activate(self, active: bool) -> None:
        """Begin, or end for now; as `enable`, but at the lifecycle manager's command."""
        if active != self.active:
            self.active = active
            self._pause()
            if self._keeper is not None:
                self._keeper.save(self.targets.all)

    def _pause(self) -> None:
        self._buffer.clear(Fate.DISABLED)
        self.waiting.start_patience_anew()
        for target in self.targets.all:
            target.cursor.hurry()

    # ---- work

    def work(self) -> bool:
        """Do the next piece of work; return False when there is none for now."""
        if not (self.enabled and self.active):
            return False
        if self._keeper is not None:
            self._keeper.resume(self.targets, self._buffer.newest())
        due = self.waiting.due()
        if due is not None:
            self._start(*due)
            return True
        if not self.targets.all:
            self._pass(self._buffer.last_number, Fate.IDLE)
            return False
        oldest = min(target.cursor.number for target in self.targets.all)
        frames = [frame for frame in self._buffer.after(oldest) if frame.fate is not Fate.BAD]
        # In turns, so that a late start neither holds up the others nor is held up by them.
        followed = self._follow(frames)
        return self._catch_up(frames) or followed

    def _start(self, frame: Frame, requests: Sequence[BoxRequest]) -> None:
        """Start on boxes in their frame; whoever has it still before him is followed into it."""
        if self.targets.single is not None:
            requests = [request for request in requests if not request.default]
        ready = [t for t in self._live() if t.cursor.number < frame.number]
        kept = [t for t in ready if not any(request.replaces(t) for request in requests)]
        self._process(frame, kept, requests, frame.number == self._buffer.last_number)

    def _follow(self, frames: Sequence[Frame]) -> bool:
        """Find all that are not late in the newest frame; return whether there was one."""
        if not frames:
            return False
        ready = [t for t in self._live() if t.cursor.number < frames[-1].number]
        if ready:
            self._process(frames[-1], ready)
        return bool(ready)

    def _live(self) -> list[Target]:
        return [target for target in self.targets.all if not target.cursor.late]

    def _catch_up(self, frames: Sequence[Frame]) -> bool:
        """Bring the last of the late ones on; return whether there was one."""
        late = [target for target in self.targets.all if target.cursor.late]
        if not late:
            return False
        place = min(target.cursor.number for target in late)
        group = [target for target in late if target.cursor.number == place]
        cursor = group[0].cursor
        frame = cursor.next(frames, self._buffer.last_number)
        if frame is not None:
            for target in group:
                target.cursor.follow(cursor, frame)
            self._process(frame, group, live=not cursor.late)
        return True

    def _process(
        self,
        frame: Frame,
        targets: Sequence[Target],
        requests: Sequence[BoxRequest] = (),
        live: bool = True,
    ) -> None:
        """Look for targets in a frame, and at new ones. A state changes only if all went well."""
        self._pass(frame.number - 1, Fate.DROPPED)
        for target in targets:
            target.cursor.number = frame.number
        began = time.perf_counter()
        image = self._look.decode(frame)
        if image is None:
            self._counts.move(frame, Fate.BAD)
            for request in requests:
                self.waiting.retry(request, frame)
            return
        self._look.failure = ''
        found = []
        for target, hit in zip(targets, self._look.find(image, targets)):
            self.targets.judge(target, 0.0 if hit is None else hit[0].score, frame)
            if hit is not None:
                found.append(self.targets.note(target, hit))
        for request in requests:
            found += self._take(request, image, frame)
        self._tell_state()
        if found:
            self._counts.move(frame, Fate.TRACKED)
            self._tell(frame, image, found, time.perf_counter() - began, live)
        elif self._look.failure:
            self._counts.move(frame, Fate.BAD)
        self.targets.drop_given_up()
        if targets and not self.targets.all:
            self._look.failure = ''  # there is nothing left to fail with
        self._tell_state()
        if self._keeper is not None:
            self._keeper.note(self.targets.all, frame)

    def _take(self, request: BoxRequest, image: np.ndarray, frame: Frame) -> list[Found]:
        """Start on a box in its frame, or say why not and leave all as it is."""
        try:
            why_not = self.targets.why_full(request)
            hit = None if why_not else self._look.start(image, request)
        except InvalidBoxError as error:
            why_not, hit = str(error), None
        if hit is None:
            if why_not:
                self.waiting.reject(request, why_not)
            else:
                self.waiting.retry(request, frame)
            return []
        self._warn_of_other_camera(request.frame_id, frame.message.header.frame_id)
        behind = len(self._buffer.after(frame.number))
        late = f', {behind} frames ago' if behind else ''
        self.waiting.last = f'taken: {request.describe()}'
        self._report.info(
            f'tracking {request.target_id!r} from {seconds(frame.stamp_ns)}{late}: '
            f'{request.describe()}'
        )
        cursor = Cursor(frame.number, self._buffer.last_number)
        return [self.targets.take(request, hit, frame, cursor)]

    def _pass(self, number: int, fate: Fate) -> None:
        """Nobody will look at the frames up to this number that were not looked at yet."""
        for frame in self._buffer.after(self._passed):
            if frame.number <= number and frame.fate is Fate.WAITING:
                self._counts.move(frame, fate)
        self._passed = max(self._passed, number)

    # ---- what others are told

    def _tell_state(self) -> None:
        if self.targets.state is not self._state:
            self._state = self.targets.state
            self._state_changed(self._state)

    def _tell(
        self, frame: Frame, image: np.ndarray, found: Sequence[Found], step_s: float, live: bool
    ) -> None:
        """Publish; but after a start in the past not again what is out already."""
        single = next((f for f in found if f.target.single), None)
        if frame.stamp_ns:
            stamp = (frame.epoch, frame.stamp_ns)
            found = found if stamp > self._published else ()
            single = single if stamp > self._published_single else None
            self._published = max(self._published, stamp)
            if single is not None:
                self._published_single = stamp
        if found or single is not None:
            self._publish(Result(frame, image, found, single, step_s, live))

    def _warn_of_other_camera(self, box_frame: str, image_frame: str) -> None:
        if box_frame and image_frame and box_frame != image_frame:
            self._report.warn(
                'frame_id',
                f'the box has header.frame_id {box_frame!r}, the image {image_frame!r}: taken as '
                'pixels of this image; check that it belongs to this camera',
            )
