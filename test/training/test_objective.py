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
from hart_ros.training.config import LossConfig
from hart_ros.training.frames import Sequence
from hart_ros.training.mixture import ClipMixture
from hart_ros.training.objective import (
    Look,
    _steps,
    absence_loss,
    drawn_box,
    elsewhere,
    step_loss,
    unroll,
)

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


def look_away(model: HART, clip: dict[str, torch.Tensor]) -> tuple[Look, torch.Tensor]:
    state = model.init(clip['images'][:, 0].float() / 255.0, clip['boxes'][:, 0])
    return elsewhere(model, clip, -1, state)


def test_a_score_is_learnt_for_what_is_not_the_target(sequence: Sequence) -> None:
    mixture = ClipMixture([sequence], 3, 0)
    batch = {name: torch.stack((mixture[0][name], mixture[1][name])) for name in mixture[0]}
    torch.manual_seed(0)
    model = HART(SMALL)

    def loss() -> torch.Tensor:
        look, counts = look_away(model, batch)
        step, _ = model.step_from_glimpse(*look.glimpse, look.window, look.state)
        return absence_loss(step.score, counts)

    losses = learnt(model, loss)
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_one_target_alone_is_looked_for_away_from_its_truth(sequence: Sequence) -> None:
    clip = {name: value[None] for name, value in ClipMixture([sequence], 3, 0)[0].items()}
    model = HART(SMALL).eval()
    counts = {float(look_away(model, clip)[1]) for _ in range(20)}
    assert counts == {0.0, 1.0}  # a look at the target, or another clip's where there is none


def test_the_network_looks_elsewhere_at_any_step_and_in_one_batch_with_the_targets(
    sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the step's number, or by a batch without any target, it could be told with no look."""
    clips = ClipMixture([sequence], 5, 0)
    batch = {name: torch.stack((clips[0][name], clips[1][name])) for name in clips[0]}
    astray = set()

    def noted(model: HART, clip: dict[str, torch.Tensor], t: int, state: HartState) -> Any:
        astray.add(t)
        return elsewhere(model, clip, t, state)

    monkeypatch.setattr('hart_ros.training.objective.elsewhere', noted)
    model = HART(SMALL).eval()
    ordinary, sizes = model.step_from_glimpse, []

    def step(*look: Any) -> Any:
        sizes.append(len(look[0]))
        return ordinary(*look)

    monkeypatch.setattr(model, 'step_from_glimpse', step)
    torch.manual_seed(0)
    with torch.no_grad():
        for _ in range(30):
            unroll(model, batch, half=False)
    assert astray == {1, 2, 3, 4}
    assert sorted(sizes) == [2] * 90 + [4] * 30


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
        unroll(model, batch, False, 0, LossConfig(elsewhere=0), steady=True)
    for (before, after), (following, _) in pairwise(steps):
        first = aspect_of(steps[0][0].box_xywh)
        expected = steadied(before.box_xywh, after.box_xywh, first)
        torch.testing.assert_close(following.box_xywh, expected)


def test_looking_elsewhere_leaves_the_targets_as_they_are(sequence: Sequence) -> None:
    clips = ClipMixture([sequence], 3, 0)
    batch = {name: torch.stack((clips[0][name], clips[1][name])) for name in clips[0]}
    model = HART(SMALL).eval()
    state = model.init(batch['images'][:, 0].float() / 255.0, batch['boxes'][:, 0])
    window = model.next_window_xywh(state)
    look = Look(state, window, model.read_glimpse(batch['images'][:, 1].float() / 255.0, window))
    with torch.no_grad():
        [(alone, _)] = _steps(model, [look], half=False)
        (beside, after), _ = _steps(model, [look, look_away(model, batch)[0]], half=False)
    torch.testing.assert_close(beside.box_xywh, alone.box_xywh)
    torch.testing.assert_close(after.score, alone.score)
