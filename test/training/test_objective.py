# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Losses with known values, and a network that learns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from hart_ros.model.hart import HART, HartConfig, HartState
from hart_ros.model.state import StepOutput
from hart_ros.tracking.networks import aspect_of, steadied
from hart_ros.training.config import CurriculumConfig, LossConfig
from hart_ros.training.frames import Sequence
from hart_ros.training.mixture import ClipMixture
from hart_ros.training.objective import Astray, drawn_box, step_loss, unroll

SMALL = HartConfig(glimpse_size=48, v1_widths=(8, 16, 16, 16, 16, 16), hidden=32)


def test_the_drawn_box_has_the_share_of_each_cell() -> None:
    window = torch.tensor([[10.0, 20.0, 40.0, 80.0]])
    box = torch.tensor([[20.0, 50.0, 15.0, 40.0]])  # cells of 10 x 20: columns 1-2.5, rows 1.5-3.5
    want = torch.outer(torch.tensor([0, 0.5, 1, 0.5]), torch.tensor([0, 1, 0.5, 0]))
    torch.testing.assert_close(drawn_box(box, window, 4)[0], want)


def step_of(box: list[float], score: float, mask: torch.Tensor) -> StepOutput:
    window = torch.tensor([[0.0, 0.0, 100.0, 100.0]])
    return StepOutput(
        torch.tensor([box]), torch.tensor([score]), window, torch.zeros(1, 3, 4, 4), mask
    )


def test_a_perfect_step_costs_next_to_nothing() -> None:
    truth = torch.tensor([[25.0, 25.0, 50.0, 50.0]])
    mask = 40 * drawn_box(truth, torch.tensor([[0.0, 0.0, 100.0, 100.0]]), 4) - 20
    loss, log = step_loss(step_of([25, 25, 50, 50], 0.999, mask), truth, torch.tensor([True]))
    assert float(loss) == pytest.approx(0, abs=0.01)
    assert log['iou'] == pytest.approx(1, abs=1e-4)


def test_worse_steps_cost_more() -> None:
    truth = torch.tensor([[25.0, 25.0, 50.0, 50.0]])
    mask = torch.zeros(1, 4, 4)
    there = torch.tensor([True])
    boxes = ([25, 25, 50, 50], [30, 25, 50, 50], [50, 50, 50, 50], [90, 90, 5, 5])
    losses = [float(step_loss(step_of(list(b), 0.5, mask), truth, there)[0]) for b in boxes]
    assert losses == sorted(losses)


def test_an_absent_target_teaches_the_score_alone() -> None:
    truth = torch.tensor([[25.0, 25.0, 50.0, 50.0]])
    mask = torch.zeros(1, 4, 4)
    absent = torch.tensor([False])
    _, log = step_loss(step_of([90, 90, 5, 5], 0.25, mask), truth, absent)
    assert log['box'] == log['mask'] == 0
    assert log['score'] == pytest.approx(-np.log(0.75), rel=1e-5)


def test_a_target_outside_the_window_teaches_the_score_alone() -> None:
    there, mask = torch.tensor([True]), torch.zeros(1, 4, 4)
    truth = torch.tensor([[125.0, 25.0, 50.0, 50.0]])
    _, log = step_loss(step_of([60, 25, 50, 50], 0.25, mask), truth, there)
    assert log['box'] == log['mask'] == 0
    assert log['score'] == pytest.approx(-np.log(0.75), rel=1e-5)


def test_truncation_keeps_the_loss_and_cuts_the_gradient(sequence: Sequence) -> None:
    mixture = ClipMixture([sequence], 4, 0)
    batch = {name: value[None].expand(2, *value.shape) for name, value in mixture[0].items()}
    gradients, losses = [], []
    for truncate in (0, 3, 1):
        torch.manual_seed(0)
        model = HART(SMALL)
        loss, *_ = unroll(model, batch, False, CurriculumConfig(truncate=truncate))
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(loss.detach())
        assert model.lstm.weight_hh.grad is not None
        gradients.append(model.lstm.weight_hh.grad)
    assert losses[0] == losses[1] == losses[2]
    assert torch.equal(gradients[0], gradients[1])  # three steps in all
    assert not torch.equal(gradients[0], gradients[2])


def learnt(model: HART, loss: Callable[[], torch.Tensor]) -> list[float]:
    """Losses of 40 steps of a training."""
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        value = loss()
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(value.detach()))
    return losses


@pytest.mark.parametrize('half', [False, True])
def test_the_network_learns_a_clip(sequence: Sequence, half: bool) -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    mixture = ClipMixture([sequence], 3, 0)
    clips = [mixture.sample(rng) for _ in range(2)]
    batch = {
        'images': torch.stack(
            [torch.from_numpy(c.images[..., ::-1].copy()).permute(0, 3, 1, 2) for c in clips]
        ),
        'boxes': torch.stack([torch.from_numpy(c.boxes) for c in clips]),
        'present': torch.stack([torch.from_numpy(c.present) for c in clips]),
    }
    model = HART(SMALL)
    losses = learnt(model, lambda: unroll(model, batch, half)[0])
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_losses_weigh_as_they_are_set(sequence: Sequence) -> None:
    batch = {name: value[None] for name, value in ClipMixture([sequence], 3, 0)[0].items()}
    logs = []
    for losses in (LossConfig(), LossConfig(mask=0, score=0)):
        torch.manual_seed(0)
        logs.append(unroll(HART(SMALL).eval(), batch, False, losses=losses)[1])
    usual, alone = logs
    assert usual['loss'] == pytest.approx(usual['box'] + 0.5 * usual['mask'] + 0.3 * usual['score'])
    assert alone['loss'] == pytest.approx(alone['box'])


def test_a_target_is_lost_at_any_step_alike() -> None:
    """Else the memory would count, and the score fall with the number of the step."""
    torch.manual_seed(0)
    astray = Astray.drawn(torch.zeros(20_000, 12, 4), 0.5)
    gone = torch.stack([astray.gone(t) for t in range(1, 12)]).float().mean(1)
    assert float(gone.std()) < 0.005
    assert 0.1 < float(gone.mean()) < 0.25
    assert not Astray.drawn(torch.zeros(50, 12, 4), 0.0).gone(5).any()


def test_what_goes_astray_is_put_back() -> None:
    torch.manual_seed(0)
    astray = Astray(
        torch.tensor([2, 2, 5]), torch.tensor([4, 4, 3]), torch.tensor([True, False, False])
    )
    boxes = torch.tensor([[50.0, 50, 40, 10], [0, 0, 9, 9], [10, 10, 20, 20]])
    images = torch.zeros(3, 5, 3, 480, 640)
    state = HartState(boxes + 1, *(torch.zeros(3, 1) for _ in range(4)), score=torch.ones(3))
    for t in (1, 3):
        assert torch.equal(astray.led(state, t, boxes, images).box_xywh, state.box_xywh)
    away = astray.led(state, 2, boxes, images)
    # On the target of the clip before, which is what it sees; as large, with its own shape.
    x, y, w, h = away.box_xywh[0].tolist()
    assert (x + w / 2, y + h / 2) == pytest.approx((20, 20), abs=12)
    assert w > 2 * h
    assert torch.equal(away.box_xywh[2], state.box_xywh[2]) and away.score[2] == 1
    assert astray.gone(2).tolist() == astray.gone(3).tolist() == [True, True, False]
    back = astray.led(state, 4, boxes, images)
    torch.testing.assert_close(back.box_xywh[:2], boxes[:2], atol=12, rtol=0)
    assert not astray.gone(4).any()


def test_a_clip_that_goes_astray_sees_another(monkeypatch: pytest.MonkeyPatch) -> None:
    clip = {
        'images': torch.stack([torch.full((3, 3, 96, 96), v, dtype=torch.uint8) for v in (0, 255)]),
        'boxes': torch.tensor([30.0, 30, 30, 30]).expand(2, 3, 4),
        'present': torch.ones(2, 3, dtype=torch.bool),
    }
    drawn = Astray(torch.tensor([1, 3]), torch.tensor([3, 3]), torch.tensor([True, True]))
    monkeypatch.setattr(Astray, 'drawn', lambda *_: drawn)
    with torch.no_grad():
        _, log, (glimpse, _) = unroll(HART(SMALL).eval(), clip, False, CurriculumConfig(astray=1.0))
    assert glimpse.mean((1, 2, 3)).tolist() == pytest.approx([1.0, 1.0], abs=0.2)
    assert log['iou'] > 0  # of the one that stayed


@pytest.mark.parametrize('seed', range(3))
def test_a_score_is_learnt_for_what_is_not_the_target(
    sequence: Sequence, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    mixture = ClipMixture([sequence], 3, 0)
    batch = {name: torch.stack((mixture[0][name], mixture[1][name])) for name in mixture[0]}
    always = Astray(torch.tensor([1, 1]), torch.tensor([3, 3]), torch.tensor([True, True]))
    monkeypatch.setattr(Astray, 'drawn', lambda *_: always)
    torch.manual_seed(seed)
    model = HART(SMALL)
    losses = learnt(model, lambda: unroll(model, batch, False, CurriculumConfig(astray=1.0))[0])
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_boxes_between_frames_may_be_steadied(
    sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = {name: value[None] for name, value in ClipMixture([sequence], 5, 0)[0].items()}
    monkeypatch.setattr('hart_ros.training.objective._disturbed', lambda state: state)
    monkeypatch.setattr('hart_ros.training.objective._restarted', lambda state, *_: state)
    model = HART(SMALL).eval()
    ordinary, steps = model.step_from_glimpse, []

    def step(*look: Any) -> Any:
        steps.append((look[-1], ordinary(*look)[1]))
        return ordinary(*look)

    monkeypatch.setattr(model, 'step_from_glimpse', step)
    with torch.no_grad():
        unroll(model, batch, False, CurriculumConfig(steady=True))
    for (before, after), (following, _) in pairwise(steps):
        first = aspect_of(steps[0][0].box_xywh)
        expected = steadied(before.box_xywh, after.box_xywh, first)
        torch.testing.assert_close(following.box_xywh, expected)
