# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""V1 learns what a backbone says of glimpses; NanoTrack's is asked where it is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from hart_ros.model.hart import HART, HartConfig
from hart_ros.training.frames import Sequence
from hart_ros.training.mixture import ClipMixture
from hart_ros.training.objective import Objective
from hart_ros.training.settings import ConfigError
from hart_ros.training.teacher import Teacher

BACKBONE = Path(__file__).parents[3] / 'shared/peers/nanotrack_v2/nanotrack_backbone_sim.onnx'
SMALL = HartConfig(glimpse_size=48, v1_widths=(8, 16, 16, 16, 16, 16), hidden=32)


class Colours(Teacher):
    """A teacher that tells the colours of a glimpse."""

    def __init__(self) -> None:
        self.weight, self.channels = 1.0, 3

    def features(self, glimpse: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(glimpse, 16)


def test_v1_learns_to_tell_what_the_teacher_sees(sequence: Sequence) -> None:
    torch.manual_seed(0)
    model, objective = HART(SMALL), Objective(16, teacher=Colours())
    mixture = ClipMixture([sequence], 3, 0)
    batch = {name: value[None].expand(2, *value.shape) for name, value in mixture[0].items()}
    optimiser = torch.optim.AdamW([*model.parameters(), *objective.parameters()], 3e-3)
    apart = []
    for _ in range(20):
        loss, log = objective(model, batch, False)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        apart.append(log['teacher'])
    assert apart[-1] < 0.5 * apart[0]


def test_a_file_that_teaches_nothing_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'broken.onnx'
    path.write_bytes(b'nothing')
    for name in (path, tmp_path / 'missing.onnx'):
        with pytest.raises(ConfigError, match=r'teacher\.features is .*onnx: not an ONNX model'):
            Teacher(str(name), 0.5)


@pytest.mark.skipif(not BACKBONE.is_file(), reason='NanoTrack (../shared/peers) is not here')
def test_a_backbone_tells_features_of_glimpses() -> None:
    teacher = Teacher(str(BACKBONE), 0.5)
    features = teacher.features(torch.rand(2, 3, 112, 112))
    assert features.shape == (2, teacher.channels, 10, 10)
    assert features.isfinite().all()
