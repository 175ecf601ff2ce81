# SPDX-License-Identifier: Apache-2.0
"""The tracker's side of the node: which frame comes next, and what is done with it.

Everything here runs in the worker's thread, so the target's state needs no lock.
Knows messages only as something that `decode` turns into an array.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from hart_ros.nodes.cursor import Cursor
from hart_ros.nodes.frame_buffer import Fate, Frame, FrameBuffer, FrameCounts
from hart_ros.nodes.image_codec import ImageError
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import BoxRequest, Result, Target, seconds
from hart_ros.tracking.target_state import Limits, State, StateMachine
from hart_ros.tracking.types import InvalidBoxError, InvalidFrameError, Track

T = TypeVar('T')

GRACE = 0.5  # seconds that images and boxes may overtake each other on their way here


class Session:
    """One target at most, the request for the next one, and the place in the stream of frames."""

    def __init__(
        self,
        tracker: Any,
        decode: Callable[[Any], np.ndarray],
        buffer: FrameBuffer,
        counts: FrameCounts,
        publish: Callable[[Result], None],
        state_changed: Callable[[State], None],
        report: Reporter,
    ) -> None:
        self.buffer_seconds = 2.0
        self.stamp_tolerance = 0.02
        self.trail_length = 50
        self.limits = Limits()
        self.target: Target | None = None
        self.request: BoxRequest | None = None  # waits for its frame
        self.enabled = True
        self.active = False
        self.last_init = 'none yet'
        self.failure = ''  # the last error of the tracker itself, until it works again
        self._tracker = tracker
        self._decode = decode
        self._buffer = buffer
        self._counts = counts
        self._publish = publish
        self._state_changed = state_changed
        self._state = State.IDLE  # that was told
        self._report = report
        self._cursor = Cursor(buffer, counts)
        self._waiting_since: float | None = None  # the request, with images there
        self._step_s = 0.0
        self._published = (0, 0)  # epoch and stamp of the last published detection

    # ---- commands

    def request_box(self, request: BoxRequest) -> None:
        """Start on this box as soon as its frame is there; until then all stays as it is."""
        if self.request is not None:
            self._reject('a newer box replaced it')
        self.request, self._waiting_since = request, None

    def refuse_box(self, reason: str) -> None:
        """Note that a box was no box; a good one that waits for its frame goes on waiting."""
        self.last_init = f'rejected: {reason}'
        self._report.warn('init_box', f'init_box rejected: {reason}')

    def reset(self) -> str:
        """Forget the target and a waiting box; return what was forgotten."""
        forgotten = []
        if self.target is not None:
            forgotten.append(f'target {self.target.target_id!r}')
        if self.request is not None:
            forgotten.append(self.request.describe())
        self.target, self.request = None, None
        self._cursor.hurry()
        self._tell_state()
        return 'forgot ' + ' and '.join(forgotten) if forgotten else 'there was no target'

    def enable(self, enabled: bool) -> str:
        """Go on or pause. Frames of the pause are not kept, the target is."""
        if enabled != self.enabled:
            self.enabled = enabled
            self._pause()
        return 'tracking is enabled' if enabled else 'tracking is paused; the target is kept'

    def activate(self, active: bool) -> None:
        """Begin, or end for now; as `enable`, but at the lifecycle manager's command."""
        if active != self.active:
            self.active = active
            self._pause()

    def _pause(self) -> None:
        self._buffer.clear(Fate.DISABLED)
        self._cursor.hurry()
        self._waiting_since = None

    def set_trail_length(self, length: int) -> None:
        """Keep this many past positions."""
        self.trail_length = length
        if self.target is not None:
            self.target.trail = deque(self.target.trail, maxlen=length)

    def set_limits(self, limits: Limits) -> None:
        """Judge scores by these from now on."""
        self.limits = limits
        if self.target is not None:
            self.target.machine.limits = limits

    @property
    def state(self) -> State:
        """The target's state; IDLE without one."""
        target = self.target  # the worker may take it away
        return State.IDLE if target is None else target.machine.state

    # ---- work

    def work(self) -> bool:
        """Do the next piece of work; return False when there is none for now."""
        if not (self.enabled and self.active):
            return False
        if self.request is not None and self._try_to_start(self.request):
            return True
        frame = self._cursor.next(Fate.IDLE if self.target is None else Fate.DROPPED)
        if frame is None:
            return False
        if self.target is None:
            self._counts.move(frame, Fate.IDLE)
        else:
            self._follow(frame, self.target)
        return True

    def _follow(self, frame: Frame, target: Target) -> None:
        """Find the target in a frame. Its state changes only if all went well."""
        live = not self._cursor.catching_up

        def update(image: np.ndarray) -> tuple[np.ndarray, Track, Any]:
            return image, *self._tracker.update(image, target.state)

        done = self._use(frame, update)
        if done is None:
            return
        image, track, state = done
        before, now = target.state.frame_size, (image.shape[1], image.shape[0])
        if before != now:
            target.trail.clear()
            self._report.warn(
                'image size',
                f'width/height changed from {before[0]} x {before[1]} to {now[0]} x {now[1]}: the '
                'box is scaled; send a new box if the view changed too',
            )
        target.state = state
        self._judge(target, track.score, frame)
        track = target.note(track)
        self._finish(Result(frame, image, track, target, self._step_s, live))
        if target.machine.state is State.IDLE:
            self.target = None
            self._tell_state()

    def _judge(self, target: Target, score: float, frame: Frame) -> None:
        """Draw the conclusion of a score, and say what users should know."""
        before, after = target.machine.state, target.judge(score, frame)
        if before is after:
            return
        name = f'target {target.target_id!r}'
        if after is State.LOST:
            self._report.warn('lost', f'{name} is lost, score {score:.2f}: looked for nearby')
        elif after is State.IDLE:
            self._report.warn(
                'given up',
                f'{name} is given up, lost for {self.limits.give_up_after:g} s: send a new box',
            )
        elif before is State.LOST:
            self._report.info(f'{name} is found again, score {score:.2f}')

    def _tell_state(self) -> None:
        if self.state is not self._state:
            self._state = self.state
            self._state_changed(self._state)

    def _finish(self, result: Result) -> None:
        self._tell_state()
        self._counts.move(result.frame, Fate.TRACKED)
        stamp = (result.frame.epoch, result.frame.stamp_ns)
        # After a start in the past, detections of stamps that are out already stay here.
        if result.frame.stamp_ns == 0 or stamp > self._published:
            if result.frame.stamp_ns:
                self._published = stamp
            self._publish(result)

    # ---- starting

    def _try_to_start(self, request: BoxRequest) -> bool:
        """Look for the request's frame; return whether the request was dealt with."""
        if request.stamp_ns == 0:
            frames = self._buffer.after(request.after_number)
            frame = next((f for f in frames if f.fate is not Fate.BAD), None)
            return frame is not None and self._start(frame, request)
        newest, oldest = self._buffer.newest(), self._buffer.oldest()
        if newest is None or oldest is None:
            return False  # no images yet: they set the time
        frame = self._buffer.nearest(request.stamp_ns, self.stamp_tolerance)
        if frame is not None and frame.stamp_ns == request.stamp_ns:
            return self._start(frame, request)
        # Its frame may still come: of the future, or of a bag that starts again just now.
        ahead = request.stamp_ns > newest.stamp_ns > 0
        if (ahead or frame is None) and not self._too_late(self.buffer_seconds if ahead else GRACE):
            return False
        if frame is not None:
            return self._start(frame, request)
        self._reject(request.why_no_frame(oldest.stamp_ns, newest.stamp_ns))
        return True

    def _too_late(self, patience: float) -> bool:
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()
        return time.monotonic() - self._waiting_since > max(patience, GRACE)

    def _start(self, frame: Frame, request: BoxRequest) -> bool:
        """Replace the target, or say why not and leave it alone. Returns True."""

        def look(image: np.ndarray) -> tuple[np.ndarray, Track, Any]:
            state = self._tracker.init(image, request.box)
            return image, self._tracker.first_track(image, state), state

        try:
            done = self._use(frame, look)
        except InvalidBoxError as error:
            self._reject(str(error))
            return True
        if done is None:
            if request.stamp_ns:
                self._reject('its frame cannot be used')
            else:
                self.request = replace(request, after_number=frame.number)
            return True
        image, track, state = done
        self._warn_of_other_camera(request.frame_id, frame.message.header.frame_id)
        self.request = None
        trail: deque[tuple[float, float]] = deque(maxlen=self.trail_length)
        machine = StateMachine(self.limits)
        self.target = Target(
            request.target_id, request.class_id, state, trail, machine, frame.seconds
        )
        track = self.target.note(track)
        behind = self._cursor.start_at(frame)
        self.last_init = f'taken: {request.describe()}'
        late = f', {behind} frames ago' if behind else ''
        self._report.info(
            f'tracking {request.target_id!r} from {seconds(frame.stamp_ns)}{late}: '
            f'{request.describe()}'
        )
        self._finish(Result(frame, image, track, self.target, self._step_s, live=not behind))
        return True

    def _reject(self, reason: str) -> None:
        assert self.request is not None
        self.last_init = f'rejected: {self.request.describe()}: {reason}'
        self._report.warn('init_box', f'{self.request.describe()} rejected: {reason}')
        self.request = None

    def _warn_of_other_camera(self, box_frame: str, image_frame: str) -> None:
        if box_frame and image_frame and box_frame != image_frame:
            self._report.warn(
                'frame_id',
                f'the box has header.frame_id {box_frame!r}, the image {image_frame!r}: taken as '
                'pixels of this image; check that it belongs to this camera',
            )

    # ---- helpers

    def _use(self, frame: Frame, action: Callable[[np.ndarray], T]) -> T | None:
        """Decode a frame and act on it; a frame that cannot be used is counted, and said."""
        try:
            started = time.perf_counter()
            result = action(self._decode(frame.message))
            self._step_s = time.perf_counter() - started
            self.failure = ''
            return result
        except InvalidBoxError:
            raise
        except ImageError as error:
            self._report.warn(f'image {error.field}', f'image skipped: {error}')
        except InvalidFrameError as error:
            self._report.warn('image', f'image skipped: {error}')
        except Exception as error:  # the node outlives whatever one frame does to the tracker
            self.failure = f'{type(error).__name__}: {error}'.splitlines()[0]
            self._report.error(type(error).__name__, f'frame skipped: {self.failure}')
        self._counts.move(frame, Fate.BAD)
        return None
