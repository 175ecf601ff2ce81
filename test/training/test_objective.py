# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Losses with known values, and a network that learns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from hart_ros.model.hart import HART, HartConfig
from hart_ros.model.state import StepOutput
from hart_ros.training.config import LossConfig
from hart_ros.training.frames import Sequence
from hart_ros.training.mixture import ClipMixture
from hart_ros.training.objective import drawn_box, elsewhere_loss, step_loss, unroll

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
        loss, *_ = unroll(model, batch, False, truncate)
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
    for losses in (LossConfig(elsewhere=0), LossConfig(mask=0, score=0, elsewhere=0)):
        torch.manual_seed(0)
        logs.append(unroll(HART(SMALL).eval(), batch, False, 0, losses)[1])
    usual, alone = logs
    assert usual['loss'] == pytest.approx(usual['box'] + 0.5 * usual['mask'] + 0.3 * usual['score'])
    assert alone['loss'] == pytest.approx(alone['box'])


def test_a_score_is_learnt_for_what_is_not_the_target(sequence: Sequence) -> None:
    mixture = ClipMixture([sequence], 3, 0)
    batch = {name: torch.stack((mixture[0][name], mixture[1][name])) for name in mixture[0]}
    torch.manual_seed(0)
    model = HART(SMALL)

    def loss() -> torch.Tensor:
        state = model.init(batch['images'][:, 0].float() / 255.0, batch['boxes'][:, 0])
        return elsewhere_loss(model, batch, -1, state, False)

    losses = learnt(model, loss)
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_one_target_alone_is_looked_for_away_from_its_truth(sequence: Sequence) -> None:
    clip = {name: value[None] for name, value in ClipMixture([sequence], 3, 0)[0].items()}
    model = HART(SMALL).eval()
    state = model.init(clip['images'][:, 0].float() / 255.0, clip['boxes'][:, 0])
    losses = [float(elsewhere_loss(model, clip, -1, state, False).detach()) for _ in range(20)]
    assert 0.0 in losses  # a look at the target, or another clip's where there is none
    assert max(losses) > 0


def test_the_network_looks_elsewhere_at_any_step(
    sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it always at the last one, the memory would count, and the score fall at that time."""
    batch = {name: value[None] for name, value in ClipMixture([sequence], 5, 0)[0].items()}
    steps = set()

    def noted(model: HART, clip: dict[str, torch.Tensor], t: int, *_: object) -> torch.Tensor:
        steps.add(t)
        return torch.zeros(())

    monkeypatch.setattr('hart_ros.training.objective.elsewhere_loss', noted)
    model = HART(SMALL).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for _ in range(30):
            unroll(model, batch, half=False)
    assert steps == {1, 2, 3, 4}
