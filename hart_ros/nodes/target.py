# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is followed, how it was asked for, and how a late start catches up."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hart_ros.nodes.cursor import Cursor
from hart_ros.nodes.frame_buffer import Frame
from hart_ros.tracking.target_state import State, StateMachine
from hart_ros.tracking.types import BoxXYWH, Track


@dataclass(frozen=True)
class BoxRequest:
    """A box somebody wants to be tracked."""

    box: BoxXYWH  # x, y, w, h, pixels
    target_id: str = ''
    class_id: str = ''
    stamp_ns: int = 0  # of the frame it lies in; 0: the first frame after `after_number`
    after_number: int = 0
    frame_id: str = ''
    single: bool = True  # came on ~/init_box, not on ~/init_boxes
    default: bool = False  # only where that target was not resumed

    def replaces(self, other: BoxRequest | Target) -> bool:
        """Whether it takes the other's place: of the same id, or both of ~/init_box."""
        return self.target_id == other.target_id or (self.single and other.single)

    def describe(self) -> str:
        """Return the request in a few words, for logs and diagnostics."""
        x, y, w, h = self.box
        when = f'the stamp {seconds(self.stamp_ns)}' if self.stamp_ns else 'the next frame'
        return f'box {x:g}, {y:g}, {w:g}, {h:g} (id {self.target_id!r}) for {when}'

    def why_no_frame(self, oldest_ns: int, newest_ns: int) -> str:
        """Return why no frame with a stamp from oldest to newest is the box's."""
        stamp = f'header.stamp {seconds(self.stamp_ns)}'
        if newest_ns == 0:
            return f'{stamp}, but the images carry no stamps; send the box with a zero stamp'
        if self.stamp_ns > newest_ns:
            return (
                f'{stamp} is newer than all images ({seconds(newest_ns)}) and none came in time; '
                "use the stamp of the box's image, or zero for the next one"
            )
        if self.stamp_ns < oldest_ns:
            return (
                f'{stamp} is older than the buffered frames (from {seconds(oldest_ns)}); use the '
                "stamp of the box's image, or raise buffer_seconds and buffer_megabytes"
            )
        return (
            f"no frame within stamp_tolerance of {stamp}; use the stamp of the box's image, or "
            'raise stamp_tolerance'
        )


@dataclass(eq=False)
class Target:
    """What is being tracked. Belongs to the worker's thread."""

    target_id: str
    class_id: str
    single: bool  # that of ~/init_box
    cursor: Cursor
    state: Any  # the tracker's TargetState
    trail: deque[tuple[float, float]]  # past centres of the box, pixels
    machine: StateMachine
    last_seconds: float  # of the last frame it was looked for in
    score: float = 1.0

    def judge(self, score: float, frame: Frame) -> State:
        """Take the score of the next frame; return the state that comes of it."""
        seconds = frame.seconds
        state = self.machine.update(score, seconds - self.last_seconds)
        self.last_seconds, self.score = seconds, self.machine.shown(score)
        return state

    def note(self, track: Track) -> Track:
        """Remember what is shown of a track that was judged, and return that."""
        x, y, w, h = track.box
        self.trail.append((x + w / 2, y + h / 2))
        return replace(track, score=self.score)


@dataclass(frozen=True)
class Found:
    """A target in a frame."""

    target: Target
    track: Track  # with the score to tell others


@dataclass(frozen=True)
class Result:
    """One tracked frame, on its way to the topics."""

    frame: Frame
    image: Any  # (H, W, 3) or (H, W) uint8
    found: Sequence[Found]  # all targets; none where this stamp is out already
    single: Found | None  # the target of ~/init_box, likewise
    step_s: float  # what converting the image and tracking in it took
    live: bool  # False while a late start catches up: its latency says nothing


def seconds(stamp_ns: int) -> str:
    """Return a stamp as the text `ros2 topic echo` readers know."""
    whole, nanoseconds = divmod(abs(stamp_ns), 1_000_000_000)
    return f'{"-" if stamp_ns < 0 else ""}{whole}.{nanoseconds:09d}'
