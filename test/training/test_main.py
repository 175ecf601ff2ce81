# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-train from end to end on a few frames, stopped and resumed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
import torch

from hart_ros.tracking import load_model
from hart_ros.training import main as train
from hart_ros.training.checkpoint import load_checkpoint, save_checkpoint
from hart_ros.training.loop import Trainer


def run(data: Path, *options: str) -> Path:
    out = data.parent / 'out'
    train.main(
        [str(data), '--out', str(out), '--cache', str(data.parent / 'cache'), '--drives', '0']
        + ['--batch', '2', '--workers', '0', '--threads', '1', '--log-every', '1']
        + ['--save-every', '1', *options]
    )
    return out


def test_a_run_leaves_weights_that_load_and_can_be_resumed(data: Path) -> None:
    out = run(data, '--steps', '2', '--validate-every', '2')
    load_model(out / 'best.safetensors')
    run(data, '--steps', '4', '--validate-every', '2')
    lines = [json.loads(line) for line in (out / 'log.jsonl').read_text().splitlines()]
    assert [line['step'] for line in lines if 'loss' in line] == [1, 2, 3, 4]
    assert all('car' in line['sequences'] for line in lines if 'hart60' in line)
    assert load_checkpoint(out / 'last.pt')['step'] == 4
    assert torch.full((1,), 1e-40).mul(0.5).item() > 0  # who called it counts as before


@pytest.mark.parametrize('missing', ['square', 'car', ''])
def test_what_it_cannot_train_on_is_said(
    data: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / missing).rename(data.parent / 'moved')
    with pytest.raises(SystemExit, match='2'):
        run(data, '--steps', '1')
    assert str(data) in capsys.readouterr().err.splitlines()[-1]


def test_settings_come_from_a_file(data: Path) -> None:
    out = data.parent / 'from_file'
    (data.parent / 'train.yaml').write_text(
        f"""
        out: {out}
        steps: 9
        batch: 2
        workers: 0
        log_every: 1
        data: {{folders: {data}, cache: {data.parent / 'cache'}, drives: 0}}
        model: {{glimpse_size: 32, v1_widths: [8, 8, 8, 8, 8, 8]}}
        """
    )
    train.main([str(data.parent / 'train.yaml'), '--set', 'steps=1', '--threads', '1'])
    assert load_model(out / 'best.safetensors').config.glimpse_size == 32
    start = json.loads((out / 'log.jsonl').read_text().splitlines()[0])
    assert start['command'].endswith('train.yaml --set steps=1 --threads 1')
    assert start['config']['steps'] == 1


def test_a_mistake_in_the_settings_is_one_line(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data.parent / 'train.yaml'
    path.write_text('steps: 1\nbatches: 3\n')
    with pytest.raises(SystemExit, match='2'):
        train.main([str(path)])
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f'hart-train: error: {path}:2: unknown key batches; did you mean batch?'


def test_a_damaged_sequence_is_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / 'square' / 'boxes.csv').write_text('frame,track_id,x,y,w,h\n1,1,a,b,c,d\n')
    with pytest.raises(SystemExit, match='2'):
        run(data, '--steps', '1')
    assert 'boxes.csv:2' in capsys.readouterr().err.splitlines()[-1]


def test_a_stopped_run_keeps_its_last_step(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Trainer._train_step

    def stopped_in_the_second(self: Trainer, clip: dict[str, torch.Tensor]) -> object:
        if self.step == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, clip)

    monkeypatch.setattr(Trainer, '_train_step', stopped_in_the_second)
    out = run(data, '--steps', '9', '--save-every', '100')
    assert load_checkpoint(out / 'last.pt')['step'] == 2


def test_a_kill_while_writing_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'last.pt'
    save_checkpoint(path, {'step': 1})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, 'save', killed)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, {'step': 2})
    assert load_checkpoint(path)['step'] == 1
