# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The published losses on clips, for the network and its ablations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from hart_ros.model.hart_2017 import ABLATIONS, HART2017, HART2017Config
from hart_ros.training.objective_2017 import Objective2017

SIZES = {'glimpse_size': 28, 'v1_widths': (8, 12, 12), 'hidden': 24}


def small(name: str) -> HART2017Config:
    return replace(ABLATIONS[name], **SIZES)  # type: ignore[arg-type]


@pytest.fixture
def clip() -> dict[str, Tensor]:
    """Two clips of six frames: a bright square of 20 pixels that moves over dark noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (2, 6, 3, 60, 80), dtype=np.uint8)
    boxes = np.zeros((2, 6, 4), np.float32)
    for b, move in enumerate((4, -4)):
        for t in range(6):
            x = 30 + move * t
            images[b, t, :, 20:40, x : x + 20] = 220
            boxes[b, t] = (x, 20, 20, 20)
    return {
        'images': torch.from_numpy(images),
        'boxes': torch.from_numpy(boxes),
        'present': torch.ones(2, 6, dtype=torch.bool),
    }


@pytest.mark.parametrize('name', ABLATIONS)
@pytest.mark.parametrize('half', [False, True])
def test_every_parameter_gets_a_gradient(clip: dict[str, Tensor], name: str, half: bool) -> None:
    torch.manual_seed(0)
    model, objective = HART2017(small(name)), Objective2017(small(name))
    loss, log = objective(model, clip, half)
    loss.backward()
    assert loss.dtype == torch.float32
    assert log['loss'] == float(loss.detach())
    assert (log['appearance'] > 0) == (name == 'full')
    for key, parameter in (*model.named_parameters(), *objective.named_parameters()):
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
        assert parameter.grad.abs().sum() > 0, key


@pytest.mark.parametrize('name', ABLATIONS)
def test_the_network_learns_a_clip(clip: dict[str, Tensor], name: str) -> None:
    torch.manual_seed(0)
    model, objective = HART2017(small(name)), Objective2017(small(name))
    optimiser = torch.optim.Adam([*model.parameters(), *objective.parameters()], 2e-3)
    logs = []
    for _ in range(60):
        loss, log = objective(model, clip, half=False)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        logs.append(log)
    for part in ('loss', 'tracking'):
        values = [log[part] for log in logs]
        assert np.mean(values[-5:]) < 0.8 * np.mean(values[:5]), part


def test_half_precision_reads_the_same_windows(clip: dict[str, Tensor]) -> None:
    torch.manual_seed(0)
    model = HART2017(small('full')).eval()
    image = clip['images'][:, 0].float() / 255.0
    attention = model.first_attention(clip['boxes'][:, 0], (60, 80))
    want, _ = model.attend(image, attention)
    with torch.autocast('cpu', torch.bfloat16):
        glimpse, _ = model.attend(image, attention)
    assert torch.equal(glimpse, want)


def test_frames_without_the_target_teach_nothing_of_its_box(clip: dict[str, Tensor]) -> None:
    torch.manual_seed(0)
    model, objective = HART2017(small('full')).eval(), Objective2017(small('full'))
    clip['present'][:, 3] = False
    _, log = objective(model, clip, half=False)
    clip['boxes'][:, 3] = torch.tensor([70.0, 0.0, 5.0, 5.0])
    assert objective(model, clip, half=False)[1] == log
