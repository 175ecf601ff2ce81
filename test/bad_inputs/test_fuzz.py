# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Good inputs with random damage: nothing but the documented errors, no hang, no NaN out."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from bad_input import ROOT
from fuzz_targets import TARGETS, seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = {'weights': 40, 'checkpoint': 60}  # each takes milliseconds
PIECES = st.sampled_from([b'nan', b'-1', b'1e308', b'9' * 30, b'\0', b'\n', b'\xff\xff\xff\xff'])
Edit = tuple[float, int, bytes]  # where, as a share of the whole; bytes to cut; bytes to put there


def damaged(good: bytes, edits: list[Edit]) -> bytes:
    """The bytes after these edits."""
    data = bytearray(good)
    for where, cut, put in edits:
        # Half of all edits hit the beginning, where headers are.
        at = int(2 * where * min(len(data), 500) if where < 0.5 else (2 * where - 1) * len(data))
        data[at : at + cut] = put
    return bytes(data)


edits = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 4), st.binary(max_size=6) | PIECES), max_size=4
)


@pytest.mark.parametrize('name', TARGETS)
@pytest.mark.filterwarnings('ignore')
def test_damage_is_survived(name: str) -> None:
    target, good = TARGETS[name], seeds(name)

    @settings(
        max_examples=EXAMPLES.get(name, 200),
        deadline=timedelta(seconds=5),  # nothing hangs
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.sampled_from(good), edits, st.floats(0, 1) | st.just(1.0))
    def run(seed: bytes, changes: list[Edit], kept: float) -> None:
        data = damaged(seed, changes)
        target(data[: round(kept * len(data))])

    for seed in good:
        target(seed)
    target(b'')
    run()


@pytest.mark.parametrize('name', TARGETS)
@pytest.mark.long
def test_atheris_finds_nothing(name: str, tmp_path: Path) -> None:
    """Guided by coverage, for ten seconds each."""
    if importlib.util.find_spec('atheris') is None:
        pytest.skip('needs atheris, which has no wheel for every Python: pip install atheris')
    command = [sys.executable, str(ROOT / 'scripts' / 'fuzz.py'), name, '--seconds', '10']
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=tmp_path)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
