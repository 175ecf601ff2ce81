# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
from math import log

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.hart_2017 import HART2017Config, HART2017Output
from hart_ros.model.losses import (
    HART2017Loss,
    LearntWeights,
    appearance_loss,
    spatial_attention_loss,
    tracking_loss,
    weight_decay,
)

IMAGE = (100, 100)
BOX = [10.0, 10.0, 20.0, 10.0]
HALF = [20.0, 10.0, 20.0, 10.0]  # half of it in BOX: IoU 1/3
DEGENERATE = {
    'apart': [80.0, 80.0, 5.0, 5.0],
    'a point': [12.0, 12.0, 0.0, 0.0],
    'inside out': [30.0, 20.0, -20.0, -10.0],
    'touching': [30.0, 10.0, 20.0, 10.0],
    'the whole image': [0.0, 0.0, 100.0, 100.0],
    'larger than the image': [-1e4, -1e4, 1e5, 1e5],
    'the same': BOX,
}


def clip(*boxes: list[float]) -> Tensor:
    """One target, a box a step: (1, T, 4)."""
    return torch.tensor([boxes])


def always(boxes: Tensor) -> Tensor:
    return torch.ones(boxes.shape[:2], dtype=torch.bool)


def test_tracking_loss_by_hand() -> None:
    truth, predicted = clip(BOX, BOX, BOX), clip(HALF, BOX, HALF)
    loss = tracking_loss(predicted, truth, always(truth))
    assert_close(float(loss), 0.5 * (log(1) + log(3)), atol=1e-5, rtol=0)  # not the first step


def test_absent_targets_and_empty_steps_are_left_out() -> None:
    truth = torch.tensor([[BOX] * 4, [BOX] * 4])
    predicted = torch.tensor([[BOX, HALF, BOX, HALF], [BOX, BOX, HALF, HALF]])
    present = torch.tensor([[1, 1, 0, 0], [1, 1, 1, 0]]).bool()
    # Step 1: both, log(3) / 2. Step 2: the second, log 3. Step 3: none.
    loss = tracking_loss(predicted, truth, present)
    assert_close(float(loss), 0.5 * (0.5 * log(3) + log(3)), atol=1e-5, rtol=0)
    assert tracking_loss(predicted, truth, torch.zeros(2, 4).bool()) == 0
    assert tracking_loss(predicted[:, :1], truth[:, :1], present[:, :1]) == 0


def test_spatial_loss_by_hand() -> None:
    truth, windows = clip(BOX, BOX), clip(BOX, HALF)
    loss = spatial_attention_loss(windows, truth, IMAGE, always(truth))
    assert_close(float(loss), -log(0.5) - log(1 - 200 / 10_000), atol=1e-5, rtol=0)


def test_spatial_loss_asks_for_a_window_that_covers_but_is_not_larger() -> None:
    def loss(window: list[float]) -> float:
        truth = clip(BOX, BOX)
        return float(spatial_attention_loss(clip(BOX, window), truth, IMAGE, always(truth)))

    assert loss(BOX) < loss([5.0, 5.0, 30.0, 20.0]) < loss([0.0, 0.0, 60.0, 60.0])
    assert loss(BOX) < loss(HALF)


def test_a_window_larger_than_the_image_is_still_pulled_back() -> None:
    truth = clip(BOX, BOX)
    windows = clip(BOX, [-20.0, -20.0, 150.0, 150.0]).requires_grad_()
    spatial_attention_loss(windows, truth, IMAGE, always(truth)).backward()
    assert windows.grad is not None
    assert (windows.grad[0, 1, 2:] > 0).all()


@given(st.integers(1, 14), st.integers(1, 14))
def test_both_kinds_of_cells_count_alike(w: int, h: int) -> None:
    """Logits of 0 cost log 2 for the target and log 2 for the background, whatever its size."""
    windows, truth = clip([0.0, 0.0, 28.0, 28.0]), clip([0.0, 0.0, 2.0 * w, 2.0 * h])
    loss = appearance_loss(torch.zeros(1, 1, 14, 14), windows, truth, always(truth))
    kinds = 1 if w == h == 14 else 2
    assert_close(float(loss), kinds * log(2), atol=1e-5, rtol=0)


def test_appearance_loss_by_hand() -> None:
    windows = clip([0.0, 0.0, 28.0, 28.0])
    truth = clip([0.0, 0.0, 14.0, 14.0])  # a quarter of the cells
    logits = torch.full((1, 1, 14, 14), -2.0)
    logits[..., :7, :7] = 1.0
    target, background = log(1 + torch.e**-1), log(1 + torch.e**-2)
    loss = appearance_loss(logits, windows, truth, always(truth))
    assert_close(float(loss), target + background, atol=1e-5, rtol=0)


def test_appearance_of_absent_targets_is_left_out() -> None:
    windows, truth = clip(BOX, BOX), clip(BOX, HALF)
    logits = torch.randn(1, 2, 14, 14)
    first = appearance_loss(logits[:, :1], windows[:, :1], truth[:, :1], always(truth[:, :1]))
    assert_close(appearance_loss(logits, windows, truth, torch.tensor([[True, False]])), first)
    assert appearance_loss(logits, windows, truth, torch.zeros(1, 2).bool()) == 0


def test_weight_decay_by_hand() -> None:
    layer = nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 4.0]]))
        layer.bias.fill_(100)  # biases do not count
    assert weight_decay(layer, torch.tensor([[1.0, 3.0]])).item() == 12.5 + 2


def test_learnt_weights_by_hand() -> None:
    weights, losses = LearntWeights(3), torch.tensor([0.5, 2.0, 4.0])
    assert_close(weights(losses).item(), 6.5, atol=1e-5, rtol=0)  # lambda = 1 at first
    with torch.no_grad():
        weights.w.fill_(2.0)
    assert_close(weights(losses).item(), 4 * 6.5 - 3 * log(4), atol=1e-4, rtol=0)


def test_learnt_weights_settle_at_the_inverse_of_the_loss() -> None:
    """d/dw = 2 w (L - 1 / lambda): a task of larger loss is given less weight."""
    weights, losses = LearntWeights(2).double(), torch.tensor([0.25, 4.0]).double()
    weights(losses).backward()
    assert weights.w.grad is not None
    assert_close(weights.w.grad, 2 * (losses - 1), atol=1e-6, rtol=0)
    with torch.no_grad():
        weights.w.copy_(losses.rsqrt())
    (at_rest,) = torch.autograd.grad(weights(losses), weights.w)
    assert_close(at_rest, torch.zeros(2).double(), atol=1e-6, rtol=0)
    assert gradcheck(
        lambda w, x: torch.func.functional_call(weights, {'w': w}, (x,)),
        (torch.tensor([0.7, -1.3]).double().requires_grad_(), losses.requires_grad_()),
    )


@pytest.mark.parametrize('box', DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize('other', DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_boxes_give_finite_losses(box: list[float], other: list[float]) -> None:
    predicted, truth = clip(BOX, box).requires_grad_(), clip(BOX, other)
    logits = torch.randn(1, 2, 14, 14, requires_grad=True)
    total = tracking_loss(predicted, truth, always(truth))
    total = total + spatial_attention_loss(predicted, truth, IMAGE, always(truth))
    total = total + appearance_loss(logits, predicted, truth, always(truth))
    total.backward()
    assert total.isfinite()
    assert predicted.grad is not None
    assert predicted.grad.isfinite().all()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_gradients() -> None:
    truth = torch.tensor([[BOX] * 3, [HALF] * 3]).double()
    predicted = (truth + torch.tensor([3.3, -2.2, 1.7, 4.1])).requires_grad_()
    logits = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    present = torch.tensor([[1, 1, 1], [1, 1, 0]]).bool()
    assert gradcheck(lambda p: tracking_loss(p, truth, present), predicted)
    assert gradcheck(lambda p: spatial_attention_loss(p, truth, IMAGE, present), predicted)
    assert gradcheck(
        lambda z: appearance_loss(z, predicted.detach(), truth, present), logits, fast_mode=True
    )


def step(box: list[float], window: list[float]) -> HART2017Output:
    return HART2017Output(
        box_xywh=torch.tensor([box]),
        score=torch.ones(1),
        window_xywh=torch.tensor([window]),
        glimpse=torch.zeros(1, 3, 4, 4),
        mask_logits=torch.zeros(1, 14, 14),
        filter_energy=torch.tensor([3.0]),
    )


@pytest.mark.parametrize('appearance', [True, False])
def test_all_losses_together(appearance: bool) -> None:
    objective = HART2017Loss(HART2017Config(appearance_loss=appearance))
    model, truth = nn.Linear(2, 1), clip(BOX, BOX)
    steps = [step(BOX, BOX), step(HALF, HALF)]
    terms = objective(model, steps, truth, IMAGE)
    expected = terms.tracking + terms.spatial + terms.appearance + 1e-4 * terms.decay
    assert_close(terms.total, expected, atol=1e-5, rtol=0)
    assert_close(float(terms.tracking), log(3), atol=1e-5, rtol=0)
    assert_close(terms.decay, 0.5 * model.weight.square().sum() + 3)
    assert (terms.appearance > 0) == appearance
    assert objective.weights.w.numel() == (3 if appearance else 2)
