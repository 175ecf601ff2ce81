# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-train trains RATM too, on whole frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from hart_ros.model.ratm import RATM, RATMConfig
from hart_ros.tracking import load_model
from hart_ros.training.board import glimpse_rows
from hart_ros.training.config import CurriculumConfig, TrainConfig, checked
from hart_ros.training.frames import Sequence, scaled
from hart_ros.training.group import Group
from hart_ros.training.loop import Trainer
from hart_ros.training.objective_ratm import ObjectiveRatm
from hart_ros.training.settings import ConfigError
from hart_ros.training.variants import PUBLISHED_CLIPS

SMALL = RATMConfig((8, 8), 3, 8, (4,), (3,), 0, 0)


def clip(frames: int = 3) -> dict[str, Tensor]:
    torch.manual_seed(0)
    return {
        'images': torch.randint(0, 256, (2, frames, 3, 30, 40), dtype=torch.uint8),
        'boxes': torch.tensor([10.0, 8.0, 12.0, 10.0]).expand(2, frames, 4),
        'present': torch.ones(2, frames, dtype=torch.bool),
    }


def test_a_run_leaves_weights_that_track(tmp_path: Path, sequence: Sequence) -> None:
    small = scaled(sequence, (100, 60))
    config = TrainConfig(
        network='ratm',
        model_ratm=SMALL,
        steps=1,
        batch=2,
        threads=1,
        workers=0,
        clips=replace(PUBLISHED_CLIPS, whole_frames=(100, 60)),
        curriculum=CurriculumConfig(stages=((0.0, 3),)),
        out=str(tmp_path),
    )
    Trainer(checked(config), Group(), [small], [small]).run()
    model = load_model(tmp_path / 'best.safetensors')
    assert isinstance(model, RATM)
    assert model.config == SMALL
    assert glimpse_rows(model, clip()).shape == (3, 2 * 2 * 8, 2 * 8)


def test_what_is_absent_or_first_does_not_count() -> None:
    torch.manual_seed(0)
    model, data = RATM(SMALL), clip()
    loss, log = ObjectiveRatm()(model, data, False)
    assert float(loss.detach()) == pytest.approx(0, abs=1e-5)  # a still target and a still window
    assert log['iou'] == pytest.approx(1, abs=1e-2)
    moved = data['boxes'].clone()
    moved[0, 2, 0] += 20.0
    loss, _ = ObjectiveRatm()(model, {**data, 'boxes': moved}, False)
    assert float(loss.detach()) == pytest.approx(0.5**2 / 4, rel=0.02)
    present = data['present'].clone()
    present[0, 2] = False
    loss, _ = ObjectiveRatm()(model, {**data, 'boxes': moved, 'present': present}, False)
    assert float(loss.detach()) == pytest.approx(0, abs=1e-5)


def test_settings_of_another_network_are_refused() -> None:
    with pytest.raises(ConfigError, match='model_ratm is set, but network is hart'):
        checked(TrainConfig(model_ratm=SMALL))
