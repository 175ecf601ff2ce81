# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Targets in a file: followed on bit for bit, or refused."""

from __future__ import annotations

import dataclasses
import math
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hart_ros.model.hart import HART, HartConfig
from hart_ros.model.hart_2017 import HART2017, HART2017Config
from hart_ros.model.ratm import RATM, RATMConfig
from hart_ros.tracking import HartTracker, save_weights
from hart_ros.tracking.saved_state import (
    OtherFileError,
    SavedStateError,
    digest_of_weights,
    part_of,
    read,
    to_bytes,
    write,
)
from hart_ros.tracking.target_state import Limits, State, StateMachine
from hart_ros.tracking.tracker import TargetState

SMALL = HartConfig(glimpse_size=32, v1_widths=(8, 8, 8, 8, 8, 8), hidden=16, key_width=8)
NETWORKS = {
    'hart': lambda: HART(SMALL),
    'hart_2017': lambda: HART2017(HART2017Config(v1_widths=(8, 8, 8))),
    'ratm': lambda: RATM(RATMConfig()),
}
BOXES = ((50.0, 40.0, 30.0, 20.0), (10.5, 12.25, 16.0, 40.0))
ABOUT = {'seen': 12.5, 'targets': [{'id': 'Ä "1"'}, {'id': ''}]}


@pytest.fixture(scope='module')
def trackers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, HartTracker]:
    """One of each network, with random weights."""
    torch.manual_seed(0)
    made = {}
    for name, network in NETWORKS.items():
        path = tmp_path_factory.mktemp('weights') / f'{name}.safetensors'
        save_weights(network(), path)
        made[name] = HartTracker(path, 'cpu', backend='torch')
    with suppress(ValueError):  # where it is not installed
        path = tmp_path_factory.mktemp('weights') / 'hart.safetensors'
        save_weights(HART(SMALL), path)
        made['hart, onnx'] = HartTracker(path, 'cpu', backend='onnx')
    return made


def frames(seed: int) -> Iterator[np.ndarray]:
    """Noise of 160 x 120 pixels, then of another size."""
    random = np.random.default_rng(seed)
    for number in range(8):
        yield random.integers(0, 256, (120, 160, 3) if number < 6 else (90, 200), dtype=np.uint8)


def follow(
    tracker: HartTracker, states: list[TargetState], seed: int
) -> tuple[list[Any], list[TargetState]]:
    """All that is told of the targets in some frames, and their states after it."""
    told = []
    for frame in frames(seed):
        found = tracker.update_many(frame, states)
        states = [state for _, state in found]
        told += [dataclasses.astuple(track) for track, _ in found]
    return told, states


def started(tracker: HartTracker, seed: int = 0) -> list[TargetState]:
    """Two targets that were followed for a while."""
    first = next(frames(seed))
    return follow(tracker, [tracker.init(first, box) for box in BOXES], seed)[1]


@pytest.mark.parametrize('name', [*NETWORKS, 'hart, onnx'])
def test_what_is_read_is_followed_on_bit_for_bit(
    trackers: dict[str, HartTracker], tmp_path: Path, name: str
) -> None:
    if name not in trackers:
        pytest.skip("needs ONNX Runtime: pip install '.[fast]'")
    tracker = trackers[name]
    weights = digest_of_weights(tracker.model)
    states = started(tracker)
    path = tmp_path / 'targets.safetensors'
    write(path, to_bytes(states, weights, ABOUT))
    found, about = read(path, tracker, weights)
    assert about == ABOUT
    assert [state.box for state in found] == [state.box for state in states]
    assert [state.frame_size for state in found] == [(200, 90)] * 2
    uninterrupted, _ = follow(tracker, states, 1)
    resumed, _ = follow(tracker, found, 1)
    for a, b in zip(uninterrupted, resumed, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_another_process_of_the_same_weights_goes_on_with_it(
    trackers: dict[str, HartTracker], tmp_path: Path
) -> None:
    tracker = trackers['ratm']
    torch.manual_seed(1)
    save_weights(tracker.model, tmp_path / 'moved.safetensors', {'other': 'notes'})
    again = HartTracker(tmp_path / 'moved.safetensors', 'cpu', backend='torch')
    assert digest_of_weights(again.model) == digest_of_weights(tracker.model)
    path = tmp_path / 'targets.safetensors'
    write(path, to_bytes(started(tracker), digest_of_weights(tracker.model), {}))
    assert read(path, again, digest_of_weights(again.model))[0]


def test_other_weights_are_refused(trackers: dict[str, HartTracker], tmp_path: Path) -> None:
    path = tmp_path / 'targets.safetensors'
    hart, ratm = trackers['hart'], trackers['ratm']
    write(path, to_bytes(started(hart), digest_of_weights(hart.model), {}))
    with pytest.raises(SavedStateError, match=f'^{path}: its targets were followed with other'):
        read(path, ratm, digest_of_weights(ratm.model))


def test_other_files_are_refused(trackers: dict[str, HartTracker], tmp_path: Path) -> None:
    tracker = trackers['ratm']
    weights = digest_of_weights(tracker.model)
    path = tmp_path / 'targets.safetensors'
    save_weights(tracker.model, path)
    with pytest.raises(OtherFileError, match='holds something else'):
        read(path, tracker, weights)
    whole = to_bytes(started(tracker), weights, {})
    path.write_bytes(whole.replace(b'targets 2', b'targets 1'))
    with pytest.raises(SavedStateError, match='of another version'):
        read(path, tracker, weights)
    for content in (b'', b'nonsense', whole[:-1]):
        path.write_bytes(content)
        with pytest.raises(SavedStateError, match='is damaged'):
            read(path, tracker, weights)
    for unreadable in (tmp_path, tmp_path / 'missing'):
        with pytest.raises(SavedStateError):
            read(unreadable, tracker, weights)


def test_what_does_not_fit_is_refused_though_its_digest_is_right(
    trackers: dict[str, HartTracker], tmp_path: Path
) -> None:
    tracker = trackers['hart']
    weights = digest_of_weights(tracker.model)
    good = started(tracker)[0]
    recurrent, path = good.recurrent, tmp_path / 'targets.safetensors'
    bad = [
        dataclasses.replace(good, box=(1.0, 2.0, math.nan, 4.0)),
        dataclasses.replace(good, box=(1.0, 2.0, -3.0, 4.0)),
        dataclasses.replace(good, frame_size=(0, 10)),
        dataclasses.replace(good, frame_size=(1 << 40, 10)),
        dataclasses.replace(good, recurrent=started(trackers['ratm'])[0].recurrent),
    ]
    for values in (recurrent.cell * math.nan, recurrent.cell[:, :3], recurrent.cell.double()):
        changed = dataclasses.replace(recurrent, cell=values)
        bad.append(dataclasses.replace(good, recurrent=changed))
    for state in bad:
        write(path, to_bytes([state], weights, {}))
        with pytest.raises(SavedStateError, match='is damaged'):
            read(path, tracker, weights)


@settings(
    max_examples=60,
    deadline=timedelta(seconds=20),
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(where=st.floats(0, 1, exclude_max=True), mask=st.integers(1, 255), kept=st.floats(0, 1))
def test_no_changed_byte_goes_unnoticed(
    trackers: dict[str, HartTracker], tmp_path: Path, where: float, mask: int, kept: float
) -> None:
    tracker = trackers['hart']
    weights = digest_of_weights(tracker.model)
    path = tmp_path / 'targets.safetensors'
    content = bytearray(to_bytes(started(tracker), weights, ABOUT))
    content[int(where * len(content))] ^= mask
    path.write_bytes(content if kept > 0.5 else content[: int(2 * kept * len(content))])
    with suppress(SavedStateError):
        # What changed is white space then, behind the header.
        states, about = read(path, tracker, weights)
        assert (about, len(states)) == (ABOUT, 2)


@settings(
    max_examples=40,
    deadline=timedelta(seconds=20),
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(
    scale=st.sampled_from([1.0, 30.0, 1e3]),
    seed=st.integers(0, 1000),
    name=st.sampled_from(sorted(NETWORKS)),
)
def test_other_numbers_lead_to_finite_boxes_or_an_error(
    trackers: dict[str, HartTracker], tmp_path: Path, scale: float, seed: int, name: str
) -> None:
    tracker = trackers[name]
    weights = digest_of_weights(tracker.model)
    random = np.random.default_rng(seed)
    state = started(tracker)[0]
    values = {
        field.name: torch.from_numpy(
            (scale * random.uniform(-1, 1, getattr(state.recurrent, field.name).shape)).astype('f4')
        )
        for field in dataclasses.fields(state.recurrent)
    }
    recurrent = dataclasses.replace(state.recurrent, **values)
    path = tmp_path / 'targets.safetensors'
    write(path, to_bytes([dataclasses.replace(state, recurrent=recurrent)], weights, {}))
    (state,), _ = read(path, tracker, weights)
    with suppress(FloatingPointError):
        for frame in frames(seed):
            track, state = tracker.update(frame, state)
            assert all(map(math.isfinite, (*track.box, track.score)))


def test_a_disk_that_is_full_keeps_the_file_before(tmp_path: Path) -> None:
    """Here a limit of files' sizes is, which for a writer is the same."""
    path = tmp_path / 'targets.safetensors'
    write(path, b'before')
    script = (
        'import resource, sys\n'
        'from pathlib import Path\n'
        'from hart_ros.tracking.saved_state import write\n'
        f'resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.RLIM_INFINITY}))\n'
        f'try:\n    write(Path({str(path)!r}), bytes(5000))\n'
        'except OSError as error:\n    sys.exit(error.strerror)\n'
    )
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, 'File too large\n')
    assert path.read_bytes() == b'before'
    assert not part_of(path).exists()


def test_a_state_machine_goes_on_where_it_was() -> None:
    scores = [0.9, 0.8, 0.85, 0.3, 0.2, 0.3, 0.2, 0.1]
    first = StateMachine(Limits())
    for score in scores:
        first.update(score, 0.1)
    assert first.state is State.LOST
    second = StateMachine(Limits())
    second.recall(first.memory())
    for score in (0.5, 0.9, 0.9, 0.9):  # high is what is high for this target
        assert first.update(score, 0.1) is second.update(score, 0.1)
    assert second.state is State.TRACKING


@pytest.mark.parametrize(
    'change',
    [
        {'state': 'GONE'},
        {'usual': math.nan},
        {'usual': 2.0},
        {'frames': -1},
        {'lost': math.nan},
        {'lost': None},
    ],
)
def test_no_other_memory_is_recalled(change: dict[str, Any]) -> None:
    machine = StateMachine(Limits())
    memory = machine.memory()
    with pytest.raises((TypeError, ValueError)):
        machine.recall({**memory, **change})
    assert machine.memory() == memory
