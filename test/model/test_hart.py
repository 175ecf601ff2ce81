# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
from dataclasses import fields
from math import exp
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.hart import HART, HartConfig, HartState
from hart_ros.model.state import StepOutput

SMALL = HartConfig(
    glimpse_size=16,
    v1_widths=(4, 6),
    v1_strides=(2, 2),
    key_width=5,
    template_grid=2,
    running_filters=2,
    ventral_width=3,
    dorsal_width=4,
    hidden=6,
)


def targets(batch: int, steps: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Images (B, T, 3, 48, 64) and first boxes (B, 4), whose windows lie on the image."""
    images = torch.rand(batch, steps, 3, 48, 64, dtype=dtype)
    box = torch.tensor([24.0, 18.0, 12.0, 10.0], dtype=dtype)
    return images, box + 0.7 * torch.arange(batch)[:, None]


def small(dtype: torch.dtype = torch.float64) -> HART:
    return HART(SMALL).to(dtype).eval()


def copied(record: HartState | StepOutput) -> dict[str, Tensor]:
    return {field.name: getattr(record, field.name).detach().clone() for field in fields(record)}


def test_shapes_of_the_shipped_configuration() -> None:
    model = HART().eval()
    config = model.config
    images, boxes = targets(2, 2)
    state = model.init(images[:, 0], boxes)
    step, state = model.step(images[:, 1], state)
    assert {name: tuple(value.shape) for name, value in copied(step).items()} == {
        'box_xywh': (2, 4),
        'score': (2,),
        'window_xywh': (2, 4),
        'glimpse': (2, 3, config.glimpse_size, config.glimpse_size),
        'mask_logits': (2, config.cells, config.cells),
    }
    assert {name: tuple(value.shape) for name, value in copied(state).items()} == {
        'box_xywh': (2, 4),
        'template': (2, config.template_grid**2, config.key_width),
        'cell': (2, config.hidden),
        'output': (2, config.hidden),
        'motion': (2, 4),
        'score': (2,),
    }


@pytest.mark.parametrize(('size', 'strides'), [(112, (2, 2, 1, 2, 1, 1)), (17, (2, 2)), (9, (1,))])
def test_cells_is_the_side_of_the_features(size: int, strides: tuple[int, ...]) -> None:
    config = HartConfig(glimpse_size=size, v1_widths=(2,) * len(strides), v1_strides=strides)
    features = HART(config).v1(torch.rand(1, 3, size, size))
    assert features.shape[-2:] == (config.cells, config.cells)


@given(st.floats(-100, 500), st.floats(-100, 500), st.floats(2, 300), st.floats(2, 300))
def test_window_is_the_box_with_an_equal_margin(x: float, y: float, w: float, h: float) -> None:
    box = torch.tensor([[x, y, w, h]], dtype=torch.float64)
    margin = SMALL.margin * (w * h) ** 0.5
    expected = [x - margin, y - margin, w + 2 * margin, h + 2 * margin]
    assert small().first_window_xywh(box)[0].tolist() == pytest.approx(expected)


def test_doubt_widens_the_window() -> None:
    box = torch.tensor([[10.0, 20.0, 40.0, 40.0]]).expand(4, 4)
    window = small().window_xywh(box, torch.tensor([1.0, 0.6, 0.3, 0.0]))
    sides = 40 + 2 * 40 * SMALL.margin * torch.tensor([1.0, 1.0, 1.5, 2.0])
    assert_close(window[:, 2], sides)
    assert_close(window[:, :2] + window[:, 2:] / 2, box[:, :2] + 20)


def test_step_reads_the_window_of_the_last_box() -> None:
    model = small()
    images, boxes = targets(2, 3, torch.float64)
    state = model.init(images[:, 0], boxes)
    for t in (1, 2):
        step, following = model.step(images[:, t], state)
        assert_close(step.window_xywh, model.next_window_xywh(state))
        assert_close(step.box_xywh, following.box_xywh)
        state = following


def test_init_and_step_are_the_clip_in_pieces() -> None:
    model = small()
    images, boxes = targets(2, 4, torch.float64)
    state = model.init(images[:, 0], boxes)
    steps = model(images, boxes)
    assert len(steps) == 3
    for t, expected in enumerate(steps, 1):
        step, state = model.step(images[:, t], state)
        for name, value in copied(expected).items():
            assert_close(getattr(step, name).detach(), value)


def test_a_box_moves_in_units_of_itself() -> None:
    """Shift of the centre in widths and heights, then log-scale."""
    model = small()
    motion = torch.tensor([0.2, -0.1, 0.3, -0.25], dtype=torch.float64)
    last = model.readout[-1]
    assert isinstance(last, torch.nn.Linear)
    with torch.no_grad():
        last.weight.zero_()
        last.bias[:4] = torch.atanh(2 * motion)
        last.bias[4] = -1e3  # the memory overrules the vote
    images, _ = targets(1, 2, torch.float64)
    state = model.init(images[:, 0], torch.tensor([[20.0, 15.0, 10.0, 20.0]], dtype=torch.float64))
    step, following = model.step(images[:, 1], state)
    w, h = 10 * exp(0.3), 20 * exp(-0.25)
    expected = [25 + 0.2 * 10 - w / 2, 25 - 0.1 * 20 - h / 2, w, h]
    assert step.box_xywh[0].tolist() == pytest.approx(expected)
    assert_close(following.motion[0], motion)


def test_features_are_compared_by_direction_only() -> None:
    model = small()
    images, boxes = targets(1, 2, torch.float64)
    before = model(images, boxes)[0].mask_logits
    with torch.no_grad():
        for parameter in model.to_keys.parameters():
            parameter.mul_(3)
    assert_close(model(images, boxes)[0].mask_logits, before)


def test_template_has_unit_length_and_never_changes() -> None:
    model = small()
    images, boxes = targets(2, 2, torch.float64)
    state = model.init(images[:, 0], boxes)
    assert_close(state.template.norm(dim=-1), torch.ones(2, 4, dtype=torch.float64))
    _, following = model.step(images[:, 1], state)
    assert torch.equal(following.template, state.template)


def test_a_certain_score_can_be_unlearned_in_half_precision() -> None:
    model = HART(SMALL)
    images, boxes = targets(1, 2)
    state = model.init(images[:, 0], boxes)
    with torch.no_grad():
        model.readout[-1].bias[5] = 7.0  # type: ignore[index, union-attr]
    with torch.autocast('cpu', torch.bfloat16):
        score = model.step(images[:, 1], state)[0].score
    assert 0.99 < score.item() < 1
    torch.nn.functional.binary_cross_entropy(score, torch.zeros(1)).backward()
    assert model.readout[-1].bias.grad[5] > 0.9  # type: ignore[index, union-attr]


def test_a_step_does_not_modify_its_state() -> None:
    model = small()
    images, boxes = targets(2, 2, torch.float64)
    state = model.init(images[:, 0], boxes)
    before = copied(state)
    model.step(images[:, 1], state)
    for name, value in before.items():
        assert torch.equal(getattr(state, name), value), name


def test_evaluation_is_deterministic() -> None:
    model = HART().eval()
    images, boxes = targets(2, 3)
    for first, second in zip(model(images, boxes), model(images, boxes)):
        assert torch.equal(first.box_xywh, second.box_xywh)
        assert torch.equal(first.score, second.score)


def test_targets_do_not_depend_on_each_other() -> None:
    model = small()
    images, boxes = targets(3, 3, torch.float64)
    together = model(images, boxes)
    for k in range(3):
        for many, one in zip(together, model(images[k : k + 1], boxes[k : k + 1])):
            assert_close(many.box_xywh[k], one.box_xywh[0])
            assert_close(many.mask_logits[k], one.mask_logits[0])
            assert_close(many.score[k], one.score[0])


def test_units_are_those_of_the_box_not_of_the_image() -> None:
    """The same picture with a border added: the same track, moved by the border."""
    model = small()
    images, boxes = targets(1, 3, torch.float64)
    wider = torch.nn.functional.pad(images[0], (20, 3, 5, 8))[None]
    shift = torch.tensor([20, 5, 0, 0], dtype=torch.float64)
    for before, after in zip(model(images, boxes), model(wider, boxes + shift)):
        assert_close(after.box_xywh, before.box_xywh + shift)


def test_every_parameter_receives_a_gradient() -> None:
    model = HART().train()
    images, boxes = targets(2, 4)
    steps = model(images, boxes)
    assert len(steps) == 3
    total = sum(
        (step.box_xywh - boxes - 1).square().mean() + step.score.sum() + step.mask.mean()
        for step in steps
    )
    assert isinstance(total, Tensor)
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_gradients_of_init_and_of_a_step() -> None:
    """All parameters, images and recurrent state; not the last box, which is taken as given."""
    model = small()
    with torch.no_grad():  # a bias of zero puts what is empty on the kink of a ReLU
        for parameter in model.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    images, boxes = targets(2, 2, torch.float64)
    names = [name for name, _ in model.named_parameters()]
    values = [p.detach().clone().requires_grad_() for p in model.parameters()]

    def run(images: Tensor, *parameters: Tensor) -> Any:
        step = torch.func.functional_call(model, dict(zip(names, parameters)), (images, boxes))[0]
        return step.box_xywh, step.score, step.mask_logits, step.glimpse

    assert gradcheck(run, (images.requires_grad_(), *values), fast_mode=True)

    def from_state(cell: Tensor, output: Tensor, motion: Tensor, template: Tensor) -> Any:
        state = HartState(boxes, template, cell, output, motion, boxes.new_ones(2))
        step, following = model.step(images.detach()[:, 1], state)
        return step.box_xywh, step.score, step.mask_logits, following.cell, following.output

    inputs = [torch.randn(2, n, dtype=torch.float64, requires_grad=True) for n in (6, 6, 4)]
    template = torch.randn(2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert gradcheck(from_state, (*inputs, template))


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(1e-3, 1e4), st.floats(1e-3, 1e4))
def test_any_box_gives_a_finite_track(x: float, y: float, w: float, h: float) -> None:
    model = small(torch.float32)
    images, _ = targets(1, 3)
    with torch.no_grad():
        for step in model(images, torch.tensor([[x, y, w, h]])):
            assert step.box_xywh.isfinite().all()
            assert (step.box_xywh[:, 2:] >= 2).all()
            assert ((step.score >= 0) & (step.score <= 1)).all()
            assert ((step.mask >= 0) & (step.mask <= 1)).all()
