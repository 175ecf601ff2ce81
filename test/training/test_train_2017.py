# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-train trains the network of 2017 too, on whole frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hart_ros.model.hart_2017 import HART2017, HART2017Config
from hart_ros.tracking import load_model
from hart_ros.training.board import glimpse_rows
from hart_ros.training.checkpoint import load_checkpoint
from hart_ros.training.clips import ClipConfig
from hart_ros.training.config import (
    CurriculumConfig,
    OptimiserConfig,
    TrainConfig,
    checked,
    load_config,
)
from hart_ros.training.frames import Sequence, scaled
from hart_ros.training.group import Group
from hart_ros.training.loop import Trainer, make_model
from hart_ros.training.mixture import ClipMixture
from hart_ros.training.settings import ConfigError

PUBLISHED = Path(__file__).resolve().parents[2] / 'config' / 'hart_2017.yaml'
WHOLE = replace(load_config(PUBLISHED).clips, whole_frames=(100, 60))
SMALL = HART2017Config(glimpse_size=16, v1_widths=(4, 4, 8), hidden=16)
SHORT = TrainConfig(
    network='hart_2017',
    model_2017=SMALL,
    steps=2,
    batch=2,
    threads=1,
    workers=0,
    log_every=1,
    clips=WHOLE,
    curriculum=CurriculumConfig(stages=((0.0, 3),)),
)


def trained(out: Path, sequence: Sequence, config: TrainConfig = SHORT, stop: bool = False) -> Path:
    out.mkdir(exist_ok=True)
    small = scaled(sequence, (100, 60))
    trainer = Trainer(replace(config, out=str(out)), Group(), [small], [small])
    if stop:
        trainer.stop()
    trainer.run()
    return out / 'last.pt'


@pytest.mark.parametrize('switches', [{}, {'appearance_loss': False}])
def test_a_stop_changes_nothing(
    tmp_path: Path, sequence: Sequence, switches: dict[str, Any]
) -> None:
    optimiser = OptimiserConfig('rmsprop')  # as published
    config = replace(SHORT, model_2017=replace(SMALL, **switches), optimiser=optimiser)
    straight = load_checkpoint(trained(tmp_path / 'a', sequence, config))
    stopped = load_checkpoint(trained(tmp_path / 'b', sequence, config, stop=True))
    resumed = load_checkpoint(trained(tmp_path / 'b', sequence, config))
    assert (stopped['step'], resumed['step']) == (1, 2)
    for part in ('model', 'objective', 'average'):
        for name, value in straight[part].items():
            assert torch.equal(value, resumed[part][name]), name
    weights = straight['objective']['losses.weights.w']
    assert len(weights) == 2 + config.model_2017.appearance_loss
    assert (weights != stopped['objective']['losses.weights.w']).all()  # they learn
    model = load_model(tmp_path / 'a' / 'best.safetensors')
    assert isinstance(model, HART2017)
    assert model.config == config.model_2017


def test_weights_of_losses_do_not_decay(tmp_path: Path, sequence: Sequence) -> None:
    content = load_checkpoint(trained(tmp_path, sequence))
    assert [g['weight_decay'] for g in content['optimiser']['param_groups']] == [0.02, 0.0]


def test_another_network_is_refused(tmp_path: Path, sequence: Sequence) -> None:
    trained(tmp_path, sequence, stop=True)
    with pytest.raises(ConfigError, match=r'made with network hart_2017, not hart;'):
        trained(tmp_path, sequence, TrainConfig())
    other = replace(SHORT, model_2017=replace(SMALL, appearance_loss=False))
    with pytest.raises(ConfigError, match=r'model_2017\.appearance_loss True, not False'):
        trained(tmp_path, sequence, other)


def test_whole_frames_are_only_mirrored_and_reversed(sequence: Sequence) -> None:
    small = scaled(sequence, (100, 60))
    assert small.tracks[7][1] == (11.0, 25.0, 20.0, 20.0)
    config = replace(WHOLE, reverse=1.0, mirror=1.0)
    clip = ClipMixture([small], 3, 0, config).sample(np.random.default_rng(0))
    assert clip.images.shape == (3, 60, 100, 3)
    assert np.diff(clip.boxes[:, 0]).tolist() == [1, 1]  # twice turned round
    x, y, w, h = clip.boxes[0].astype(int)
    red = clip.images[0][..., 2].astype(int) - clip.images[0][..., 0]
    assert red[y : y + h, x : x + w].min() > 150
    assert red.clip(100).sum() - 100 * red.size == red[y : y + h, x : x + w].sum() - 100 * w * h


def test_glimpses_make_a_panel(sequence: Sequence) -> None:
    clip = ClipMixture([scaled(sequence, (100, 60))], 3, 0, WHOLE)[0]
    batch = {name: value[None] for name, value in clip.items()}
    assert glimpse_rows(HART2017(SMALL).eval(), batch).shape == (3, 2 * 16, 2 * 16)


def test_the_published_settings_are_read() -> None:
    config = checked(load_config(PUBLISHED))
    assert config.model_2017 == HART2017Config()
    assert config.optimiser.learning_rate == 3.3e-6
    count = sum(p.numel() for p in HART2017().parameters())
    assert config.optimiser.clip_norm == pytest.approx(0.3 * count**0.5, rel=1e-3)


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (TrainConfig(model_2017=SMALL), 'model_2017 is set, but network is hart'),
        (replace(SHORT, curriculum=CurriculumConfig(truncate=8)), 'curriculum.truncate'),
        (replace(SHORT, curriculum=CurriculumConfig(steady=True)), 'curriculum.steady'),
        (replace(SHORT, curriculum=CurriculumConfig(astray=0.5)), 'curriculum.astray'),
        (TrainConfig(clips=ClipConfig(whole_frames=(621,))), r'give \[width, height\]'),
        (TrainConfig(clips=ClipConfig(whole_frames=(621, 187))), 'set composed, lookalike'),
    ],
)
def test_what_does_not_go_together_is_said(config: TrainConfig, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        checked(config)


def test_v1_starts_from_imagenet(tmp_path: Path) -> None:
    path = tmp_path / 'alexnet.safetensors'
    layers = {k: torch.rand_like(v) for k, v in HART2017(SMALL).v1.state_dict().items()}
    save_file({**layers, 'fc6.weight': torch.zeros(2, 2)}, path)
    config = checked(replace(SHORT, imagenet=str(path)))
    model = make_model(config)
    assert isinstance(model, HART2017)
    torch.testing.assert_close(model.v1.state_dict(), layers)


def test_what_v1_cannot_start_from_is_named(tmp_path: Path) -> None:
    short, text = tmp_path / 'short.safetensors', tmp_path / 'text.safetensors'
    save_file({'conv1.weight': torch.zeros(4, 3, 11, 11)}, short)
    text.write_text('no weights')
    for path, says in (
        (short, 'conv1.bias is missing'),
        (text, ''),
        (tmp_path / 'none', 'No such'),
    ):
        with pytest.raises(ConfigError, match=f'imagenet is .*{path.name}: .*{says}'):
            make_model(replace(SHORT, imagenet=str(path)))
    for wrong in (TrainConfig(imagenet='a'), replace(SHORT, imagenet='a', start='b')):
        with pytest.raises(ConfigError, match='imagenet: V1 of hart_2017 alone'):
            checked(wrong)
