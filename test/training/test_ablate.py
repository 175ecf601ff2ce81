# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-ablate from end to end on a few frames, stopped and resumed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hart_ros.model.hart import HartConfig
from hart_ros.model.hart_2017 import HART2017Config
from hart_ros.tracking import load_model
from hart_ros.training import ablate
from hart_ros.training.config import checked
from hart_ros.training.loop import Trainer
from hart_ros.training.variants import COMPARISONS

TINY: dict[str, Any] = {'glimpse_size': 16, 'v1_widths': (4, 4, 8), 'hidden': 16}
RATM: dict[str, Any] = {'glimpse': (8, 8), 'hidden': 8, 'widths': (4,), 'kernels': (3,)}
SMALL: dict[str, Any] = {'glimpse_size': 32, 'v1_widths': (8, 8, 8, 8, 8, 8), 'hidden': 16}


@pytest.fixture(autouse=True)
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same comparisons with networks that train in no time."""

    def smaller(settings: Mapping[str, Any]) -> dict[str, Any]:
        if 'model_ratm' in settings:
            return {**settings, 'model_ratm': replace(settings['model_ratm'], **RATM)}
        if 'model_2017' in settings:
            return {**settings, 'model_2017': replace(settings['model_2017'], **TINY)}
        return {**settings, 'model': replace(settings.get('model', HartConfig()), **SMALL)}

    for name, found in COMPARISONS.items():
        variants = tuple(replace(v, settings=smaller(v.settings)) for v in found.variants)
        monkeypatch.setitem(COMPARISONS, name, replace(found, variants=variants))


def run(data: Path, *options: str) -> int:
    settings = ['batch=1', 'workers=0', 'data.weights={}', 'curriculum.stages=[[0, 2]]']
    if 'changes' not in options:
        settings.append('clips.whole_frames=[100, 60]')
    return ablate.main(
        [*options, '--data', str(data), '--out', str(data.parent / 'out')]
        + ['--cache', str(data.parent / 'cache'), '--threads', '1']
        + [part for text in settings for part in ('--set', text)]
    )


def test_a_table_comes_of_a_stopped_and_resumed_run(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = data.parent / 'out'
    step = Trainer._train_step
    steps: list[str] = []

    def stopping(self: Trainer, clips: Any) -> dict[str, float]:
        steps.append(self.out.name)
        if len(steps) == 3:  # the first of the second network
            self.stop()
        return step(self, clips)

    monkeypatch.setattr(Trainer, '_train_step', stopping)
    assert run(data, '--steps', '2') == 130
    assert not (out / 'result.json').exists()
    assert run(data, '--steps', '2') == 0
    names = ['ratm', 'spatial_att', 'app_att', 'full', 'hart']
    assert steps == [name for name in names for _ in range(2)]
    config = load_model(out / 'app_att' / 'final.safetensors').config
    assert isinstance(config, HART2017Config)
    assert not config.appearance_loss
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines if line.split(':')[0] in names]
    assert [row[0] for row in rows] == [f'{name}:' for name in names]
    assert [row[-1] for row in rows[:4]] == ['0.14', '0.60', '0.78', '0.81']
    found = json.loads((out / 'result.json').read_text())
    assert [v['name'] for v in found['variants']] == names
    assert all(0 <= v['hart60'] <= 1 and len(v['iou_by_step']) == 39 for v in found['variants'])
    assert found['origin']['command'].startswith('hart-ablate --steps 2 --data')
    assert found['settings']['seed'] == 0
    assert (out / 'iou60.svg').read_text().startswith('<svg')
    with pytest.raises(SystemExit, match='2'):
        run(data, '--steps', '3')
    assert 'made with other settings (steps); give another --out' in capsys.readouterr().err


def test_parts_of_the_shipped_network_are_left_out(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = COMPARISONS['changes']
    some = tuple(v for v in whole.variants if v.name in ('no_running', 'no_score'))
    monkeypatch.setitem(COMPARISONS, 'changes', replace(whole, variants=some))
    assert run(data, 'changes', '--steps', '1') == 0
    found = json.loads((data.parent / 'out' / 'result.json').read_text())
    assert [v['name'] for v in found['variants']] == ['no_running', 'no_score']
    model = load_model(data.parent / 'out' / 'no_running' / 'final.safetensors')
    assert model.config == replace(HartConfig(), **SMALL, running_filters=0)


@pytest.mark.parametrize('name', COMPARISONS)
def test_variants_differ_only_in_their_network(name: str) -> None:
    comparison = COMPARISONS[name]
    own = {key for v in comparison.variants for key in v.settings}
    assert own <= {'network', 'model', 'model_2017', 'model_ratm', 'losses'}
    configs = [checked(replace(comparison.base, **v.settings)) for v in comparison.variants]
    assert len({repr(config) for config in configs}) == len(configs)


def test_mistakes_are_one_line(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match='2'):
        run(data, '--steps', 'many')
    assert capsys.readouterr().err.splitlines()[-1].startswith('hart-ablate: error: --steps: steps')
