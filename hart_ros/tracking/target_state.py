# SPDX-License-Identifier: Apache-2.0
"""Whether a target is still believed to be where its box is. Pure Python.

The tracker's score, the IoU that it expects of its box, wavers from frame to frame. This turns it
into a state that does not: two thresholds, and times for which they have to be passed.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

MAX_GAP = 0.5  # seconds; nothing was seen in a longer pause between frames, so it does not count


class State(enum.Enum):
    """What is known of a target."""

    IDLE = 'IDLE'  # there is none, or it was given up
    TRACKING = 'TRACKING'
    UNCERTAIN = 'UNCERTAIN'  # the score fell below `lost_score` a moment ago
    LOST = 'LOST'  # looked for around the place where it was lost


@dataclass(frozen=True)
class Limits:
    """When the state changes. Scores in [0, 1], times in seconds of the frames' stamps."""

    lost_score: float = 0.2  # below it a target is in doubt
    found_score: float = 0.4  # from it on there is no doubt; counts as lost_score where lower
    lost_after: float = 0.2  # below lost_score for so long: LOST
    found_after: float = 0.1  # LOST, and from found_score on for so long: TRACKING
    give_up_after: float = 10.0  # LOST for so long: IDLE; 0: never


class StateMachine:
    """The state of one target, from its first frame on.

    TRACKING -> UNCERTAIN: one score below `lost_score`.
    UNCERTAIN -> TRACKING: one score from `found_score` on.
    UNCERTAIN -> LOST: all scores of `lost_after` below `lost_score`.
    LOST -> TRACKING: all scores of `found_after` from `found_score` on.
    LOST -> IDLE: after `give_up_after`. It stays IDLE.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.state = State.TRACKING
        self._low: float | None = None  # seconds since scores are below lost_score
        self._high: float | None = None  # seconds since scores are from found_score on
        self._lost = 0.0  # seconds since LOST

    def update(self, score: float, seconds: float) -> State:
        """Take the next frame's score; return the state.

        Args:
            score: in [0, 1]; NaN counts as 0.
            seconds: since the frame before. Negative (the clock was set back) counts as 0, more
                than `MAX_GAP` as that.
        """
        limits = self.limits
        gap = min(seconds, MAX_GAP) if seconds > 0 else 0.0
        is_low = not score >= limits.lost_score
        is_high = not is_low and score >= limits.found_score
        self._low = _lasting(self._low, gap) if is_low else None
        self._high = _lasting(self._high, gap) if is_high else None
        if self.state is State.TRACKING and is_low:
            self.state = State.UNCERTAIN
        if self.state is State.UNCERTAIN:
            if is_high:
                self.state = State.TRACKING
            elif _has_lasted(self._low, limits.lost_after):
                self.state, self._lost = State.LOST, 0.0
        elif self.state is State.LOST:
            self._lost += gap
            if _has_lasted(self._high, limits.found_after):
                self.state = State.TRACKING
            elif limits.give_up_after > 0 and _has_lasted(self._lost, limits.give_up_after):
                self.state = State.IDLE
        return self.state

    def shown(self, score: float) -> float:
        """The score to tell others: of what is lost, never more than `lost_score`.

        So whoever reads nothing but scores does not believe a box before this does.
        """
        if not math.isfinite(score):
            return 0.0
        if self.state in (State.LOST, State.IDLE):
            return min(score, self.limits.lost_score)
        return score


def _lasting(seconds: float | None, gap: float) -> float:
    """Seconds for which something has been so, one frame later; it begins with 0."""
    return 0.0 if seconds is None else seconds + gap


def _has_lasted(seconds: float | None, limit: float) -> bool:
    return seconds is not None and seconds > limit - 1e-6  # sums of stamps are not exact
