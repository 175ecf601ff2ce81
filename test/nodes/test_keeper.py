# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is kept in a file, when, and what comes back of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from hart_ros.model.hart import HART, HartConfig
from hart_ros.nodes import keeper as keeper_module
from hart_ros.nodes.cursor import Cursor
from hart_ros.nodes.frame_buffer import Frame
from hart_ros.nodes.keeper import Keeper
from hart_ros.nodes.parameters import ParameterError
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import Target
from hart_ros.nodes.targets import Targets
from hart_ros.tracking import HartTracker, save_weights
from hart_ros.tracking.target_state import Limits, State, StateMachine

SMALL = HartConfig(glimpse_size=32, v1_widths=(8, 8, 8, 8, 8, 8), hidden=16, key_width=8)
FRAME = Frame(None, 7_000_000_000, 1, number=5)


@pytest.fixture(scope='module')
def tracker(tmp_path_factory: pytest.TempPathFactory) -> HartTracker:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'hart.safetensors'
    save_weights(HART(SMALL), path)
    return HartTracker(path, 'cpu', backend='torch')


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'targets.safetensors'


@pytest.fixture
def keep(tracker: HartTracker, log: list[str], path: Path) -> Iterator[Callable[..., Keeper]]:
    """Return a function that begins to keep targets, as a node that is started."""
    made = []

    def start(max_age: float = 30.0) -> Keeper:
        report = Reporter(SimpleNamespace(info=log.append, warning=log.append), period=0.0)
        keeper = Keeper(path, max_age, tracker, report, lambda error: log.append(repr(error)))
        keeper.start()
        made.append(keeper)
        return keeper

    yield start
    for keeper in made:
        keeper.close((), 5.0)
        assert not keeper._writer.is_alive()


def target(tracker: HartTracker, name: str, single: bool = False) -> Target:
    state = tracker.init(np.zeros((48, 64, 3), np.uint8), (8.0, 8.0, 16.0, 16.0))
    trail: deque[tuple[float, float]] = deque()
    machine = StateMachine(Limits())
    return Target(name, 'car', single, Cursor(3, 3), state, trail, machine, 6.9)


def resumed(keeper: Keeper, most: int = 8) -> Targets:
    targets = Targets(Reporter(None))
    targets.most = most
    keeper.resume(targets, FRAME)
    return targets


def test_all_that_users_know_of_a_target_comes_back(
    tracker: HartTracker, keep: Callable[..., Keeper], log: list[str]
) -> None:
    first, second = target(tracker, 'a'), target(tracker, 'Ä "b"\n', single=True)
    for score in (0.9, 0.9, 0.1):
        first.machine.update(score, 0.1)
    keeper = keep()
    keeper.note([first, second], FRAME)
    keeper.close([first, second], 5.0)
    again = keep()
    assert again.said == "waits for an image: 'a', 'Ä \"b\"\\n'"
    found = {t.target_id: t for t in resumed(again).all}
    assert list(found) == [second.target_id, 'a']  # that of ~/init_box before others
    assert found['a'].machine.state is State.UNCERTAIN
    assert found['a'].machine.memory() == first.machine.memory()
    assert (found['a'].class_id, found['a'].single, found[second.target_id].single) == (
        'car',
        False,
        True,
    )
    assert found['a'].cursor.number == FRAME.number - 1 and not found['a'].cursor.late
    assert log == [f'{again.said}, from {again._path}']
    assert again.said.endswith('s ago at 7.000000000')
    assert not resumed(again).all  # once
    assert [t.target_id for t in resumed(keep(), most=1).all] == [second.target_id]


def test_it_writes_at_most_once_a_second_and_at_the_end(
    tracker: HartTracker,
    keep: Callable[..., Keeper],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeper_module, 'INTERVAL', 1000.0)
    written: list[Any] = []
    monkeypatch.setattr(keeper_module.saved_state, 'write', lambda *args: written.append(args))
    keeper = keep()
    keeper._written = -1000.0
    a = target(tracker, 'a')
    for _ in range(50):
        keeper.note([a], FRAME)
    keeper.flush(5.0)
    assert len(written) == 1
    keeper.save([a])  # the node is deactivated
    keeper.save([a])
    keeper.flush(5.0)
    assert len(written) == 2
    keeper.note([a], FRAME)
    keeper.close([a], 5.0)
    assert len(written) == 3
    assert {args[0] for args in written} == {path}


def test_what_is_given_up_or_forgotten_is_gone_at_once(
    tracker: HartTracker, keep: Callable[..., Keeper], path: Path
) -> None:
    keeper = keep()
    a, b = target(tracker, 'a'), target(tracker, 'b')
    keeper.note([a, b], FRAME)
    keeper.note([b], FRAME)
    keeper.flush(5.0)
    assert [t.target_id for t in resumed(keep()).all] == ['b']
    keeper.note([], FRAME)
    keeper.flush(5.0)
    assert not path.exists()
    keeper.note([a], FRAME)
    keeper.save([a])
    keeper.flush(5.0)
    waiting = keep()
    waiting.forget()
    waiting.flush(5.0)
    assert not path.exists()
    assert not resumed(waiting).all


@pytest.mark.parametrize(('later', 'max_age', 'comes'), [
    (29.0, 30.0, True),
    (31.0, 30.0, False),
    (-31.0, 30.0, False),  # the clock was set back
    (1e6, 0.0, True),
])  # fmt: skip
def test_old_targets_are_refused(
    tracker: HartTracker,
    keep: Callable[..., Keeper],
    log: list[str],
    monkeypatch: pytest.MonkeyPatch,
    later: float,
    max_age: float,
    comes: bool,
) -> None:
    keeper, now = keep(), time.time()
    a = target(tracker, 'a')
    monkeypatch.setattr(keeper_module.time, 'time', lambda: now)
    keeper.note([a], FRAME)
    keeper.flush(5.0)
    again = keep(max_age)
    monkeypatch.setattr(keeper_module.time, 'time', lambda: now + later)
    assert bool(resumed(again).all) == comes
    assert ('not resumed' in log[-1]) != comes
    assert again.said.startswith('resumed' if comes else 'not resumed')


def test_a_file_of_somebody_else_is_left_alone(keep: Callable[..., Keeper], path: Path) -> None:
    save_weights(HART(SMALL), path)
    before = path.read_bytes()
    with pytest.raises(ParameterError, match='holds something else than saved targets; name'):
        keep()
    assert path.read_bytes() == before


def test_what_no_node_wrote_is_refused(
    tracker: HartTracker, keep: Callable[..., Keeper], log: list[str], path: Path
) -> None:
    saved_state = keeper_module.saved_state
    weights = saved_state.digest_of_weights(tracker.model)
    good = {'id': 'a', 'class': '', 'single': True, 'memory': StateMachine(Limits()).memory()}
    for about in (
        {},
        {'seen': 'x', 'stamp_ns': 0, 'targets': [good]},
        {'seen': 0, 'stamp_ns': 0, 'targets': []},
        {'seen': 0, 'stamp_ns': 0, 'targets': [{**good, 'memory': None}]},
        {'seen': 0, 'stamp_ns': 0, 'targets': 3},
    ):
        states = [target(tracker, 'a').state]
        saved_state.write(path, saved_state.to_bytes(states, weights, about))
        assert not resumed(keep()).all
        assert 'is damaged' in log[-1]
