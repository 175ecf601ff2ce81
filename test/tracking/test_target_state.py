# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The states of a target: what leads from one to another, and what never happens."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.tracking.target_state import MAX_GAP, Limits, State, StateMachine

LIMITS = Limits(0.2, 0.0, 0.5, 0.0, lost_after=0.2, found_after=0.1, give_up_after=2.0)
IDLE, TRACKING, UNCERTAIN, LOST = State
ANY_SCORE = st.floats(0, 1) | st.just(math.nan)
ANY_GAP = st.floats(-5, 20) | st.just(math.nan)
FRAMES = st.lists(st.tuples(ANY_SCORE, ANY_GAP), max_size=100)
ANY_LIMITS = st.builds(
    Limits,
    *[st.floats(0, 1)] * 6,
    st.floats(0, 5),
)


def states(scores: list[float], gap: float = 0.1, limits: Limits = LIMITS) -> list[State]:
    """Return the state after each score."""
    machine = StateMachine(limits)
    return [machine.update(score, gap) for score in scores]


def test_a_good_score_is_tracking() -> None:
    assert StateMachine(LIMITS).state is TRACKING
    assert states([0.9, 0.2, 0.2, 0.3]) == [TRACKING] * 4


def test_one_low_score_is_uncertain_and_one_high_score_mends_it() -> None:
    assert states([0.1, 0.4, 0.1, 0.5]) == [UNCERTAIN, UNCERTAIN, UNCERTAIN, TRACKING]


def test_low_scores_in_a_row_are_lost() -> None:
    assert states([0.1] * 4) == [UNCERTAIN, UNCERTAIN, LOST, LOST]
    assert states([0.1, 0.1, 0.3, 0.1, 0.1, 0.1])[-3:] == [UNCERTAIN, UNCERTAIN, LOST]


def test_lost_is_found_by_high_scores_in_a_row() -> None:
    lost = [0.1] * 3
    assert states([*lost, 0.5, 0.5])[-2:] == [LOST, TRACKING]
    assert states([*lost, 0.5, 0.4, 0.5, 0.5])[-4:] == [LOST, LOST, LOST, TRACKING]


def test_lost_for_long_is_given_up_for_good() -> None:
    found = states([0.1] * 3 + [0.4] * 25 + [1.0] * 5)
    assert found.count(LOST) == 20  # two seconds
    assert found[-10:] == [IDLE] * 10
    never = replace(LIMITS, give_up_after=0.0)
    assert states([0.0] * 1000, limits=never)[-1] is LOST


def test_without_times_every_threshold_acts_at_once() -> None:
    limits = replace(LIMITS, lost_after=0.0, found_after=0.0)
    assert states([0.1, 0.4, 0.5, 0.4], limits=limits) == [LOST, LOST, TRACKING, TRACKING]


def test_a_found_score_below_the_lost_score_counts_as_that() -> None:
    limits = replace(LIMITS, lost_score=0.5, found_score=0.1)
    assert states([0.4] * 3 + [0.5] * 2, limits=limits)[2:] == [LOST, LOST, TRACKING]


def test_a_pause_and_a_clock_set_back_are_no_time() -> None:
    machine = StateMachine(LIMITS)
    for _ in range(3):
        machine.update(0.0, 0.1)
    assert machine.state is LOST
    assert machine.update(0.0, 3600.0) is LOST
    for _ in range(100):
        assert machine.update(0.0, -5.0) is LOST
    machine.update(0.0, 2.0 - MAX_GAP - 0.01)
    assert machine.state is LOST


@pytest.mark.parametrize('rate', [10, 25, 60])
def test_times_do_not_depend_on_the_frame_rate(rate: int) -> None:
    found = states([0.0] * rate * 4, 1 / rate)
    assert found.count(UNCERTAIN) == pytest.approx(0.2 * rate, abs=1)
    assert found.count(LOST) == pytest.approx(2.0 * rate, abs=1)


def test_thresholds_follow_the_usual_score() -> None:
    limits = Limits(0.2, 0.7, 0.3, 0.8, 0.2, 0.1, 2.0)
    assert states([0.9] * 5 + [0.6], limits=limits)[-1] is UNCERTAIN
    assert states([0.6] * 5 + [0.6], limits=limits)[-1] is TRACKING
    assert states([0.9] * 5 + [0.6] * 3 + [0.7] * 3, limits=limits)[-3:] == [LOST] * 3
    assert states([0.9] * 5 + [0.6] * 3 + [0.75] * 3, limits=limits)[-1] is TRACKING
    slowly = [0.9 - 0.005 * k for k in range(80)]  # no loss, but the target grows harder to see
    assert set(states(slowly, limits=limits)) == {TRACKING}


def test_a_lower_score_that_stays_becomes_the_usual_one() -> None:
    limits = Limits()
    found = states([0.95] * 20 + [0.5] + [0.75] * 100, limits=limits)
    assert found[20:40] == [UNCERTAIN] * 20
    assert found[-20:] == [TRACKING] * 20
    assert states([0.95] * 20 + [0.5] * 4 + [0.75] * 100, limits=limits)[24] is LOST


def test_what_is_lost_is_shown_with_a_low_score() -> None:
    machine = StateMachine(LIMITS)
    assert machine.shown(0.9) == 0.9
    for _ in range(3):
        machine.update(0.1, 0.1)
    machine.update(0.9, 0.01)
    assert machine.state is LOST
    assert machine.shown(0.9) == 0.2
    assert machine.shown(0.1) == 0.1
    assert machine.shown(math.nan) == 0.0


@given(ANY_LIMITS, FRAMES)
def test_only_these_changes_happen(limits: Limits, frames: list[tuple[float, float]]) -> None:
    machine = StateMachine(limits)
    passed = [machine.state, *(machine.update(*frame) for frame in frames)]
    allowed = {
        TRACKING: {TRACKING, UNCERTAIN, LOST},
        UNCERTAIN: {TRACKING, UNCERTAIN, LOST},
        LOST: {TRACKING, LOST, IDLE},
        IDLE: {IDLE},
    }
    for before, after in pairwise(passed):
        assert after in allowed[before]


@given(ANY_LIMITS, FRAMES)
def test_a_high_score_is_shown_only_while_tracking(
    limits: Limits, frames: list[tuple[float, float]]
) -> None:
    machine = StateMachine(limits)
    for score, gap in frames:
        state = machine.update(score, gap)
        shown = machine.shown(score)
        assert 0 <= shown <= 1
        if state is TRACKING:
            assert shown == (0.0 if math.isnan(score) else score) >= limits.lost_score
        else:
            assert shown <= limits.lost_score


@given(ANY_LIMITS, FRAMES, st.integers(1, 400))
def test_low_scores_lead_to_the_end_and_high_ones_back(
    limits: Limits, frames: list[tuple[float, float]], rate: int
) -> None:
    """Whatever happened before, it hangs in no state."""
    machine = StateMachine(limits)
    for frame in frames:
        machine.update(*frame)
    gap = min(1 / rate, MAX_GAP)
    if machine.state is not IDLE:
        for _ in range(math.ceil(2 / gap) + 2):
            machine.update(1.0, gap)
            if machine.state in (TRACKING, IDLE):
                break
        # Given up on the way, perhaps.
        assert machine.state in (TRACKING, IDLE)
    if limits.lost_score > 0:
        for _ in range(math.ceil(7 / gap) + 5):
            machine.update(-1.0, gap)
        expected = IDLE if limits.give_up_after else LOST
        assert machine.state is expected or machine.state is IDLE
