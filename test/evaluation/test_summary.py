# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Means over sequences, and which figure is marked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hart_ros.data import open_source
from hart_ros.evaluation.protocols import Step
from hart_ros.evaluation.summary import TargetResult, summarise, target_metrics, target_weights
from hart_ros.evaluation.tables import sequence_table, summary_table
from hart_ros.evaluation.targets import Frames, Target

BOX = (0.0, 0.0, 10.0, 10.0)
FRAMES = Frames(open_source('synthetic', size=(64, 32), frames=1))


def steps(*ious: float, score: float | None = None) -> list[Step]:
    return [Step(0, k + 1, BOX, BOX, iou, score, 0.002) for k, iou in enumerate(ious)]


def result(sequence: str, track: int, **by_tracker: list[Step]) -> TargetResult:
    target = Target(sequence, track, FRAMES, {0: BOX, 1: BOX}, 10.0)
    return TargetResult(target, {'ope': by_tracker})


def test_targets_are_averaged_in_a_sequence_and_sequences_then() -> None:
    results = [
        result('a', 1, x=steps(1.0, 1.0, 1.0)),
        result('a', 2, x=steps(0.0)),
        result('b', 1, x=steps(0.25, 0.75)),
    ]
    assert summarise(results)['ope']['x']['iou'] == pytest.approx(0.5)
    assert target_weights(results) == pytest.approx([0.25, 0.25, 0.5])


def test_passes_of_tre_count_alike_however_long() -> None:
    passes = [*steps(0.2, 0.4, 0.6), replace(steps(1.0)[0], start=2)]
    assert target_metrics('tre', passes)['iou'] == pytest.approx((0.4 + 1.0) / 2)


def test_the_score_is_judged_over_all_frames() -> None:
    results = [
        result('a', 1, x=steps(0.9, score=0.9)),
        result('b', 1, x=steps(0.1, 0.1, 0.1, score=0.1)),
    ]
    metrics = summarise(results)['ope']['x']
    assert metrics['average_precision'] == 1
    assert metrics['calibration_error'] == pytest.approx(0)
    assert metrics['milliseconds'] == pytest.approx(2)


def test_restart_counts_losses() -> None:
    metrics = target_metrics('restart', steps(*[1.0] * 9, 0.4, 0.6, 0.0))
    assert metrics == {'accuracy': pytest.approx(0.5), 'losses': 1.0}
    assert target_metrics('restart', steps(0.5, 0.0)) == {'accuracy': None, 'losses': 1.0}


def test_no_steps_have_no_figures() -> None:
    assert set(target_metrics('hart60', []).values()) == {None}


def test_the_best_are_marked() -> None:
    results = [result('a', 1, x=steps(0.5), y=steps(0.7, score=0.6), z=steps(0.7001))]
    rows = summary_table('ope', summarise(results)['ope'])
    assert rows[0][:2] == ['ope', 'IoU']
    assert [row[0] for row in rows[1:]] == ['x', 'y', 'z']
    assert [row[1] for row in rows[1:]] == ['0.500 ', '0.700*', '0.700*']
    calibration = rows[0].index('calib.')
    assert [row[calibration] for row in rows[1:]] == ['- ', '0.100*', '- ']
    assert sequence_table(results, 'ope')[1] == ['a', '0.500 ', '0.700*', '0.700*']
