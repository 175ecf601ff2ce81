# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The soak: what it judges, and a minute of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hart_ros.benchmark.soak_report import Sample, judged, table

ROOT = Path(__file__).resolve().parents[2]
STEADY = [Sample(5.0 * k, [5.0] * 98 + [9.0, 9.0], 100, 400.0, 30, 12, 20.0) for k in range(1, 25)]
COUNTS = {
    'frames_received': '2400',
    'frames_tracked': '2400',
    'frames_dropped': '0',
    'frames_ignored_no_target': '0',
}


def failing(samples: list[Sample], **counts: str) -> set[str]:
    checks = judged(samples, 20.0, {**COUNTS, **counts})
    return {check.name for check in checks if not check.holds}


def test_what_stays_as_it_is_holds() -> None:
    assert not failing(STEADY)
    assert table(STEADY)[1] == ['10', '400.0', '30', '12', '5.0', '9.0', '20%']


@pytest.mark.parametrize(
    ('name', 'change'),
    [
        ('memory', lambda s: replace(s, rss_mb=400 + 0.1 * s.seconds)),
        ('descriptors', lambda s: replace(s, descriptors=30 + (s.seconds > 110))),
        ('threads', lambda s: replace(s, threads=12 + (s.seconds > 110))),
        (
            'p99',
            lambda s: replace(s, latencies_ms=[5.0] * 98 + [60.0 if s.seconds > 70 else 9.0] * 2),
        ),
        ('detections', lambda s: replace(s, latencies_ms=s.latencies_ms[1:])),
        ('delivery', lambda s: replace(s, published=101)),
    ],
)
def test_what_changes_fails(name: str, change: object) -> None:
    assert failing([change(sample) for sample in STEADY]) == {name}  # type: ignore[operator]


def test_what_happens_in_the_warm_up_does_not_count() -> None:
    assert not failing([replace(s, rss_mb=300.0) if s.seconds < 20 else s for s in STEADY])


def test_counters_have_to_add_up() -> None:
    assert failing(STEADY, frames_dropped='3') == {'counters'}
    assert failing(STEADY, frames_tracked='2397', frames_dropped='3') == {'detections'}


@pytest.mark.long
def test_a_minute(tmp_path: Path) -> None:
    pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')
    file = tmp_path / 'soak.json'
    done = subprocess.run(
        [sys.executable, '-m', 'hart_ros.benchmark.soak', '--minutes', '1', '--json', str(file)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != 'ROS_DOMAIN_ID'},  # finds one of its own
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
    )
    print(done.stdout)
    assert file.is_file(), done.stdout + done.stderr
    figures = json.loads(file.read_text())
    failing = {check['name'] for check in figures['checks'] if not check['holds']}
    assert failing <= {'p99'}, done.stdout  # what else the machine does is not the node's fault
    assert done.returncode == bool(failing)
    assert sum(sample['published'] for sample in figures['samples']) == 1800
