# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The card says what the weights saw, and nothing that came later."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np

from hart_ros.tracking.weights import SHIPPED
from hart_ros.training.frames import Sequence
from hart_ros.training.model_card import card, measured, rows_of, score_of

MACHINE = {'cpu': 'CPU', 'cores': 2, 'torch': '2.13.0', 'commit': 'abc'}


def start(step: int, options: str) -> dict[str, Any]:
    return {'step': step, 'command': f'hart-train DATA {options}', **MACHINE}


def test_runs_after_the_best_step_are_left_out() -> None:
    log = [
        start(0, '--drives 0'),
        {'step': 100, 'hart60': 0.6},
        start(100, '--drives 7'),
        {'step': 200, 'hart60': 0.5},
    ]
    text = card(log, [('car', 0.6, 0.3)], ['ball', 'synthetic-100'])
    assert 'average at step 100,' in text
    assert 'hart-train DATA --drives 0`' in text
    assert '--drives 7' not in text
    assert '1 real sequences (ball), 0 synthetic drives' in text
    assert 'No weights of other networks.' in text


def test_settings_from_a_file_are_known_from_the_log() -> None:
    told = {**start(0, ''), 'command': 'hart-train none.yaml', 'config': {'data': {'drives': 5}}}
    text = card([told, {'step': 100, 'hart60': 0.6}], [('car', 0.6, 0.3)], ['ball'])
    assert 'hart-train none.yaml`' in text
    assert ', 5 synthetic drives' in text
    assert 'and photographs' not in text


def test_photographs_and_a_teacher_are_told() -> None:
    config = {'data': {'drives': 5, 'stills': ['a']}, 'teacher': {'features': 'b/nano.onnx'}}
    log = [{**start(0, ''), 'config': config}, {'step': 100, 'hart60': 0.6}]
    text = card(log, [('car', 0.6, 0.3)], ['ball'])
    assert ') and photographs;' in text
    assert 'predict the features of `nano.onnx`' in text


def test_an_average_names_its_steps_and_the_runs_up_to_the_last() -> None:
    log = [
        start(0, '--drives 1'),
        {'step': 100, 'hart60': 0.6},
        start(100, '--drives 2'),
        {'step': 200, 'hart60': 0.5},
        start(200, '--drives 3'),
    ]
    text = card(log, [('car', 0.6, 0.3)], ['ball'], [100, 200])
    assert 'at the steps 100, 200.' in text
    assert '--drives 2`' in text
    assert '--drives 3' not in text


def test_a_sequence_too_short_for_clips_has_no_part_in_the_table(sequence: Sequence) -> None:
    boxes = sequence.tracks[7]
    twice = np.concatenate([sequence.frames] * 2)
    short = replace(sequence, name='short', frames=twice, tracks={1: {0: boxes[0], 70: boxes[30]}})
    results = measured(SHIPPED, [sequence, short])
    rows = rows_of(results)
    assert [row[0] for row in rows] == ['square']
    log = [start(0, '--drives 1'), {'step': 100, 'hart60': 0.6}]
    text = card(log, rows, ['ball'], score=score_of(results))
    assert re.search(
        r'all\nframes together: [01].\d+ / 0.\d+ in clips, [01].\d+ / 0.\d+ in one', text
    )
    assert 'nan' not in text
