# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The command hart-benchmark-node over DDS, on few frames; how fast it is does not matter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hart_ros.benchmark import node

ROOT = Path(__file__).resolve().parents[2]


def test_measures_tracker_and_pass_through(tmp_path: Path) -> None:
    pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')
    file = tmp_path / 'node.json'
    few = ['--rates', '5', '20', '--rounds', '1', '--seconds', '1', '--starts', '1']
    done = subprocess.run(
        [sys.executable, '-m', 'hart_ros.benchmark.node', *few, '--markdown', '--json', str(file)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != 'ROS_DOMAIN_ID'},  # finds one of its own
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    assert '| 20 Hz, tracker | ' in done.stdout
    figures = json.loads(file.read_text())
    assert [result['rate'] for result in figures['rates']] == [5, 20]
    for result in figures['rates']:
        for name in ('tracker', 'pass_through'):
            latency = result[name]
            assert latency['published'] == result['rate']
            assert 0 < latency['median'] <= latency['p90'] <= latency['p99']
            assert 0 < latency['delivered'] <= 100
        assert result['step'] > 0
        steps = result['step'] + result['overhead']
        assert result['difference'] == pytest.approx(steps)
    (start,) = figures['starts']
    assert 0 < start['subscribed'] <= start['detected']
    assert figures['origin']['rmw'].startswith('rmw_')


@pytest.mark.parametrize('options', [('--rates', '0'), ('--rounds', '0'), ('--seconds', '-1')])
def test_what_cannot_be_measured_is_refused(
    options: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        node.main(options)
    assert f'argument {options[0]}: {options[1]!r} is no ' in capsys.readouterr().err


def test_figures_of_blocks() -> None:
    from hart_ros.benchmark.node_report import Block, as_json, latency_rows, result_of, text

    tracker = [Block([0.010, 0.012], 2, 0.2, 0.006), Block([0.014], 2, 0.4, 0.008)]
    result = result_of(10.0, tracker, [Block([0.004], 1, None)])
    assert result.tracker.median == pytest.approx(12.0)
    assert result.tracker.delivered == 75.0
    assert result.tracker.cpu == pytest.approx(30.0)
    assert result.pass_through.cpu is None
    assert (result.difference, result.step) == (pytest.approx(8.0), pytest.approx(7.0))
    assert result.overhead == pytest.approx(1.0)
    assert text([latency_rows([result])], markdown=False).splitlines()[2].endswith('75.0%  30%')
    assert as_json([result], [])['rates'][0]['overhead'] == pytest.approx(1.0)


def test_a_node_that_answers_nothing_has_no_latency() -> None:
    from hart_ros.benchmark.node_report import Block, overhead_rows, result_of

    result = result_of(10.0, [Block([], 5, None)], [Block([0.004], 1, None)])
    assert result.tracker.median is None and result.tracker.delivered == 0
    assert overhead_rows([result])[1] == ['10 Hz', '-', '-', '-']
