# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Weights files: whole, missing, damaged, foreign."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from hart_ros.model.hart import HART, HartConfig
from hart_ros.tracking import HartTracker, WeightsError, load_model, save_weights
from hart_ros.tracking.weights import SHIPPED

SMALL = HartConfig(v1_widths=(8, 8, 8, 8, 8, 8), hidden=16)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    model = HART(SMALL).eval()
    save_weights(model, tmp_path / 'a.safetensors')
    loaded = load_model(tmp_path / 'a.safetensors')
    assert loaded.config == SMALL
    assert not loaded.training
    saved = model.state_dict()
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, saved[name]), name


def test_whoever_may_read_other_files_may_read_weights(tmp_path: Path) -> None:
    save_weights(HART(SMALL), tmp_path / 'a.safetensors')
    (tmp_path / 'b').touch()
    assert (tmp_path / 'a.safetensors').stat().st_mode == (tmp_path / 'b').stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a.safetensors', 'b']


def test_the_shipped_weights_load() -> None:
    model = load_model()
    assert model.config == HartConfig()
    assert SHIPPED.stat().st_size < 10e6


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r'no file .*absent\.safetensors'):
        load_model(tmp_path / 'absent.safetensors')


@pytest.mark.parametrize('kept', [0, 4, 100, 5000])
def test_a_truncated_file_is_said_to_be_damaged(tmp_path: Path, kept: int) -> None:
    path = tmp_path / 'a.safetensors'
    save_weights(HART(SMALL), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(WeightsError, match='damaged'):
        load_model(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'a.safetensors'
    save_file({'x': torch.zeros(1)}, str(path))
    with pytest.raises(WeightsError, match='not for HART'):
        load_model(path)


def test_other_architectures_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / 'a.safetensors'
    save_weights(HART(SMALL), path)
    tensors = load_file(str(path))
    for config, changed in (
        (json.dumps({'hidden': 32}), tensors),
        (json.dumps({'no_such_size': 1}), tensors),
        ('{', tensors),
        ('{}', {}),
    ):
        save_file(changed, str(path), {'model': 'hart', 'config': config})
        with pytest.raises(WeightsError, match='does not fit this version') as error:
            load_model(path)
        assert '\n' not in str(error.value)


def test_a_network_that_overflows_gives_no_box(tmp_path: Path) -> None:
    model = HART(SMALL)
    for value in model.parameters():
        value.data.mul_(1e30)
    save_weights(model, tmp_path / 'a.safetensors')
    tracker = HartTracker(tmp_path / 'a.safetensors', 'cpu', backend='torch')
    frame = np.full((48, 64, 3), 90, np.uint8)
    state = tracker.init(frame, (20, 16, 24, 16))
    with pytest.raises(FloatingPointError, match='NaN or infinity'):
        tracker.update(frame, state)
