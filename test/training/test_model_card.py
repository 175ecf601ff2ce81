# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The card says what the weights saw, and nothing that came later."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hart_ros.data import SourceError
from hart_ros.model.hart import HART
from hart_ros.tracking import load_model, save_weights
from hart_ros.tracking.weights import SHIPPED
from hart_ros.training import model_card
from hart_ros.training.config import DataConfig
from hart_ros.training.frames import Sequence
from hart_ros.training.history import as_notes, runs_of
from hart_ros.training.model_card import card, main, measured, rows_of, score_of

MACHINE = {'cpu': 'CPU', 'cores': 2, 'torch': '2.13.0', 'commit': 'abc'}


def a_run(step: int, drives: int, **data: Any) -> dict[str, Any]:
    config = {'data': {'drives': drives, **data}}
    return {'step': step, 'command': f'hart-train --drives {drives}', 'config': config, **MACHINE}


def test_all_runs_are_told_in_order() -> None:
    runs = [a_run(0, 7), a_run(0, 5), a_run(100, 5)]
    text = card(runs, '200', [('car', 0.6, 0.3)], ['ball', 'synthetic-100'])
    assert 'average at step 200.' in text
    first = '- from step 0: `hart-train --drives 7`, commit abc'
    second = '- from step 0: `hart-train --drives 5`, commit abc'
    assert f'{first}\n{second}\n- from step 100: ' in text
    assert '1 real sequences (ball), 7 synthetic drives' in text
    assert 'No weights of other networks.' in text
    assert 'and photographs' not in text


def test_photographs_and_a_teacher_of_any_run_are_told() -> None:
    taught = {**a_run(0, 5, stills=['a'])}
    taught['config']['teacher'] = {'features': 'b/nano.onnx'}
    text = card([taught, a_run(0, 5)], '100', [('car', 0.6, 0.3)], ['ball'])
    assert ') and photographs;' in text
    assert 'predict the features of `nano.onnx`' in text


def test_an_average_names_its_steps() -> None:
    text = card([a_run(0, 1)], '100, 200', [('car', 0.6, 0.3)], ['ball'])
    assert 'mean of the moving averages at the steps 100, 200.' in text


def test_weights_that_do_not_tell_their_runs_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    untold = tmp_path / 'untold.safetensors'
    save_weights(HART(), untold)
    with pytest.raises(SystemExit):
        main([str(untold), '--data', str(tmp_path), '--out', str(tmp_path / 'out.safetensors')])
    assert 'does not tell the runs' in capsys.readouterr().err
    assert not (tmp_path / 'out.safetensors').exists()


@pytest.mark.parametrize('fails', [SourceError('a.jpg: cannot be read'), OSError('disk full')])
def test_weights_in_place_stay_when_something_fails(
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fails: Exception,
) -> None:
    def failing(weights: Path, _: object) -> None:
        assert weights.is_file()
        raise fails

    place = data.parent / 'package'
    place.mkdir()
    out, text = place / 'out.safetensors', place / 'MODEL_CARD.md'
    out.write_text('before')
    text.write_text('before')
    monkeypatch.setattr(model_card, 'load_sequences', lambda *_, **__: ([], []))
    monkeypatch.setattr(model_card, 'measured', failing)
    with pytest.raises(SystemExit, match='2'):
        main([str(SHIPPED), '--data', str(data), '--out', str(out)])
    assert capsys.readouterr().err.splitlines()[-1].endswith(f'error: {fails}')
    assert sorted(place.iterdir()) == [text, out]
    assert out.read_text() == text.read_text() == 'before'


def test_weights_and_card_are_put_in_place(
    tmp_path: Path, sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def loaded(config: DataConfig, **_: Any) -> tuple[list[Sequence], list[Sequence]]:
        asked.append(config)
        return [sequence], [sequence]

    runs = [a_run(0, 3, motions=['label_02'], validation=[], leave_out=[])]
    save_weights(load_model(), tmp_path / 'made', as_notes(7, runs))
    monkeypatch.setattr(model_card, 'load_sequences', loaded)
    out = tmp_path / 'package' / 'out.safetensors'
    out.parent.mkdir()
    main([str(tmp_path / 'made'), '--data', 'data', '--out', str(out)])
    assert asked[0].motions == ('label_02',)
    assert out.read_bytes() == (tmp_path / 'made').read_bytes()
    assert '| square |' in out.with_name('MODEL_CARD.md').read_text()
    assert len(list(out.parent.iterdir())) == 2


def test_the_shipped_weights_tell_their_runs() -> None:
    text = SHIPPED.with_name('MODEL_CARD.md').read_text()
    assert all(f'`{run["command"]}`, commit {run["commit"]}' in text for run in runs_of(SHIPPED))
    assert runs_of(SHIPPED)


def test_a_sequence_too_short_for_clips_has_no_part_in_the_table(sequence: Sequence) -> None:
    boxes = sequence.tracks[7]
    twice = np.concatenate([sequence.frames] * 2)
    short = replace(sequence, name='short', frames=twice, tracks={1: {0: boxes[0], 70: boxes[30]}})
    results = measured(SHIPPED, [sequence, short])
    rows = rows_of(results)
    assert [row[0] for row in rows] == ['square']
    text = card([a_run(0, 1)], '100', rows, ['ball'], score=score_of(results))
    assert re.search(
        r'all\nframes together: [01].\d+ / 0.\d+ in clips, [01].\d+ / 0.\d+ in one', text
    )
    assert 'nan' not in text
