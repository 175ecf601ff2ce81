# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What hart-ablate takes out of the shipped network is out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from hart_ros.model.hart import HART, HartConfig
from hart_ros.model.state import StepOutput

SMALL = HartConfig(glimpse_size=32, v1_widths=(8, 8, 8, 8, 8, 8), hidden=16)
BOX = torch.tensor([[40.0, 30.0, 20.0, 20.0]])


def second_step(config: HartConfig, images: Tensor, **changed: Tensor) -> StepOutput:
    """Of a network whose state was changed after the first step."""
    torch.manual_seed(0)
    model = HART(config).eval()
    with torch.no_grad():
        _, state = model.step(images[1], model.init(images[0], BOX))
        return model.step(images[2], replace(state, **changed))[0]


@pytest.fixture
def images() -> Tensor:
    return torch.rand(3, 1, 3, 80, 120, generator=torch.Generator().manual_seed(0))


def same(a: StepOutput, b: StepOutput) -> bool:
    return torch.equal(a.mask_logits, b.mask_logits) and torch.equal(a.box_xywh, b.box_xywh)


@pytest.mark.parametrize(
    ('ablation', 'changed'),
    [
        ({'template_filters': False}, {'template': torch.ones(1, 16, 64)}),
        ({'running_filters': 0, 'memory': False}, {'output': torch.ones(1, 16)}),
        ({'memory': False}, {'cell': torch.ones(1, 16)}),
    ],
)
def test_what_is_out_has_no_say(
    images: Tensor, ablation: dict[str, bool], changed: dict[str, Tensor]
) -> None:
    whole, cut = SMALL, replace(SMALL, **ablation)  # type: ignore[arg-type]
    assert not same(second_step(whole, images), second_step(whole, images, **changed))
    assert same(second_step(cut, images), second_step(cut, images, **changed))


def test_without_votes_a_box_is_read_from_the_vector_alone(images: Tensor) -> None:
    torch.manual_seed(0)
    model = HART(replace(SMALL, votes=False))
    model.step(images[1], model.init(images[0], BOX))[0].box_xywh.sum().backward()
    assert model.voting.votes.weight.grad is None
    assert model.readout[0].weight.grad is not None
