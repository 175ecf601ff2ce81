# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""RATM against the equations of its paper."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck
from torch.testing import assert_close

from hart_ros.model.attention import read_glimpse
from hart_ros.model.ratm import (
    IRNN,
    LEAST_SIGMA,
    PUBLISHED,
    RATM,
    RATMConfig,
    attention_of,
    gaussian_grid,
    scaled_about_centre,
    window_of,
)
from hart_ros.model.ratm_features import FeatureCNN
from hart_ros.model.ratm_objectives import (
    classification_loss,
    localisation_loss,
    pixel_loss,
    weight_penalty,
    window_loss,
)

SMALL = RATMConfig((6, 5), 1, 8, (4,), (3,), 7, 2)
SIZE = (12, 17)
BOX = torch.tensor([[4.0, 3.0, 5.0, 4.0], [6.0, 2.0, 8.0, 6.0]])


def small(**changes: object) -> RATM:
    torch.manual_seed(0)
    return RATM(replace(SMALL, **changes))  # type: ignore[arg-type]


def images(frames: int = 3, channels: int = 1) -> Tensor:
    return torch.rand(2, frames, channels, *SIZE, generator=torch.Generator().manual_seed(1))


def test_grid_by_hand() -> None:
    """Equations 6 to 10 for A = 17 columns and B = 12 rows, M = 5 and N = 6."""
    attention = torch.tensor([[0.5, -0.5, -2.0, 0.7, -0.5, 1.0]], dtype=torch.float64)
    grid = gaussian_grid(attention, SIZE, (6, 5))[0]
    stride_x, stride_y = 16 / 4 * 0.5, 11 / 5 * 1.0
    centre_x, centre_y = 1.5 / 2 * 17, 0.5 / 2 * 12
    means_x = [centre_x - 0.5 + (i - 5 / 2 - 0.5) * stride_x for i in range(1, 6)]
    means_y = [centre_y - 0.5 + (j - 6 / 2 - 0.5) * stride_y for j in range(1, 7)]
    want = [means_y[0], means_x[0], 0.7 + LEAST_SIGMA, 2.0 + LEAST_SIGMA, stride_y, stride_x]
    assert_close(grid, torch.tensor(want, dtype=torch.float64))
    box = window_of(attention, SIZE)[0]
    corners = [means_x[0] + 0.5, means_y[0] + 0.5, means_x[-1] - means_x[0]]
    assert_close(box, torch.tensor([*corners, means_y[-1] - means_y[0]], dtype=torch.float64))


def test_the_whole_image_is_read_as_it_is() -> None:
    image = torch.rand(1, 3, *SIZE)
    whole = torch.tensor([[0.0, 0.0, 0.0, 0.0, 1.0, -1.0]])
    assert_close(read_glimpse(image, gaussian_grid(whole, SIZE, SIZE), SIZE), image)


@pytest.mark.parametrize('glimpse', [(6, 5), (2, 9)])
def test_a_glimpse_is_rectangular(glimpse: tuple[int, int]) -> None:
    attention = torch.randn(2, 6)
    seen = read_glimpse(torch.rand(2, 3, *SIZE), gaussian_grid(attention, SIZE, glimpse), glimpse)
    assert seen.shape == (2, 3, *glimpse)
    assert ((seen >= 0) & (seen <= 1)).all()


def test_filters_sum_to_one_however_narrow() -> None:
    attention = torch.tensor([[0.0, 0.0, 0.0, 0.0, 0.03, 0.9]])
    ones = read_glimpse(
        torch.ones(1, 1, 20, 20), gaussian_grid(attention, (20, 20), (7, 7)), (7, 7)
    )
    assert_close(ones, torch.ones_like(ones), atol=0.005, rtol=0)


def test_gradients_of_the_six_parameters() -> None:
    image = torch.rand(2, 2, 7, 9, dtype=torch.float64, requires_grad=True)
    attention = torch.tensor([[0.1, -0.2, 0.6, -0.9, 0.5, 0.8], [0.3, 0.2, -1.1, 0.4, -0.7, 0.2]])
    attention = attention.double().requires_grad_()

    def glimpse(image: Tensor, attention: Tensor) -> Tensor:
        return read_glimpse(image, gaussian_grid(attention, (7, 9), (4, 3)), (4, 3))

    assert gradcheck(glimpse, (image, attention))
    assert gradcheck(lambda a: window_of(a, (7, 9)), attention)


def test_attention_of_a_window_reads_that_window() -> None:
    attention = attention_of(BOX, SIZE, (6, 5))
    assert_close(window_of(attention, SIZE), BOX)
    grid = gaussian_grid(attention, SIZE, (6, 5))
    assert_close(grid[:, 2:4], (0.5 * grid[:, 4:6]).clamp(min=LEAST_SIGMA))


def test_the_irnn_starts_as_the_identity() -> None:
    rnn = IRNN(4, 3)
    assert torch.equal(rnn.from_hidden.weight, torch.eye(3))
    hidden = torch.tensor([[1.0, 0.0, 2.0]])
    assert torch.equal(rnn(torch.zeros(1, 4), hidden), hidden)
    with torch.no_grad():
        rnn.from_input.weight.copy_(-torch.ones(3, 4))
    assert torch.equal(rnn(torch.ones(1, 4), hidden), torch.zeros(1, 3))
    names = [name for name, _ in rnn.named_parameters()]
    assert names == ['from_input.weight', 'from_hidden.weight']  # no bias in equation 1


@pytest.mark.parametrize('name', PUBLISHED)
def test_published_sizes(name: str) -> None:
    config = PUBLISHED[name]
    model = RATM(config)
    units, side = {'balls': (64, 5), 'mnist1': (100, 28), 'mnist2': (100, 28), 'kth': (32, 28)}[
        name
    ]
    assert config.glimpse == (side, side)
    inputs = 64 * 5 * 5 if name == 'kth' else side * side
    assert model.rnn.from_input.weight.shape == (units, inputs)
    assert model.readout.weight.shape == (6, units)
    assert hasattr(model, 'bias') == (name in ('balls', 'mnist1'))


def test_a_given_window_is_the_first() -> None:
    model = small()
    state = model.first_state(BOX, SIZE)
    assert torch.equal(state.attention, state.bias)
    assert_close(window_of(state.attention, SIZE), scaled_about_centre(BOX, 1.5))
    assert_close(model.boxes(state.attention, SIZE), BOX)
    state = small(first_share=0.8, enlarge=1.0).first_state(BOX, SIZE)
    window = window_of(state.attention, SIZE)
    assert_close(window[:, 2:], torch.tensor([[0.8 * 17, 0.8 * 12]] * 2))
    assert_close(window[:, :2] + window[:, 2:] / 2, BOX[:, :2] + BOX[:, 2:] / 2)


def test_a_learnt_window_is_the_first_of_all() -> None:
    model = small(first='image')
    assert_close(
        window_of(model.bias[None], SIZE), torch.tensor([[0.5, 0.5, SIZE[1] - 1, SIZE[0] - 1]])
    )
    followed = model(images(), BOX)
    assert torch.equal(followed.attention[:, 0], model.bias.expand(2, -1))
    followed.glimpse[:, -1].sum().backward()
    assert model.bias.grad is not None
    assert model.bias.grad.abs().sum() > 0


@pytest.mark.parametrize('channels', [1, 3])
def test_steps_are_those_of_the_whole(channels: int) -> None:
    model = small(channels=channels).eval()
    torch.nn.init.normal_(model.readout.weight)
    clip = images(4, channels)
    followed = model(clip, BOX)
    assert followed.attention.shape == (2, 4, 6)
    assert followed.glimpse.shape == (2, 4, channels, 6, 5)
    state = model.init(clip[:, 0], BOX)
    for t in range(1, 4):
        assert_close(state.attention, followed.attention[:, t])
        before = state
        step, state = model.step(clip[:, t], state)
        assert before is not state
        assert_close(step.glimpse, followed.glimpse[:, t])
        assert_close(step.box_xywh, model.boxes(followed.attention[:, t], SIZE))
        assert_close(step.window_xywh, window_of(followed.attention[:, t], SIZE))
        assert step.mask.shape == (2, 1, 1)
        assert ((step.score >= 0) & (step.score <= 1)).all()


def test_the_score_of_the_first_glimpse_is_one() -> None:
    model = small()
    image = images()[:, 0]
    state = model.first_state(BOX, SIZE)
    after = replace(model.init(image, BOX), attention=state.attention)
    assert_close(model.step(image, after)[0].score, torch.ones(2))


def test_features_of_the_cnn() -> None:
    cnn = FeatureCNN((1, 28, 28), (128, 64), (5, 3), 256, 2)
    glimpse = torch.rand(3, 1, 28, 28)
    assert cnn(glimpse).shape == (3, cnn.size) == (3, 1600)
    assert cnn.compared(glimpse).shape == (3, 256)
    assert cnn.logits(glimpse).shape == (3, 2)
    pixels = FeatureCNN((1, 28, 28), (), ())
    assert torch.equal(pixels(glimpse), glimpse.flatten(1))


def test_objectives_by_hand() -> None:
    ones = torch.ones(2, 3, 1, 2, 2)
    assert pixel_loss(ones, torch.zeros(1, 2, 2)) == 4
    attention = attention_of(BOX, SIZE, (6, 5))
    assert localisation_loss(attention, BOX, SIZE).item() == pytest.approx(0, abs=1e-12)
    moved = BOX + torch.tensor([1.7, 0.0, 0.0, 0.0])
    assert localisation_loss(attention, moved, SIZE).item() == pytest.approx(0.01)
    assert window_loss(attention, BOX, SIZE).tolist() == pytest.approx([0, 0], abs=1e-12)
    assert window_loss(attention, moved, SIZE).tolist() == pytest.approx([0.01, 0.01])
    sure = torch.tensor([[50.0, 0.0], [50.0, 0.0]])
    assert classification_loss(sure, torch.tensor([0, 1])) == pytest.approx(1.0)
    model = small()
    torch.nn.init.constant_(model.readout.weight, 2.0)
    torch.nn.init.zeros_(model.rnn.from_input.weight)
    assert weight_penalty(model) == 6 * 8 * 4
