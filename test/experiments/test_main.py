# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-experiment from end to end with a few steps, stopped and resumed."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from hart_ros.experiments import main as command
from hart_ros.experiments.balls import Balls
from hart_ros.experiments.fit import Recipe, Stopped, fit
from hart_ros.experiments.videos import Clips
from hart_ros.model.ratm import PUBLISHED, RATM
from hart_ros.tracking import HartTracker, load_model
from hart_ros.training.checkpoint import load_checkpoint


def run(out: Path, experiment: str, *options: str) -> int:
    return command.main([experiment, '--out', str(out), '--threads', '1', *options])


def small_mnist(folder: Path) -> Path:
    images = np.zeros((20, 28, 28), np.uint8)
    images[:, 6:22, 8:20] = 255
    arrays = {f'x_{part}': images for part in ('train', 'test')}
    classes = np.arange(20, dtype=np.uint8) % 10
    np.savez(folder / 'mnist.npz', **arrays, y_train=classes, y_test=classes)
    return folder


def small_kth(folder: Path) -> Path:
    """Four subjects, each a bright block that walks to the right."""
    folder.mkdir()
    code = cv2.VideoWriter_fourcc(*'MJPG')  # type: ignore[attr-defined]
    for subject in range(1, 5):
        name = f'person{subject:02d}_walking_d1'
        writer = cv2.VideoWriter(str(folder / f'{name}.avi'), code, 25, (80, 60))
        rows = ['frame,track_id,x,y,w,h']
        for t in range(12):
            frame = np.full((60, 80, 3), 30, np.uint8)
            frame[20:44, 10 + 2 * t : 20 + 2 * t] = 60 + 40 * subject
            writer.write(frame)
            rows.append(f'{t + 1},1,{10 + 2 * t},20,10,24')
        writer.release()
        (folder / f'{name}.csv').write_text('\n'.join(rows) + '\n')
    return folder


def test_balls_leave_a_table_weights_and_a_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = '--steps', '2', '--test', '3', '--seed', '7'
    assert run(tmp_path, 'ratm-balls', *options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ['experiment', 'mean']
    assert [('69.15' in line, '54.65' in line) for line in lines[1:3]] == [
        (True, False),
        (False, True),
    ]
    found = json.loads((tmp_path / 'result.json').read_text())
    assert [row['published'] for row in found['rows']] == [69.15, 54.65, None, None]
    assert all(0 <= row['reproduced'] <= 100 and row['tested'] == 3 for row in found['rows'])
    assert (found['seed'], found['trained']) == (7, '2 steps of 64, adam at 0.001')
    assert found['origin']['command'].startswith('hart-experiment ratm-balls --out')
    picture = cv2.imread(str(tmp_path / 'figure.png'))
    assert picture is not None
    assert picture.shape == (4 * 100, 16 * 100, 3)  # frames, glimpses, and their continuation
    red = (picture.astype(int) - 128)[..., [2, 0]]
    assert ((red[..., 0] > 60) & (red[..., 1] < -60)).any()
    model = load_model(tmp_path / 'final.safetensors')
    assert isinstance(model, RATM)
    assert model.config == PUBLISHED['balls']
    frame = np.zeros((20, 20, 3), np.uint8)
    tracker = HartTracker(tmp_path / 'final.safetensors', 'cpu')
    tracker.update(frame, tracker.init(frame, (5, 5, 5, 5)))
    weights = (tmp_path / 'last.pt').read_bytes()
    assert run(tmp_path, 'ratm-balls', *options, '--markdown') == 0  # measures again, that is all
    assert (tmp_path / 'last.pt').read_bytes() == weights
    assert capsys.readouterr().out.startswith('| ratm-balls | last of 32 frames | 3 | 69.15 | ')
    assert run(tmp_path, 'ratm-balls', '--steps', '3') == 2
    assert 'made with other settings (steps, seed); give another' in capsys.readouterr().err
    assert run(tmp_path, 'ratm-balls-all', '--steps', '2', '--seed', '7') == 2
    assert 'made with other settings (task); give another' in capsys.readouterr().err
    (tmp_path / 'last.pt').write_bytes(weights[:-100])
    assert run(tmp_path, 'ratm-balls', *options) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert 'last.pt: is damaged' in line


def test_a_stop_changes_nothing(tmp_path: Path) -> None:
    recipe, task = Recipe(3, 2, 0.01), Balls(last_only=False)

    def trained(file: Path, stop_at: int | None = None) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        model = RATM(task.config)

        def loss(step: int) -> torch.Tensor:
            if step == stop_at:
                signal.raise_signal(signal.SIGTERM)
            return task.loss(model, task.clips(np.random.default_rng(step), 2, 4))

        fit(model, recipe, loss, file, 0, 'balls')
        return model.state_dict()

    straight = trained(tmp_path / 'a.pt')
    with pytest.raises(Stopped, match='stopped at step 2'):
        trained(tmp_path / 'b.pt', stop_at=1)
    assert load_checkpoint(tmp_path / 'b.pt')['step'] == 2
    resumed = trained(tmp_path / 'b.pt')
    for name, value in straight.items():
        assert torch.equal(value, resumed[name]), name


def test_only_the_last_glimpse_is_taught_where_only_it_counts() -> None:
    model = RATM(PUBLISHED['balls'])
    clips = Balls(True).clips(np.random.default_rng(0), 2, 5)
    last, every = (Balls(last_only).loss(model, clips) for last_only in (True, False))
    blank = Clips(clips.images.clone(), clips.truth, clips.classes)
    blank.images[:, 0] = 0  # the hidden state hardly sees it yet
    assert float(Balls(True).loss(model, blank).detach()) == pytest.approx(
        float(last.detach()), rel=1e-2
    )
    assert float(Balls(False).loss(model, blank).detach()) != pytest.approx(
        float(every.detach()), rel=1e-2
    )


@pytest.mark.parametrize('experiment', ['ratm-mnist1', 'ratm-mnist2'])
def test_digits(experiment: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = '--data', str(small_mnist(tmp_path)), '--steps', '1', '--test', '2'
    assert run(tmp_path / 'out', experiment, *options) == 0
    printed = capsys.readouterr().out
    assert 'of the test digits' in printed
    assert ('63.53' if experiment == 'ratm-mnist1' else '51.62') in printed
    assert (tmp_path / 'out' / 'figure.png').is_file()


def test_kth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = '--data', str(small_kth(tmp_path / 'kth')), '--steps', '1'
    out = tmp_path / 'out'
    assert run(out, 'ratm-kth', *options, '--subjects', 'person02') == 0
    assert 'person02: ' in capsys.readouterr().out
    before = (out / 'person02' / 'last.pt').stat().st_mtime_ns
    assert run(out, 'ratm-kth', *options, '--subjects', 'person02', 'person04') == 0
    assert (out / 'person02' / 'last.pt').stat().st_mtime_ns == before
    assert 'whole tests, 2 subjects left out' in capsys.readouterr().out
    found = json.loads((out / 'result.json').read_text())
    assert found['rows'][0]['published'] == 55.03
    assert (out / 'person04' / 'figure.png').is_file()
    trained, kept = (torch.load(out / 'person02' / f'{n}.pt')['network'] for n in ('last', 'cnn'))
    for name, value in kept.items():  # the CNN is not trained further
        assert torch.equal(trained[f'features.{name}'], value)
    assert run(out, 'ratm-kth', *options[:-1], '2', '--subjects', 'person02') == 2
    assert 'made with other settings (recipes); give another' in capsys.readouterr().err
    assert run(out, 'ratm-kth', *options, '--subjects', 'person09') == 2
    assert 'no person09; there are person01' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['ratm-mnist1'], 'MNIST is needed: give the folder'),
        (['ratm-mnist2', '--data', 'absent'], 'absent: has neither mnist.npz'),
        (['ratm-kth'], 'KTH is needed: give a folder'),
        (['ratm-kth', '--data', 'absent'], 'absent: videos of 0 subjects'),
    ],
)
def test_missing_data_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, *arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f'hart-experiment: {words}')


@pytest.mark.parametrize('name', command.EXPERIMENTS)
def test_the_document_has_every_published_figure(name: str) -> None:
    document = (Path(__file__).resolve().parents[2] / 'docs' / 'experiments.md').read_text()
    for line in command.EXPERIMENTS[name].lines:
        if line.published:
            row = f'| {name} | {line.what} | {line.videos} | {line.published:.2f} |'
            assert row in document
