# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The mean of weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from hart_ros.model.hart import HART, HartConfig
from hart_ros.tracking import WeightsError, load_model, save_weights
from hart_ros.training.average import save_mean
from hart_ros.training.history import as_notes, runs_of, step_of

SMALL = HartConfig(v1_widths=(8, 8, 8, 8, 8, 8), hidden=16)


def test_every_tensor_is_the_mean(tmp_path: Path) -> None:
    models = [HART(SMALL), HART(SMALL)]
    files = [tmp_path / 'a.safetensors', tmp_path / 'b.safetensors']
    for step, (model, file) in enumerate(zip(models, files)):
        runs = [{'command': f'run {number}'} for number in range(step + 1)]
        torch.nn.init.constant_(model.v1[0].norm.running_mean, step)  # type: ignore
        save_weights(model, file, as_notes(step, runs))
    save_mean(files[::-1], files[0])
    assert step_of(files[0]) == '1, 0'
    assert runs_of(files[0]) == runs
    mean = load_model(files[0]).state_dict()
    for name, value in mean.items():
        if value.is_floating_point():
            a, b = (model.state_dict()[name] for model in models)
            torch.testing.assert_close(value, (a + b) / 2)


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    small, large, unknown = (tmp_path / f'{name}.safetensors' for name in 'abc')
    save_weights(HART(SMALL), small, {'step': '1'})
    save_weights(HART(), large, {'step': '2'})
    save_weights(HART(SMALL), unknown)
    with pytest.raises(WeightsError, match='other sizes'):
        save_mean([small, large], tmp_path / 'out.safetensors')
    with pytest.raises(WeightsError, match='step'):
        save_mean([small, unknown], tmp_path / 'out.safetensors')
