# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""All that is followed: how targets come, how they are judged, and how they go."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from hart_ros.nodes.cursor import Cursor
from hart_ros.nodes.frame_buffer import Frame
from hart_ros.nodes.look import Hit
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import BoxRequest, Found, Target
from hart_ros.tracking.target_state import Limits, State, StateMachine

WORST_FIRST = (State.LOST, State.UNCERTAIN, State.TRACKING)


class Targets:
    """One of ~/init_box at most, and those of ~/init_boxes. Belongs to the worker's thread."""

    def __init__(self, report: Reporter) -> None:
        self.most = 8
        self.trail_length = 50
        self.limits = Limits()
        self.all: Sequence[Target] = ()  # never changed, but replaced: other threads read it
        self._report = report

    @property
    def single(self) -> Target | None:
        """The target of ~/init_box."""
        return next((target for target in self.all if target.single), None)

    @property
    def shown(self) -> Sequence[Target]:
        """Those that `state` is about."""
        targets = self.all
        return [target for target in targets if target.single] or targets

    @property
    def state(self) -> State:
        """The state of the single target; without one, the worst of the others, or IDLE."""
        states = {target.machine.state for target in self.shown}
        return next((state for state in WORST_FIRST if state in states), State.IDLE)

    def set_trail_length(self, length: int) -> None:
        """Keep this many past positions."""
        self.trail_length = length
        for target in self.all:
            target.trail = deque(target.trail, maxlen=length)

    def set_limits(self, limits: Limits) -> None:
        """Judge scores by these from now on."""
        self.limits = limits
        for target in self.all:
            target.machine.limits = limits

    def why_full(self, request: BoxRequest) -> str:
        """Return why there is no place for a new target, or ''."""
        others = [target for target in self.all if not request.replaces(target)]
        if len(others) < self.most:
            return ''
        return f'there are {len(others)} targets already; raise max_targets, or call ~/reset'

    def take(self, request: BoxRequest, hit: Hit, frame: Frame, cursor: Cursor) -> Found:
        """Follow a new target, in place of that which it replaces."""
        track, state = hit
        old = [target for target in self.all if request.replaces(target)]
        new = Target(
            request.target_id,
            request.class_id,
            single=request.single or any(target.single for target in old),
            cursor=cursor,
            state=state,
            trail=deque(maxlen=self.trail_length),
            machine=StateMachine(self.limits),
            last_seconds=frame.seconds,
        )
        self.all = (*(target for target in self.all if target not in old), new)
        return Found(new, new.note(track))

    def judge(self, target: Target, score: float, frame: Frame) -> None:
        """Draw the conclusion of a score, and say what users should know."""
        before, after = target.machine.state, target.judge(score, frame)
        if before is after:
            return
        name = f'target {target.target_id!r}'
        if after is State.LOST:
            self._report.warn('lost', f'{name} is lost, score {score:.2f}: looked for nearby')
        elif after is State.IDLE:
            after_s = self.limits.give_up_after
            self._report.warn_always(f'{name} is given up, lost for {after_s:g} s: send a new box')
        elif before is State.LOST:
            self._report.info(f'{name} is found again, score {score:.2f}')

    def note(self, target: Target, hit: Hit) -> Found:
        """Go on from where a target was found."""
        track, state = hit
        before, now = target.state.frame_size, state.frame_size
        if before != now:
            target.trail.clear()
            self._report.warn(
                'image size',
                f'width/height changed from {before[0]} x {before[1]} to {now[0]} x {now[1]}: the '
                'box is scaled; send a new box if the view changed too',
            )
        target.state = state
        return Found(target, target.note(track))

    def drop_given_up(self) -> None:
        """Follow no more what is IDLE."""
        self.all = tuple(t for t in self.all if t.machine.state is not State.IDLE)
