# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Whether a target is still believed to be where its box is. Pure Python.

The tracker's score, the IoU that it expects of its box, wavers from frame to frame. This turns it
into a state that does not: two thresholds, and times for which they have to be passed. Scores have
a level of their own for each target, and a sudden fall below it is what a loss looks like: so the
thresholds are shares of the score that is usual for the target, but no less than absolute ones.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

USUAL_OVER = 2.0  # seconds; the usual score is about the mean of so long
# The same while UNCERTAIN. A score that stays neither low nor high becomes usual in the end; not
# sooner, since a lost target's may stay there for a while, too.
UNCERTAIN_OVER = 5.0
MAX_GAP = 0.5  # seconds; nothing was seen in a longer pause between frames, so it does not count


class State(enum.Enum):
    """What is known of a target."""

    IDLE = 'IDLE'  # there is none, or it was given up
    TRACKING = 'TRACKING'
    UNCERTAIN = 'UNCERTAIN'  # the score fell a moment ago
    LOST = 'LOST'  # looked for around the place where it was lost


@dataclass(frozen=True)
class Limits:
    """When the state changes. Scores in [0, 1], times in seconds of the frames' stamps."""

    lost_score: float = 0.4  # below it, or below
    lost_share: float = 0.65  # of the usual score, the score is low
    found_score: float = 0.4  # from it on, and from
    found_share: float = 0.94  # of the usual score on, it is high; never while it is low
    lost_after: float = 0.2  # low for so long: LOST
    found_after: float = 0.1  # LOST, and high for so long: TRACKING
    give_up_after: float = 10.0  # LOST for so long: IDLE; 0: never


class StateMachine:
    """The state of one target, from its first frame on.

    TRACKING -> UNCERTAIN: one low score.
    UNCERTAIN -> TRACKING: one high score; what is high falls while scores stay below it.
    UNCERTAIN -> LOST: all scores of `lost_after` low.
    LOST -> TRACKING: all scores of `found_after` high.
    LOST -> IDLE: after `give_up_after`. It stays IDLE.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.state = State.TRACKING
        self._usual: float | None = None  # score while TRACKING
        self._frames = 0  # that it is the mean of
        self._low: float | None = None  # seconds since scores are low
        self._high: float | None = None  # seconds since scores are high
        self._lost = 0.0  # seconds since LOST

    def update(self, score: float, seconds: float) -> State:
        """Take the next frame's score; return the state.

        Args:
            score: in [0, 1]; NaN counts as 0.
            seconds: since the frame before. Negative (the clock was set back) counts as 0, more
                than `MAX_GAP` as that.
        """
        limits = self.limits
        score = score if math.isfinite(score) else 0.0
        gap = min(seconds, MAX_GAP) if seconds > 0 else 0.0
        usual = score if self._usual is None else self._usual
        is_low = score < max(limits.lost_score, limits.lost_share * usual)
        is_high = not is_low and score >= max(limits.found_score, limits.found_share * usual)
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
        if self.state is State.TRACKING:
            self._frames += 1
            weight = max(gap / USUAL_OVER, 1 / self._frames)
            self._usual = usual + weight * (score - usual)
        elif self.state is State.UNCERTAIN and not is_low:
            self._usual = usual + gap / UNCERTAIN_OVER * (score - usual)
        return self.state

    def shown(self, score: float) -> float:
        """The score to tell others: more than `lost_score` only while TRACKING.

        So whoever reads nothing but scores does not believe a box that this does not.
        """
        if not math.isfinite(score):
            return 0.0
        return score if self.state is State.TRACKING else min(score, self.limits.lost_score)

    def memory(self) -> dict[str, Any]:
        """What to go on with after a restart, as JSON takes it."""
        names = 'state', 'usual', 'frames', 'lost'
        return dict(
            zip(names, (self.state.value, self._usual, self._frames, self._lost), strict=True)
        )

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Go on with a `memory`.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        usual, frames, lost = memory['usual'], int(memory['frames']), float(memory['lost'])
        usual = None if usual is None else float(usual)
        if not (0 <= (usual or 0.0) <= 1 and frames >= 0 and lost >= 0):  # NaN too
            raise ValueError(f'no memory of a state: {memory}')
        self.state = State(memory['state'])
        self._usual, self._frames, self._lost = usual, frames, lost


def _lasting(seconds: float | None, gap: float) -> float:
    """Seconds for which something has been so, one frame later; it begins with 0."""
    return 0.0 if seconds is None else seconds + gap


def _has_lasted(seconds: float | None, limit: float) -> bool:
    return seconds is not None and seconds > limit - 1e-6  # sums of stamps are not exact
