# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Settings: the file says what the code does, and every mistake is one helpful line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hart_ros.training.config import TrainConfig, checked, load_config, with_setting
from hart_ros.training.main import command_line, configured
from hart_ros.training.settings import ConfigError

SHIPPED = Path(__file__).resolve().parents[2] / 'config' / 'train.yaml'


def test_the_shipped_file_holds_all_defaults() -> None:
    config = load_config(SHIPPED)
    assert checked(config) == TrainConfig()
    text = SHIPPED.read_text(encoding='utf-8')
    for section in (config, config.data, config.clips, config.curriculum, config.optimiser):
        for name in vars(section):
            assert f'{name}:' in text


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('steps: 9\nstepz: 9', ':2: unknown key stepz; did you mean steps?'),
        ('clips:\n  mirrored: 1', ':2: unknown key clips.mirrored; did you mean mirror?'),
        ('steps: many', ":1: steps is 'many': give a whole number from 1"),
        ('steps: 1.5', ':1: steps is 1.5: give a whole number'),
        ('steps: .inf', ':1: steps is inf: give a whole number'),
        ('steps:', ':1: steps is None: give a whole number'),
        ('freeze_norms: 1', ':1: freeze_norms is 1: give true or false'),
        ('out: 3', ':1: out is 3: give text'),
        ('\noptimiser:\n  kind: sgd', ":3: optimiser.kind is 'sgd': give adamw or rmsprop"),
        ('clips: {noise: 1.1}', ':1: clips.noise is 1.1: give a number from 0 to 1'),
        ('clips: [1]', ':1: clips is [1]: give keys, of composed'),
        ('clips: {skips: [0]}', 'clips.skips: give frame steps from 1'),
        ('data:\n  weights: 3', ':2: data.weights is 3: give a mapping'),
        ('curriculum:\n  stages: [[0, 4, 5]]', ':2: curriculum.stages is'),
        ('curriculum:\n  stages: [[0.5, 4]]', 'begin with 0'),
        ('curriculum:\n  stages: [[0, 1]]', 'at least 2 frames'),
        ('curriculum: {first: 9, last: 8}', 'under first 9'),
        ('model: {v1_widths: [8]}', 'v1_widths has 1 entries'),
        ('seed: 1\nseed: 2', ':2: seed again (line 1)'),
        ('steps: [', ':1: not YAML'),
        ('- 1', 'the file is [1]: give keys, of out'),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / 'train.yaml'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(ConfigError) as caught:
        checked(load_config(path))
    assert message in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'none\.yaml: No such file'):
        load_config(tmp_path / 'none.yaml')


def test_settings_change_one_value() -> None:
    config = with_setting(TrainConfig(), 'optimiser.learning_rate=5e-4')
    assert config.optimiser.learning_rate == 5e-4
    assert with_setting(config, 'data.folders=a').data.folders == ('a',)
    assert with_setting(config, 'data.folders=[a, b]').data.folders == ('a', 'b')
    weights = with_setting(config, 'data.weights.kitti-=2').data.weights
    assert weights == {'synthetic': 0.4, 'kitti-': 2.0}


@pytest.mark.parametrize('text', ['steps', 'steps.a=1', 'stepz=1', 'steps=[', 'steps=0'])
def test_wrong_settings_are_quoted(text: str) -> None:
    with pytest.raises(ConfigError, match=r'^--set ') as caught:
        with_setting(TrainConfig(), text)
    assert text in str(caught.value)


def test_a_folder_and_options_are_settings_too() -> None:
    old = 'DATA --out o --cache c --steps 8 --batch 2 --drives 0 --threads 1 --full-precision'
    config = configured(command_line().parse_args(old.split()))
    assert config.data.folders == ('DATA',)
    assert (config.out, config.data.cache, config.steps, config.batch) == ('o', 'c', 8, 2)
    assert (config.data.drives, config.threads, config.precision) == (0, 1, 'float32')
    new = [str(SHIPPED), '--set', 'steps=5', '--set', 'seed=3', '--steps', '7']
    config = configured(command_line().parse_args(new))
    assert (config.steps, config.seed) == (7, 3)
    with pytest.raises(ConfigError, match='--steps: steps is'):
        configured(command_line().parse_args(['DATA', '--steps', 'x']))


def test_statistics_are_kept_only_where_there_are_some() -> None:
    with pytest.raises(ConfigError, match='freeze_norms: .* set start'):
        checked(TrainConfig(freeze_norms=True))
    assert checked(TrainConfig(freeze_norms=True, start='a.safetensors')).freeze_norms
