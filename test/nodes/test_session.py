# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker's side of the node, with a tracker that does what the test says. Needs no ROS."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.nodes import waiting as waiting_module
from hart_ros.nodes.frame_buffer import Fate, FrameBuffer, FrameCounts
from hart_ros.nodes.image_codec import ImageError
from hart_ros.nodes.intake import Intake
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.session import Session
from hart_ros.nodes.target import BoxRequest, Found, Result
from hart_ros.tracking.target_state import Limits, State
from hart_ros.tracking.types import Track, check_box

S = 1_000_000_000
LIMITS = Limits(lost_score=0.2, lost_share=0.0, found_score=0.4, found_share=0.0)
BOX = (4.0, 4.0, 8.0, 8.0)
POISON = 7.0  # a box of this width makes the tracker fail, except in frames of value 40


class FakeTracker:
    """Moves the box by a pixel with every frame.

    A frame's first pixel is its score in hundredths, 0 means 50; 66 says: fail.
    """

    def __init__(self) -> None:
        self.batches: list[int] = []

    def init(self, image: np.ndarray, box: Any) -> Any:
        return SimpleNamespace(box=check_box(box, image.shape), frame_size=image.shape[1::-1])

    def first_track(self, image: np.ndarray, state: Any) -> Track:
        return self._track(state.box)

    def update_many(self, image: np.ndarray, states: Sequence[Any]) -> list[tuple[Track, Any]]:
        self.batches.append(len(states))
        if any(state.box[2] == POISON for state in states) and image[0, 0] != 40:
            raise FloatingPointError('one of them')
        return [self._update(image, state) for state in states]

    def _update(self, image: np.ndarray, state: Any) -> tuple[Track, Any]:
        if image[0, 0] == 66:
            raise FloatingPointError('it fails')
        x, y, w, h = state.box
        after = SimpleNamespace(box=(x + 1, y, w, h), frame_size=image.shape[1::-1])
        return self._track(after.box, (image[0, 0] or 50) / 100), after

    @staticmethod
    def _track(box: Any, score: float = 1.0) -> Track:
        return Track(box, score, box, np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32))


class Bench:
    """A session with its intake, and all that it published and logged."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.log: list[str] = []
        self.states: list[str] = []
        note = self.log.append
        logger = SimpleNamespace(info=note, warning=note, error=note, debug=lambda text: None)
        report = Reporter(logger, period=0.0)
        self.counts = FrameCounts()
        self.buffer = FrameBuffer(2.0, 100.0, self.counts)
        self.intake = Intake(lambda msg: None, self.buffer, self.counts, report)
        self.tracker = FakeTracker()
        self.session = Session(
            self.tracker,
            self._decode,
            self.buffer,
            self.counts,
            self.results.append,
            lambda state: self.states.append(state.value),
            report,
        )
        self.session.targets.set_limits(LIMITS)
        self.session.activate(True)

    @staticmethod
    def _decode(message: Any) -> np.ndarray:
        if message.value == 99:
            raise ImageError('data', 'is broken', 'mend it')
        image = np.full((20, 20), message.value, np.uint8)
        image[-1] = 255 - image[0, 0] if message.value != 1 else 1  # 1: shows nothing
        return image

    def receive(self, second: float, value: int = 0, work: bool = True) -> None:
        stamp = SimpleNamespace(sec=int(second), nanosec=round(second % 1 * S))
        header = SimpleNamespace(stamp=stamp, frame_id='camera')
        self.intake.receive(SimpleNamespace(header=header, data=b'1234', value=value))
        if work:
            self.work()

    def request(
        self, second: float = 0.0, box: Any = BOX, target_id: str = 'a', single: bool = True
    ) -> None:
        after = self.buffer.last_number
        stamp_ns = round(second * S)
        self.session.request(BoxRequest(box, target_id, '', stamp_ns, after, single=single))
        self.work()

    def work(self) -> None:
        while self.session.work():
            pass

    @property
    def published(self) -> list[Found]:
        """What came on ~/detection."""
        return [result.single for result in self.results if result.single is not None]

    @property
    def seconds(self) -> list[float]:
        stamped = [result for result in self.results if result.single is not None]
        return [round(result.frame.stamp_ns / S, 3) for result in stamped]

    @property
    def arrays(self) -> list[tuple[float, str]]:
        """What came on ~/detections: stamps, and the ids in order."""
        return [
            (round(r.frame.stamp_ns / S, 3), ''.join(f.target.target_id for f in r.found))
            for r in self.results
            if r.found
        ]

    def fates(self) -> dict[Fate, int]:
        return {fate: count for fate, count in self.counts.snapshot().items() if count}


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that lets the session's time pass."""
    now = [100.0]
    times = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr(waiting_module, 'time', times)

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def test_zero_stamp_means_the_next_frame(bench: Bench) -> None:
    bench.receive(1.0)
    bench.request()
    assert bench.session.targets.single is None
    bench.receive(1.1)
    bench.receive(1.2)
    assert bench.seconds == [1.1, 1.2]
    assert [result.track.box[0] for result in bench.published] == [4.0, 5.0]
    assert bench.fates() == {Fate.IDLE: 1, Fate.TRACKED: 2}


def test_zero_stamp_passes_over_a_frame_that_cannot_be_used(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0, value=99)
    assert bench.session.waiting.describe()
    bench.receive(1.1)
    assert bench.seconds == [1.1]
    assert bench.fates() == {Fate.BAD: 1, Fate.TRACKED: 1}


def test_late_box_is_caught_up_and_not_published_twice(bench: Bench) -> None:
    bench.request()
    for i in range(5):
        bench.receive(1 + i / 10)
    bench.request(1.2, target_id='b')
    bench.receive(1.5)
    assert bench.seconds == [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    assert bench.published[-1].target.target_id == 'b'
    assert bench.published[-1].track.box[0] == 4.0 + 3
    assert bench.fates() == {Fate.TRACKED: 6}


@pytest.mark.parametrize(
    ('stamp', 'patience', 'reason'),
    [
        (9.0, 2.0, 'newer than all images'),
        (0.5, 0.5, 'older than the buffered frames'),
        (1.05, 0.5, 'no frame within stamp_tolerance'),
    ],
)
def test_a_box_without_a_frame_waits_a_moment_then_is_refused(
    bench: Bench, clock: Callable[[float], None], stamp: float, patience: float, reason: str
) -> None:
    bench.request()
    bench.receive(1.0)
    bench.receive(1.1)
    bench.request(stamp, target_id='b')
    clock(patience - 0.1)
    bench.work()
    assert bench.session.waiting.describe()
    clock(0.2)
    bench.work()
    assert not bench.session.waiting.describe()
    assert reason in bench.session.waiting.last
    assert bench.session.targets.single is not None
    assert bench.session.targets.single.target_id == 'a'


def test_a_box_of_the_bags_next_round_waits_for_it(bench: Bench) -> None:
    bench.request()
    for i in range(3):
        bench.receive(50 + i / 10)
    bench.request(10.0, target_id='b')
    assert bench.session.waiting.describe()
    bench.receive(10.0)
    assert bench.published[-1].target.target_id == 'b'
    assert bench.seconds == [50.0, 50.1, 50.2, 10.0]
    assert sum('jumped back' in line for line in bench.log) == 1


def test_an_unusable_box_leaves_the_target_alone(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.request(1.0, box=(50.0, 50.0, 5.0, 5.0), target_id='b')
    assert bench.session.waiting.last.startswith('rejected: box 50, 50, 5, 5')
    bench.receive(1.1)
    assert bench.published[-1].target.target_id == 'a'
    bench.session.waiting.refuse('bbox.size_x is nan')
    assert bench.session.waiting.last == 'rejected: bbox.size_x is nan'


def test_an_image_that_shows_nothing_moves_nothing(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.receive(1.1, value=1)
    assert bench.states == ['TRACKING', 'UNCERTAIN']
    bench.receive(1.2)
    assert [track.track.box[0] for track in bench.published] == [4.0, 4.0, 5.0]
    assert [track.track.score for track in bench.published] == [1.0, 0.0, 0.5]


def test_an_image_that_shows_nothing_is_named(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.receive(1.1, value=1)
    assert any('shows nothing' in line and '16UC1' in line for line in bench.log)


def test_an_image_that_shows_nothing_may_have_another_size(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.session._look._decode = lambda _: np.zeros((40, 10), np.uint8)
    bench.receive(1.1)
    assert bench.published[-1].track.box == (2.0, 8.0, 4.0, 16.0)
    bench.session._look._decode = bench._decode
    bench.receive(1.2)
    assert bench.published[-1].track.box == (5.0, 4.0, 8.0, 8.0)


def test_a_failure_is_forgotten_with_the_last_target(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.receive(1.1, value=66)
    assert bench.session.failure
    bench.session.reset()
    assert bench.session.failure == ''
    bench.session.targets.set_limits(replace(LIMITS, give_up_after=0.3))
    bench.request()
    for i in range(12):
        bench.receive(1.2 + i / 10, value=66 if i else 0)
    assert not bench.session.targets.all
    assert bench.session.failure == ''


def test_a_frame_that_fails_leaves_the_state_as_it_was(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.receive(1.1, value=66)
    assert bench.session.failure == 'FloatingPointError: it fails'
    bench.receive(1.2, value=99)
    bench.receive(1.3)
    assert bench.session.failure == ''
    assert [result.track.box[0] for result in bench.published] == [4.0, 5.0]
    assert bench.fates() == {Fate.TRACKED: 2, Fate.BAD: 2}


def test_newest_frame_is_taken_and_the_others_are_counted(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    for i in range(1, 5):
        bench.receive(1 + i / 10, work=False)
    bench.work()
    assert bench.seconds == [1.0, 1.4]
    assert bench.fates() == {Fate.TRACKED: 2, Fate.DROPPED: 3}


def test_pause_keeps_the_target_and_no_frames(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.receive(1.1, work=False)
    bench.intake.enabled = False
    bench.session.enable(False)
    bench.receive(1.2)
    bench.intake.enabled = True
    bench.session.enable(True)
    bench.receive(1.3)
    assert bench.seconds == [1.0, 1.3]
    assert bench.fates() == {Fate.TRACKED: 2, Fate.DISABLED: 2}


def test_enabling_what_is_enabled_keeps_the_frames(bench: Bench) -> None:
    bench.receive(1.0)
    bench.session.enable(True)
    bench.receive(1.1)
    bench.request(1.0)  # of a slow detector
    bench.receive(1.2)
    assert bench.seconds == [1.0, 1.1, 1.2]


def test_reset_forgets_target_and_waiting_box(bench: Bench) -> None:
    assert bench.session.reset() == 'there was no target'
    bench.request()
    bench.receive(1.0)
    bench.request(target_id='b')
    assert bench.session.reset().startswith("forgot target 'a' and box 4, 4, 8, 8 (id 'b')")
    bench.receive(1.1)
    assert bench.seconds == [1.0]


def test_a_newer_box_replaces_one_that_waits(bench: Bench) -> None:
    bench.request(target_id='a')
    bench.request(target_id='b')
    assert any('a newer box replaced it' in line for line in bench.log)
    bench.receive(1.0)
    assert bench.published[0].target.target_id == 'b'


def test_trail_is_as_long_as_asked_for(bench: Bench) -> None:
    bench.request()
    for i in range(5):
        bench.receive(1 + i / 10)
    target = bench.session.targets.single
    assert target is not None
    assert list(target.trail) == [(8.0 + i, 8.0) for i in range(5)]
    bench.session.targets.set_trail_length(2)
    assert list(target.trail) == [(11.0, 8.0), (12.0, 8.0)]
    bench.session.targets.set_trail_length(0)
    bench.receive(2.0)
    assert not target.trail


def test_states_follow_the_scores(bench: Bench) -> None:
    bench.session.targets.set_limits(replace(LIMITS, give_up_after=0.5))
    bench.request()
    scores = [50, 10, 10, 10, 90, 90, 10, 50, 15]
    for i, score in enumerate(scores):
        bench.receive(1 + i / 10, score)
    assert bench.states == [
        'TRACKING', 'UNCERTAIN', 'LOST', 'TRACKING', 'UNCERTAIN', 'TRACKING', 'UNCERTAIN'
    ]  # fmt: skip
    shown = [result.track.score for result in bench.published]
    assert shown == [1.0, 0.1, 0.1, 0.1, 0.2, 0.9, 0.1, 0.5, 0.15]  # 0.2: lost, though it says 0.9
    assert [line for line in bench.log if 'lost' in line or 'found' in line] == [
        "target 'a' is lost, score 0.10: looked for nearby",
        "target 'a' is found again, score 0.90",
    ]


def test_what_stays_lost_is_given_up_and_a_box_waited_for(bench: Bench) -> None:
    bench.session.targets.set_limits(replace(LIMITS, give_up_after=0.5))
    bench.request()
    for i in range(12):
        bench.receive(1 + i / 10, 10)
    assert bench.session.targets.single is None
    assert bench.states == ['TRACKING', 'UNCERTAIN', 'LOST', 'IDLE']
    assert bench.seconds[-1] == 1.8  # lost at 1.3
    assert bench.log[-1] == "target 'a' is given up, lost for 0.5 s: send a new box"
    assert bench.fates() == {Fate.TRACKED: 9, Fate.IDLE: 3}
    bench.request(target_id='b')
    bench.receive(3.0)
    assert bench.states[-1] == 'TRACKING'
    bench.session.reset()
    assert bench.states[-1] == 'IDLE'


def test_limits_change_for_the_target_at_hand(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.session.targets.set_limits(replace(LIMITS, lost_score=0.6))
    bench.receive(1.1)
    assert bench.states == ['TRACKING', 'UNCERTAIN']


def test_frames_without_stamps_are_timed_by_their_arrival(bench: Bench) -> None:
    bench.session.targets.set_limits(replace(LIMITS, lost_after=0.0))
    bench.request()
    for value in (50, 10):
        bench.receive(0.0, value)
    assert bench.states == ['TRACKING', 'LOST']


def test_several_targets_are_found_in_one_pass(bench: Bench) -> None:
    for name in 'bcd':
        bench.request(target_id=name, single=False)
    bench.receive(1.0)
    bench.receive(1.1)
    bench.request(target_id='a')
    bench.receive(1.2)
    bench.receive(1.3)
    assert bench.arrays == [(1.0, 'bcd'), (1.1, 'bcd'), (1.2, 'bcda'), (1.3, 'bcda')]
    assert bench.tracker.batches == [3, 3, 4]
    assert bench.seconds == [1.2, 1.3]
    assert [found.track.box[0] for found in bench.results[-1].found] == [7.0, 7.0, 7.0, 5.0]
    assert bench.fates() == {Fate.TRACKED: 4}


def test_an_id_is_followed_once_and_the_single_one_stays_single(bench: Bench) -> None:
    bench.request(target_id='a')
    bench.request(target_id='b', single=False)
    bench.receive(1.0)
    bench.request(target_id='b', single=False)
    bench.request(target_id='a', single=False, box=(1.0, 1.0, 8.0, 8.0))
    bench.receive(1.1)
    assert bench.arrays[-1] == (1.1, 'ba')
    assert bench.published[-1].track.box[0] == 1.0
    bench.request(target_id='c')  # takes the place of the single one, not of others
    bench.receive(1.2)
    assert bench.arrays[-1] == (1.2, 'bc')
    assert bench.seconds == [1.0, 1.1, 1.2]


def test_there_are_no_more_targets_than_allowed(bench: Bench) -> None:
    bench.session.targets.most = 2
    for name in 'bcd':
        bench.request(target_id=name, single=False)
    assert '2 boxes wait already' in bench.session.waiting.last
    bench.receive(1.0)
    bench.request(target_id='d', single=False)
    bench.request(target_id='b', single=False)
    bench.receive(1.1)
    assert bench.arrays[-1] == (1.1, 'cb')
    assert any('2 targets already; raise max_targets' in line for line in bench.log)
    bench.session.reset()
    bench.receive(1.2)
    assert len(bench.arrays) == 2


def test_one_that_fails_does_not_touch_the_others(bench: Bench) -> None:
    bench.session.targets.set_limits(replace(LIMITS, give_up_after=0.3))
    bench.request(target_id='a')
    bench.request(target_id='b', single=False, box=(4.0, 4.0, POISON, 8.0))
    bench.request(target_id='c', single=False)
    bench.receive(1.0)
    bench.receive(1.1)
    assert bench.arrays[-1] == (1.1, 'ac')
    assert 'one of them' in bench.session.failure
    bench.receive(1.2, value=40)
    assert bench.arrays[-1] == (1.2, 'abc')
    assert bench.session.failure == ''
    assert [found.track.box[0] for found in bench.results[-1].found] == [6.0, 5.0, 6.0]
    for i in range(8):
        bench.receive(1.3 + i / 10)
    assert [target.target_id for target in bench.session.targets.all] == ['a', 'c']
    assert bench.states == ['TRACKING']  # of the single one
    assert bench.tracker.batches[-1] == 2


def test_a_box_that_is_not_finite_counts_as_a_failure(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.request(target_id='a')
    bench.request(target_id='b', single=False)
    bench.receive(1.0)
    update = FakeTracker.update_many

    def spoilt(*args: Any) -> list[tuple[Track, Any]]:
        first, *others = update(*args)
        return [(replace(first[0], box=(math.nan, 1.0, 2.0, 3.0)), first[1]), *others]

    monkeypatch.setattr(FakeTracker, 'update_many', spoilt)
    bench.receive(1.1)
    monkeypatch.setattr(FakeTracker, 'update_many', update)
    bench.receive(1.2)
    assert bench.arrays == [(1.0, 'ab'), (1.1, 'b'), (1.2, 'ab')]
    assert bench.published[-1].track.box[0] == 5.0


def test_a_late_one_catches_up_while_the_others_go_on(bench: Bench) -> None:
    bench.request(target_id='a')
    for i in range(5):
        bench.receive(1 + i / 10)
    for name in 'bc':
        bench.session.request(BoxRequest(BOX, name, '', round(1.1 * S), single=False))
    bench.receive(1.5)
    assert bench.arrays == [*((1 + i / 10, 'a') for i in range(6))]
    assert {target.cursor.late for target in bench.session.targets.all} == {False}
    bench.receive(1.6)
    assert bench.arrays[-1] == (1.6, 'abc')
    assert [found.track.box[0] for found in bench.results[-1].found] == [10.0, 9.0, 9.0]
    assert bench.seconds == [round(1 + i / 10, 1) for i in range(7)]
    assert bench.tracker.batches[-6:] == [1, 2, 2, 2, 2, 3]


def test_the_state_is_the_worst_where_there_is_no_single_target(bench: Bench) -> None:
    bench.request(target_id='b', single=False)
    bench.request(target_id='c', single=False, box=(4.0, 4.0, POISON, 8.0))
    bench.receive(1.0)
    bench.receive(1.1)
    assert bench.states == ['TRACKING', 'UNCERTAIN']
    bench.request(target_id='a')
    bench.receive(1.2)
    assert bench.states[-1] == 'TRACKING'


FRAMES = st.tuples(st.just('frame'), st.sampled_from([0, 10, 40, 66, 99]))
REQUESTS = st.tuples(
    st.just('box'),
    st.sampled_from(['a', 'b', 'c']),
    st.booleans(),  # single
    st.sampled_from([0, 0, 1, 3, 8]),  # frames ago; 0: the next
    st.sampled_from([BOX, (4.0, 4.0, POISON, 8.0), (50.0, 50.0, 5.0, 5.0)]),
)
OTHERS = st.sampled_from([('reset',), ('pause',)])


@given(st.lists(FRAMES | FRAMES | REQUESTS | OTHERS, max_size=60), st.integers(1, 3))
def test_whatever_happens_everything_adds_up(events: list[tuple], most: int) -> None:
    bench = Bench()
    bench.session.targets.most = most
    number = 0
    for kind, *values in events:
        if kind == 'frame':
            number += 1
            bench.receive(1 + number / 10, *values)
        elif kind == 'box':
            target_id, single, ago, box = values
            when = 1 + (number - ago) / 10 if 0 < ago < number else 0.0
            bench.request(when, box, target_id, single)
        elif kind == 'reset':
            bench.session.reset()
        else:
            bench.session.enable(not bench.session.enabled)
        targets = bench.session.targets.all
        ids = [target.target_id for target in targets]
        assert len(set(ids)) == len(ids) <= most
        assert sum(target.single for target in targets) <= 1
        assert (not targets) == (bench.session.targets.state is State.IDLE)
    stamps = [stamp for stamp, _ in bench.arrays]
    assert stamps == sorted(set(stamps))
    assert bench.seconds == sorted(set(bench.seconds))
    assert sum(bench.fates().values()) == number
    if bench.session.enabled:
        assert Fate.WAITING not in bench.fates()
    changes = [State.IDLE.value, *bench.states]
    assert all(before != after for before, after in pairwise(changes))


def test_repeated_reports_are_throttled_and_counted() -> None:
    lines: list[str] = []
    report = Reporter(SimpleNamespace(warning=lines.append), period=1000.0)
    for _ in range(3):
        report.warn('one', 'text')
    report.warn('other', 'another')
    assert lines == ['text', 'another']
    assert report.last_problem(within=1000.0) == 'another'
    assert report.last_problem(within=-1.0) == ''
    fast = Reporter(SimpleNamespace(warning=lines.append), period=0.0)
    fast._silenced['one'] = 4
    fast.warn('one', 'text')
    assert lines[-1] == 'text [4 more like this]'
