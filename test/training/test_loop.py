# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Training is repeatable, also when it is stopped in between, and in several processes."""

from __future__ import annotations

import builtins
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from hart_ros.data.source import SourceError, open_source
from hart_ros.model.hart import HART, HartConfig
from hart_ros.tracking import save_weights
from hart_ros.training.board import Board, glimpse_rows
from hart_ros.training.checkpoint import load_checkpoint, save_checkpoint
from hart_ros.training.config import CurriculumConfig, DataConfig, OptimiserConfig, TrainConfig
from hart_ros.training.frames import Sequence, cached_sequence
from hart_ros.training.group import Group
from hart_ros.training.history import runs_of, step_of
from hart_ros.training.loop import Trainer, in_half, validate
from hart_ros.training.mixture import ClipMixture
from hart_ros.training.settings import ConfigError
from hart_ros.training.sources import load_sequences

REAL_VALIDATE = validate
MODEL = HartConfig(glimpse_size=32, v1_widths=(8, 8, 8, 8, 8, 8), hidden=16)
SHORT = TrainConfig(
    steps=4,
    batch=2,
    threads=1,
    workers=0,
    log_every=1,
    validate_every=100,
    curriculum=CurriculumConfig(stages=((0.0, 2), (0.5, 3))),
    model=MODEL,
)


@pytest.fixture(autouse=True)
def no_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('hart_ros.training.loop.validate', lambda *_: {'square': 0.5})


def trained(out: Path, sequence: Sequence, config: TrainConfig = SHORT, stop: int = 0) -> Trainer:
    """A run from what is in `out`, stopped after `stop` steps."""
    out.mkdir(exist_ok=True)
    trainer = Trainer(replace(config, out=str(out)), Group(), [sequence], [sequence])
    if stop:
        step = trainer._train_step

        def stopping(clips: dict[str, Tensor]) -> dict[str, float]:
            if trainer.step == stop - 1:
                trainer.stop()
            return step(clips)

        trainer._train_step = stopping  # type: ignore[method-assign]
    trainer.run()
    return trainer


def assert_same(a: torch.nn.Module, b: torch.nn.Module) -> None:
    for (name, x), y in zip(a.state_dict().items(), b.state_dict().values(), strict=True):
        assert torch.equal(x, y), name


@pytest.mark.parametrize('kind', ['adamw', 'rmsprop'])
def test_the_seed_decides(tmp_path: Path, sequence: Sequence, kind: Any) -> None:
    config = replace(SHORT, steps=3, optimiser=OptimiserConfig(kind))
    one, same = (trained(tmp_path / name, sequence, config) for name in 'ab')
    assert_same(one.model, same.model)
    assert_same(one.average, same.average)
    other = trained(tmp_path / 'c', sequence, replace(config, seed=1))
    assert not torch.equal(one.model.embed.weight, other.model.embed.weight)


@pytest.mark.parametrize('stop', [1, 2, 3])
@pytest.mark.parametrize('kind', ['stages', 'grow'])
def test_a_stop_changes_nothing(tmp_path: Path, sequence: Sequence, kind: Any, stop: int) -> None:
    """Also where clips grow: after the second step."""
    grow = CurriculumConfig(kind, SHORT.curriculum.stages, 2, 3, 0, 0, 2)
    config = replace(SHORT, curriculum=grow)
    straight = trained(tmp_path / 'a', sequence, config)
    assert trained(tmp_path / 'b', sequence, config, stop).step == stop
    resumed = trained(tmp_path / 'b', sequence, config)
    assert resumed.step == 4
    assert resumed.curriculum.length == 3
    assert load_checkpoint(tmp_path / 'b' / 'last.pt')['best'] == 0.5
    assert_same(straight.model, resumed.model)
    assert_same(straight.average, resumed.average)


def test_weights_tell_the_runs_that_made_them(tmp_path: Path, sequence: Sequence) -> None:
    """Also those of the weights that they started from; not one that was stopped at once."""
    last = {'out': str(tmp_path / 'a')}
    for command, steps in (('first', 2), ('in vain', 2), ('second', 4)):
        config = replace(SHORT, steps=steps, **last)
        trainer = Trainer(config, Group(), [sequence], [sequence])
        trainer.log_start(command)
        trainer.run()
    made = tmp_path / 'a' / 'current.safetensors'
    assert step_of(made) == '4'
    assert [(run['step'], run['command']) for run in runs_of(made)] == [(0, 'first'), (2, 'second')]

    config = replace(SHORT, start=str(made), out=str(tmp_path))
    further = Trainer(config, Group(), [sequence], [sequence])
    further.log_start('third')
    save_weights(further.model, tmp_path / 'c', further.notes())
    assert [run['command'] for run in runs_of(tmp_path / 'c')] == ['first', 'second', 'third']


@pytest.mark.parametrize(('capability', 'half'), [('amx_bf16', True), ('avx512_f', False)])
def test_bfloat16_where_the_processor_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, capability: str, half: bool
) -> None:
    cpu = torch.device('cpu')
    monkeypatch.setattr(torch.cpu, 'get_capabilities', lambda: {capability: True}, raising=False)
    assert in_half('auto', cpu) is half
    assert in_half('bfloat16', cpu)
    assert not in_half('float32', cpu)
    monkeypatch.delattr(torch.cpu, 'get_capabilities')
    assert not in_half('auto', cpu)


def test_a_signal_to_all_processes_leaves_the_cutting_ones(
    tmp_path: Path, sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Trainer._train_step

    def signalled(self: Trainer, clips: dict[str, Tensor]) -> dict[str, float]:
        children = multiprocessing.active_children()
        assert children
        for child in children:
            os.kill(child.pid or 0, signal.SIGTERM)
        return step(self, clips)

    monkeypatch.setattr(Trainer, '_train_step', signalled)
    assert trained(tmp_path, sequence, replace(SHORT, workers=1)).step == 4


def test_another_network_or_optimiser_is_refused(tmp_path: Path, sequence: Sequence) -> None:
    trained(tmp_path / 'a', sequence, replace(SHORT, steps=1))
    wider = replace(SHORT, model=replace(MODEL, margin=1.0))
    with pytest.raises(ConfigError, match=r'last\.pt: made with model\.margin 0\.55, not 1\.0'):
        trained(tmp_path / 'a', sequence, wider)
    other = replace(SHORT, optimiser=OptimiserConfig('rmsprop'))
    with pytest.raises(ConfigError, match=r'made with optimiser\.kind adamw, not rmsprop'):
        trained(tmp_path / 'a', sequence, other)


def test_a_resumed_run_has_its_own_momentum_and_decay(tmp_path: Path, sequence: Sequence) -> None:
    first = replace(SHORT, optimiser=OptimiserConfig('rmsprop', momentum=0.9), steps=1)
    trained(tmp_path / 'a', sequence, first)
    other = replace(first, optimiser=OptimiserConfig('rmsprop', momentum=0.5), steps=2)
    groups = trained(tmp_path / 'a', sequence, other).optimiser.param_groups
    assert {group['momentum'] for group in groups} == {0.5}


def test_checkpoints_without_settings_can_be_resumed(tmp_path: Path, sequence: Sequence) -> None:
    path = tmp_path / 'last.pt'
    trained(tmp_path, sequence, stop=3)
    content = load_checkpoint(path)
    old = {name: content[name] for name in ('model', 'average', 'optimiser', 'step', 'best')}
    save_checkpoint(path, {**old, 'random': torch.get_rng_state()})
    assert trained(tmp_path, sequence).step == 4
    save_checkpoint(path, {**old, 'random': torch.get_rng_state()})
    with pytest.raises(ConfigError, match='another network or optimiser'):
        trained(tmp_path, sequence, replace(SHORT, model=replace(MODEL, hidden=8)))


def test_a_gradient_that_is_not_finite_is_left_out(
    tmp_path: Path, sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(_: object, model: HART, *__: object) -> tuple[Tensor, dict[str, float]]:
        for buffer in model.buffers():
            if buffer.is_floating_point():
                buffer.mul_(float('nan'))
        return model.embed.weight.sum() * float('nan'), {'iou': 0.0}

    monkeypatch.setattr('hart_ros.training.loop.Objective.forward', spoilt)
    trainer = trained(tmp_path, sequence)
    assert all(value.isfinite().all() for value in trainer.model.state_dict().values())


def test_batch_statistics_may_be_kept(tmp_path: Path, sequence: Sequence) -> None:
    start = HART(MODEL)
    save_weights(start, tmp_path / 'start.safetensors')
    config = replace(SHORT, start=str(tmp_path / 'start.safetensors'), freeze_norms=True)
    model = trained(tmp_path / 'out', sequence, config).model
    kept = dict(start.named_buffers())
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, kept[name]), name
    assert not torch.equal(model.embed.weight, start.embed.weight)


def test_a_validation_that_was_killed_is_made_up_for(
    tmp_path: Path, sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> dict[str, float]:
        raise SystemExit

    config = replace(SHORT, save_every=2)
    with monkeypatch.context() as patch:
        patch.setattr('hart_ros.training.loop.validate', killed)
        with pytest.raises(SystemExit):
            trained(tmp_path, sequence, config)
    assert trained(tmp_path, sequence, config).best == 0.5
    assert (tmp_path / 'best.safetensors').is_file()


def test_validation_has_no_place_for_what_cannot_be_followed(
    tmp_path: Path, sequence: Sequence
) -> None:
    """Every target counts as much as another; of one seen in a single frame there is no IoU."""
    save_weights(HART(MODEL), tmp_path / 'a.safetensors')
    [(track, boxes)] = sequence.tracks.items()
    some = {frame: boxes[frame] for frame in list(boxes)[:4]}
    once = {next(iter(boxes)): boxes[next(iter(boxes))]}
    two = replace(sequence, tracks={track: boxes, track + 1: some})
    each = [replace(sequence, tracks={1: tracks}) for tracks in (boxes, some)]
    scores = [REAL_VALIDATE(tmp_path / 'a.safetensors', [s])[s.name] for s in (two, *each)]
    assert scores[0] == pytest.approx(np.mean(scores[1:]), abs=0.001)
    assert REAL_VALIDATE(tmp_path / 'a.safetensors', [replace(sequence, tracks={1: once})]) == {}


def test_two_processes_train_one_network(tmp_path: Path, data: Path, sequence: Sequence) -> None:
    trained(tmp_path / 'out', sequence, stop=1)  # what the two go on from
    torchrun = [sys.executable, '-m', 'torch.distributed.run', '--standalone']
    script = str(Path(__file__).with_name('two_processes.py'))
    command = [*torchrun, '--nproc-per-node', '2', script, str(data), str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            _, errors = running.communicate(timeout=150)
        except subprocess.TimeoutExpired:
            running.terminate()  # torchrun then ends the two
            raise
    assert running.returncode == 0, errors
    one, two = (torch.load(tmp_path / f'rank{r}.pt', weights_only=True) for r in range(2))
    assert one['step'] == two['step'] == 4
    for name, value in one['parameters'].items():
        assert torch.equal(value, two['parameters'][name]), name
    assert not torch.equal(one['images'], two['images'])
    lines = (tmp_path / 'out' / 'log.jsonl').read_text().splitlines()
    steps = [json.loads(line)['step'] for line in lines]
    assert steps == [1, 1, 2, 3, 4, 4]  # a start and a validation among them: one process writes


def test_curves_and_glimpses_are_written(tmp_path: Path, sequence: Sequence) -> None:
    pytest.importorskip('tensorboard', reason='pip install tensorboard')
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trained(tmp_path, sequence, replace(SHORT, steps=2))
    events = EventAccumulator(str(tmp_path)).Reload()
    tags = events.Tags()
    assert {'training/loss', 'training/iou', 'hart60/mean'} <= set(tags['scalars'])
    assert [e.step for e in events.Scalars('training/loss')] == [1, 2]
    assert tags['images'] == ['glimpses']


def test_glimpses_make_a_panel(sequence: Sequence) -> None:
    mixture = ClipMixture([sequence], 4, 0)
    clips = [mixture[k] for k in range(3)]
    batch = {name: torch.stack([clip[name] for clip in clips]) for name in clips[0]}
    panel = glimpse_rows(HART(MODEL).eval(), batch, clips=2)
    assert panel.shape == (3, 2 * 2 * 32, 3 * 32)
    above, below = panel[:, :32, :32], panel[:, 32:64, :32]
    assert (below <= above).all()
    assert above[0].mean() > above[2].mean()  # the target is red


def test_training_goes_on_without_tensorboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if 'tensorboard' in name:
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, '__import__', without)
    board = Board(tmp_path, 0)
    board.curves(1, {'loss': 1.0}, 'training')
    board.glimpses(1, HART(MODEL), {})
    board.close()
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.fixture
def kitti(tmp_path: Path) -> Path:
    """A root of KITTI tracking with two sequences of ten frames."""
    label = '{} 4 Car 0 0 -1.5 {} 20 {} 50 1.5 1.6 4 -4 1.8 12 -1.5'
    for name in ('0000', '0001'):
        images = tmp_path / 'kitti' / 'training' / 'image_02' / name
        images.mkdir(parents=True)
        for t in range(10):
            image = np.full((80, 160, 3), 10 * t, np.uint8)
            assert cv2.imwrite(str(images / f'{t:06d}.png'), image)
        labels = tmp_path / 'kitti' / 'training' / 'label_02' / f'{name}.txt'
        labels.parent.mkdir(exist_ok=True)
        lines = [label.format(t, 30 + t, 80 + t) for t in range(10)]
        labels.write_text('\n'.join([*lines, '0 -1 DontCare -1 -1 -10 1 2 3 4 ' + 7 * '-1 ']))
    return tmp_path / 'kitti'


def test_kitti_is_split_in_time(kitti: Path) -> None:
    training, validation = load_sequences(DataConfig((str(kitti),), str(kitti / 'cache'), 0))
    assert [s.name for s in training] == ['kitti-0000-training', 'kitti-0001-training']
    assert [s.name for s in validation] == ['kitti-0000-validation', 'kitti-0001-validation']
    assert [len(s.frames) for s in (training[0], validation[0])] == [8, 2]
    assert validation[0].frames[1].mean() == 90
    assert validation[0].tracks == {4: {0: (38.0, 20.0, 50.0, 30.0), 1: (39.0, 20.0, 50.0, 30.0)}}
    clip = ClipMixture(training, 3, 0)[0]
    assert clip['images'].shape[0] == 3


@pytest.mark.parametrize('name', ['0001', 'kitti-0001', 'kitti-*1'])
def test_sequences_of_kitti_are_left_out_by_either_name(kitti: Path, name: str) -> None:
    config = DataConfig((str(kitti),), str(kitti / 'cache'), 0, leave_out=(name,))
    training, validation = load_sequences(config)
    assert [s.name for s in training] == ['kitti-0000-training']
    assert [s.name for s in validation] == ['kitti-0000-validation']


def test_names_that_keep_nothing_aside_are_refused(kitti: Path) -> None:
    config = DataConfig((str(kitti),), str(kitti / 'cache'), 0)
    with pytest.raises(ConfigError, match=r"leave_out: '0002' names no .*; there are 0000, 0001"):
        load_sequences(replace(config, leave_out=('0002',)))
    with pytest.raises(ConfigError, match=r"validation: '0001' names no .*; there are none"):
        load_sequences(replace(config, validation=('0001',)))


def test_two_processes_may_decode_the_same(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = DataConfig((str(data),), str(tmp_path / 'cache'), 0)
    rename = Path.rename

    def late(self: Path, home: Path) -> Path:
        shutil.copytree(self, home)
        return rename(self, home)

    monkeypatch.setattr(Path, 'rename', late)
    names = [s.name for pair in load_sequences(config) for s in pair]
    assert sorted(path.name for path in (tmp_path / 'cache').iterdir()) == sorted(names)


def test_only_what_can_be_followed_is_validated_on(kitti: Path) -> None:
    """A track that ends where the validation begins, and one beside the image."""
    labels = kitti / 'training' / 'label_02' / '0000.txt'
    row = '{} {} Car 0 0 -1.5 {} 20 {} 50 1.5 1.6 4 -4 1.8 12 -1.5\n'
    beside = [row.format(t, 2, 200, 250) for t in (8, 9)]
    labels.write_text(''.join([row.format(8, 1, 30, 80), *beside, labels.read_text()]))
    _, validation = load_sequences(DataConfig((str(kitti),), str(kitti / 'cache'), 0))
    assert list(validation[0].tracks) == [4]


def test_a_video_that_breaks_off_has_no_black_frames(
    tmp_path: Path, broken_film: Callable[[int], Path]
) -> None:
    film = broken_film(20)
    frames = cached_sequence(open_source(film), tmp_path / 'cache').frames
    assert 5 < len(frames) < 15
    assert all(frame.mean() > 90 for frame in frames)


def test_what_was_half_decoded_does_not_stay(data: Path, tmp_path: Path) -> None:
    """Neither of a frame that cannot be taken, nor of a process that was killed."""
    images = tmp_path / 'images'
    images.mkdir()
    for number, side in enumerate((48, 32)):
        cv2.imwrite(str(images / f'{number}.png'), np.zeros((side, side, 3), np.uint8))
    cache = tmp_path / 'cache'
    with pytest.raises(SourceError, match='frame 2 has shape'):
        cached_sequence(open_source(images), cache)
    assert not list(cache.iterdir())
    with subprocess.Popen([sys.executable, '-c', '']) as ended:
        pass
    dead, others = cache / f'square.part{ended.pid}', cache / f'car.part{ended.pid}'
    living = cache / f'square.part{os.getppid()}'
    for part in (dead, others, living):
        part.mkdir()
    cached_sequence(open_source(data / 'square'), cache)
    assert sorted(cache.iterdir()) == sorted([others, cache / 'square', living])


@pytest.mark.parametrize(
    ('change', 'says'),
    [
        ({'data': DataConfig(weights={'squ': 0.0})}, 'data.weights: every sequence has weight 0'),
        (
            {'curriculum': CurriculumConfig(stages=((0.0, 2), (0.5, 41)))},
            'clips of 41 frames need sequences of 41, but the longest has 40; shorten',
        ),
    ],
)
def test_clips_that_cannot_be_cut_are_refused_at_once(
    tmp_path: Path, sequence: Sequence, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        Trainer(replace(SHORT, out=str(tmp_path), **change), Group(), [sequence], [sequence])


def test_a_cache_is_of_one_place_and_time(data: Path, tmp_path: Path) -> None:
    config = DataConfig((str(data),), str(tmp_path / 'cache'), 0)
    load_sequences(config)
    load_sequences(config)
    other = shutil.copytree(data, tmp_path / 'other')
    with pytest.raises(SourceError, match=r'was made of .*data/square of 20.*, not of .*other/sq'):
        load_sequences(replace(config, folders=(str(other),)))
    os.utime(data / 'square' / 'boxes.csv', (0, 2e9))
    with pytest.raises(SourceError, match=r'not of .*data/square of 2033-'):
        load_sequences(config)


def test_two_of_one_name_are_refused(kitti: Path, tmp_path: Path) -> None:
    other = shutil.copytree(kitti, tmp_path / 'other')
    with pytest.raises(ConfigError, match='two sequences are named kitti-0000'):
        load_sequences(DataConfig((str(kitti), str(other)), str(tmp_path / 'cache'), 0))


def test_nothing_to_train_on_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='0 sequences to train on'):
        load_sequences(DataConfig((str(tmp_path),), str(tmp_path / 'cache'), drives=0))
