# SPDX-License-Identifier: Apache-2.0
"""The tracker's side of the node, with a tracker that does what the test says. Needs no ROS."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hart_ros.nodes import session as session_module
from hart_ros.nodes.frame_buffer import Fate, FrameBuffer, FrameCounts
from hart_ros.nodes.image_codec import ImageError
from hart_ros.nodes.intake import Intake
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.session import Session
from hart_ros.nodes.target import BoxRequest, Result
from hart_ros.tracking.target_state import Limits
from hart_ros.tracking.types import Track, check_box

S = 1_000_000_000
BOX = (4.0, 4.0, 8.0, 8.0)


class FakeTracker:
    """Moves the box by a pixel with every frame.

    A frame's first pixel is its score in hundredths, 0 means 50; 66 says: fail.
    """

    def init(self, image: np.ndarray, box: Any) -> Any:
        return SimpleNamespace(box=check_box(box, image.shape), frame_size=image.shape[1::-1])

    def first_track(self, image: np.ndarray, state: Any) -> Track:
        return self._track(state.box)

    def update(self, image: np.ndarray, state: Any) -> tuple[Track, Any]:
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
        self.published: list[Result] = []
        self.log: list[str] = []
        self.states: list[str] = []
        note = self.log.append
        logger = SimpleNamespace(info=note, warning=note, error=note)
        report = Reporter(logger, period=0.0)
        self.counts = FrameCounts()
        self.buffer = FrameBuffer(2.0, 100.0, self.counts)
        self.intake = Intake(lambda msg: None, self.buffer, self.counts, report)
        self.session = Session(
            FakeTracker(),
            self._decode,
            self.buffer,
            self.counts,
            self.published.append,
            lambda state: self.states.append(state.value),
            report,
        )
        self.session.activate(True)

    @staticmethod
    def _decode(message: Any) -> np.ndarray:
        if message.value == 99:
            raise ImageError('data', 'is broken', 'mend it')
        return np.full((20, 20), message.value, np.uint8)

    def receive(self, second: float, value: int = 0, work: bool = True) -> None:
        stamp = SimpleNamespace(sec=int(second), nanosec=round(second % 1 * S))
        header = SimpleNamespace(stamp=stamp, frame_id='camera')
        self.intake.receive(SimpleNamespace(header=header, data=b'1234', value=value))
        if work:
            self.work()

    def request(self, second: float = 0.0, box: Any = BOX, target_id: str = 'a') -> None:
        after = self.buffer.last_number
        stamp_ns = round(second * S)
        self.session.request_box(BoxRequest(box, target_id, '', stamp_ns, after))
        self.work()

    def work(self) -> None:
        while self.session.work():
            pass

    @property
    def seconds(self) -> list[float]:
        return [round(result.frame.stamp_ns / S, 3) for result in self.published]

    def fates(self) -> dict[Fate, int]:
        return {fate: count for fate, count in self.counts.snapshot().items() if count}


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that lets the session's time pass."""
    now = [100.0]
    times = SimpleNamespace(monotonic=lambda: now[0], perf_counter=lambda: now[0])
    monkeypatch.setattr(session_module, 'time', times)

    def wait(seconds: float) -> None:
        now[0] += seconds

    return wait


def test_zero_stamp_means_the_next_frame(bench: Bench) -> None:
    bench.receive(1.0)
    bench.request()
    assert bench.session.target is None
    bench.receive(1.1)
    bench.receive(1.2)
    assert bench.seconds == [1.1, 1.2]
    assert [result.track.box[0] for result in bench.published] == [4.0, 5.0]
    assert bench.fates() == {Fate.IDLE: 1, Fate.TRACKED: 2}


def test_zero_stamp_passes_over_a_frame_that_cannot_be_used(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0, value=99)
    assert bench.session.request is not None
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
    assert bench.session.request is not None
    clock(0.2)
    bench.work()
    assert bench.session.request is None
    assert reason in bench.session.last_init
    assert bench.session.target is not None
    assert bench.session.target.target_id == 'a'


def test_a_box_of_the_bags_next_round_waits_for_it(bench: Bench) -> None:
    bench.request()
    for i in range(3):
        bench.receive(50 + i / 10)
    bench.request(10.0, target_id='b')
    assert bench.session.request is not None
    bench.receive(10.0)
    assert bench.published[-1].target.target_id == 'b'
    assert bench.seconds == [50.0, 50.1, 50.2, 10.0]
    assert sum('jumped back' in line for line in bench.log) == 1


def test_an_unusable_box_leaves_the_target_alone(bench: Bench) -> None:
    bench.request()
    bench.receive(1.0)
    bench.request(1.0, box=(50.0, 50.0, 5.0, 5.0), target_id='b')
    assert bench.session.last_init.startswith('rejected: box 50, 50, 5, 5')
    bench.receive(1.1)
    assert bench.published[-1].target.target_id == 'a'
    bench.session.refuse_box('bbox.size_x is nan')
    assert bench.session.last_init == 'rejected: bbox.size_x is nan'


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
    target = bench.session.target
    assert target is not None
    assert list(target.trail) == [(8.0 + i, 8.0) for i in range(5)]
    bench.session.set_trail_length(2)
    assert list(target.trail) == [(11.0, 8.0), (12.0, 8.0)]
    bench.session.set_trail_length(0)
    bench.receive(2.0)
    assert not target.trail


def test_states_follow_the_scores(bench: Bench) -> None:
    bench.session.set_limits(Limits(lost_score=0.2, found_score=0.4, give_up_after=0.5))
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
    bench.session.set_limits(Limits(give_up_after=0.5))
    bench.request()
    for i in range(12):
        bench.receive(1 + i / 10, 10)
    assert bench.session.target is None
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
    bench.session.set_limits(Limits(lost_score=0.6))
    bench.receive(1.1)
    assert bench.states == ['TRACKING', 'UNCERTAIN']


def test_frames_without_stamps_are_timed_by_their_arrival(bench: Bench) -> None:
    bench.session.set_limits(Limits(lost_after=0.0))
    bench.request()
    for value in (50, 10):
        bench.receive(0.0, value)
    assert bench.states == ['TRACKING', 'LOST']


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
