# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.hart_2017 import (
    ABLATIONS,
    HART2017,
    HART2017Config,
    HART2017Output,
    HART2017State,
    agreement,
)
from hart_ros.model.losses import HART2017Loss

SMALL = HART2017Config(
    glimpse_size=12, v1_widths=(4, 4, 6), stream_width=2, hidden=6, mask_summary=3
)
# Parameters by part, as they follow from the published sizes; 6.8 MB of float32 in all.
PUBLISHED = {
    'offset': 4,
    'v1': (3 * 11 * 11 * 96 + 96) + (48 * 5 * 5 * 256 + 256) + (256 * 3 * 3 * 384 + 384),
    'ventral': (384 * 5 + 5) + 2 * 5,
    'dorsal': (100 * 100 + 100 + 100 * 1920 + 1920 + 100 * 5 + 5 + 5)
    + (100 * 100 + 100 + 100 * 225 + 225 + 100 * 5 + 5 + 5)
    + (5 + 1),
    'features': (14 * 14 * 5 + 6) * 100 + 100,
    'lstm': 100 * 400 + 100 * 400 + 400,
    'first_features': 100 * 100 + 100,
    'first_cell': 100 * 100 + 100,
    'first_output': 100 * 100 + 100,
    'mask_summary': 14 * 14 * 10 + 10,
    'attention_readout': (110 * 100 + 100) + (100 * 4 + 4) + 4,
    'box_readout': (110 * 100 + 100) + (100 * 4 + 4),
}


def targets(
    batch: int, steps: int, height: int = 24, width: int = 32, dtype: torch.dtype = torch.float32
) -> tuple[Tensor, Tensor]:
    """Images (B, T, 3, H, W) and true boxes (B, T, 4) that move a little."""
    images = torch.rand(batch, steps, 3, height, width, dtype=dtype)
    start = torch.tensor([0.3, 0.25, 0.4, 0.5], dtype=dtype)
    start = start * torch.tensor([width, height, width, height])
    move = torch.tensor([0.7, 0.4, 0.3, -0.2], dtype=dtype)
    boxes = start + torch.arange(steps)[:, None] * move
    return images, boxes + 0.3 * torch.arange(batch)[:, None, None]


def copied(record: HART2017State | HART2017Output) -> dict[str, Tensor]:
    return {field.name: getattr(record, field.name).detach().clone() for field in fields(record)}


class Clip(nn.Module):
    """Network and objective in one, so that all their parameters can be passed in."""

    def __init__(self, config: HART2017Config) -> None:
        super().__init__()
        self.model, self.objective = HART2017(config), HART2017Loss(config)

    def forward(self, images: Tensor, boxes: Tensor) -> Any:
        steps = self.model(images, boxes[:, 0])
        terms = self.objective(self.model, steps, boxes, (images.shape[-2], images.shape[-1]))
        last = steps[-1]
        return terms.total, last.box_xywh, last.window_xywh, last.mask_logits, last.filter_energy


def test_published_number_of_parameters() -> None:
    model = HART2017()
    counts = {
        name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()
    }
    assert counts == PUBLISHED
    assert round(4 * sum(counts.values()) / 1e6, 1) == 6.8


def test_published_shapes() -> None:
    model = HART2017().eval()
    images, boxes = targets(2, 2, 187, 621)
    state = model.init(images[:, 0], boxes[:, 0])
    step, state = model.step(images[:, 1], state)
    assert {name: tuple(value.shape) for name, value in copied(step).items()} == {
        'box_xywh': (2, 4),
        'score': (2,),
        'window_xywh': (2, 4),
        'glimpse': (2, 3, 56, 56),
        'mask_logits': (2, 14, 14),
        'filter_energy': (2,),
    }
    assert {name: tuple(value.shape) for name, value in copied(state).items()} == {
        'attention': (2, 4),
        'cell': (2, 100),
        'output': (2, 100),
        'appearance': (2, 100),
    }


def test_the_first_box_is_not_corrected() -> None:
    model = HART2017(SMALL).eval()
    nn.init.constant_(model.offset.b, 0.3)
    images, boxes = targets(2, 3)
    steps = model(images, boxes[:, 0])
    assert len(steps) == 3
    assert_close(steps[0].box_xywh, boxes[:, 0], atol=1e-4, rtol=0)
    assert not torch.equal(steps[1].box_xywh, steps[0].box_xywh)


def test_the_first_window_is_the_box_and_the_offset() -> None:
    model = HART2017(SMALL).eval()
    with torch.no_grad():
        model.offset.b.copy_(torch.tensor([-0.2, -0.1, 0.4, 0.3]))
    images, boxes = targets(1, 1, 24, 32)
    y, x, h, w = model.offset().tolist()
    window = model(images, boxes[:, 0])[0].window_xywh
    added = torch.tensor([[32 * x, 24 * y, 31 * w, 23 * h]])
    assert_close(window, boxes[:, 0] + added, atol=1e-4, rtol=0)


def test_init_and_step_are_the_clip_in_pieces() -> None:
    model = HART2017(SMALL).eval()
    images, boxes = targets(2, 3)
    state = model.init(images[:, 0], boxes[:, 0])
    for t, expected in enumerate(model(images, boxes[:, 0])[1:], 1):
        step, state = model.step(images[:, t], state)
        for name, value in copied(expected).items():
            assert_close(getattr(step, name).detach(), value)


def test_a_step_does_not_modify_its_state() -> None:
    model = HART2017(SMALL).eval()
    images, boxes = targets(2, 2)
    state = model.init(images[:, 0], boxes[:, 0])
    before = copied(state)
    first, _ = model.step(images[:, 1], state)
    second, _ = model.step(images[:, 1], state)
    for name, value in before.items():
        assert torch.equal(getattr(state, name), value), name
    assert torch.equal(first.box_xywh, second.box_xywh)


def test_appearance_is_what_was_read_before_zoneout() -> None:
    model = HART2017(replace(SMALL, zoneout=1.0)).eval()
    images, boxes = targets(1, 2)
    state = model.init(images[:, 0], boxes[:, 0])
    _, following = model.step(images[:, 1], state)
    assert torch.equal(following.cell, state.cell)
    assert torch.equal(following.output, state.output)
    assert not torch.equal(following.appearance, state.appearance)


def test_what_the_mask_hides_is_not_seen() -> None:
    model = HART2017(SMALL).eval()
    nn.init.constant_(model.dorsal.to_mask.bias, -1e4)  # type: ignore[arg-type]
    images, boxes = targets(1, 3)
    state = model.init(images[:, 0], boxes[:, 0])
    first, _ = model.step(images[:, 1], state)
    second, _ = model.step(images[:, 2], state)
    assert not torch.equal(first.glimpse, second.glimpse)
    assert torch.equal(first.box_xywh, second.box_xywh)


def test_targets_do_not_depend_on_each_other() -> None:
    model = HART2017(SMALL).double().eval()
    images, boxes = targets(3, 3, dtype=torch.float64)
    together = model(images, boxes[:, 0])
    for k in range(3):
        alone = model(images[k : k + 1], boxes[k : k + 1, 0])
        for many, one in zip(together, alone):
            assert_close(many.box_xywh[k], one.box_xywh[0])
            assert_close(many.mask_logits[k], one.mask_logits[0])
            assert_close(many.score[k], one.score[0])


@pytest.mark.parametrize('config', ABLATIONS.values(), ids=ABLATIONS.keys())
def test_every_parameter_receives_a_gradient(config: HART2017Config) -> None:
    model, objective = HART2017(config).train(), HART2017Loss(config)
    images, boxes = targets(2, 3, 60, 80)
    terms = objective(model, model(images, boxes[:, 0]), boxes, (60, 80))
    terms.total.backward()
    for name, parameter in (*model.named_parameters(), *objective.named_parameters()):
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_gradients_of_a_clip_and_its_loss() -> None:
    """All parameters and the images, through three steps and every loss."""
    clip = Clip(SMALL).double().eval()
    images, boxes = targets(2, 3, 14, 17, torch.float64)
    # Away from the start, where what is read out all but vanishes.
    for readout in (clip.model.attention_readout.readout, clip.model.box_readout.readout):
        nn.init.normal_(readout.delta.weight, std=0.05)
    names = [name for name, _ in clip.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in clip.parameters()]

    def run(images: Tensor, *parameters: Tensor) -> Any:
        return torch.func.functional_call(clip, dict(zip(names, parameters)), (images, boxes))

    assert gradcheck(run, (images.requires_grad_(), *values), fast_mode=True)


def test_gradient_reaches_the_first_box() -> None:
    model = HART2017(SMALL).double().eval()
    images, boxes = targets(1, 2, 14, 17, torch.float64)

    def run(box: Tensor) -> Tensor:
        step: HART2017Output = model(images, box)[1]
        return step.box_xywh

    assert gradcheck(run, boxes[:, 0].requires_grad_())


def test_appearance_attention_can_be_switched_off() -> None:
    model = HART2017(HART2017Config(appearance_attention=False)).eval()
    assert not any('dorsal' in name for name, _ in model.named_parameters())
    images, boxes = targets(1, 2, 60, 80)
    step = model(images, boxes[:, 0])[1]
    assert_close(step.mask, torch.ones(1, 14, 14))
    assert step.filter_energy.tolist() == [0]


def test_the_target_may_leave_the_image() -> None:
    model = HART2017(SMALL).eval()
    images, _ = targets(2, 3)
    boxes = torch.tensor([[-500.0, 20.0, 10.0, 10.0], [10.0, 900.0, 0.5, 4.0]])
    for step in model(images, boxes):
        assert step.box_xywh.isfinite().all()
        assert ((step.score >= 0) & (step.score <= 1)).all()


def test_score_says_how_far_mask_and_box_agree() -> None:
    window, box = torch.tensor([[0.0, 0.0, 28.0, 28.0]]), torch.tensor([[0.0, 0.0, 14.0, 28.0]])
    logits = torch.full((1, 14, 14), -20.0)
    logits[..., :7] = 20
    assert_close(agreement(logits, window, box), torch.ones(1), atol=1e-4, rtol=0)
    assert_close(agreement(-logits, window, box), torch.zeros(1), atol=1e-4, rtol=0)
    assert_close(agreement(logits, window, window), torch.full((1,), 0.5), atol=1e-4, rtol=0)
    assert agreement(logits, window, box + 100).item() == 0
