# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The rate rises, then falls or stays."""

from __future__ import annotations

import pytest
import torch

from hart_ros.training.config import OptimiserConfig
from hart_ros.training.optimiser import learning_rate, make_optimiser


def test_the_rate_warms_up_and_falls_to_a_fiftieth() -> None:
    config = OptimiserConfig(learning_rate=1.0, warm_up=10)
    rates = [learning_rate(config, step, 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(0.1, rel=1e-3)
    assert rates[500] == pytest.approx(0.51)
    assert rates[1000] == pytest.approx(0.02)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_rmsprop_is_that_of_tensorflow() -> None:
    """Squares fade by a tenth a step, and count as 1e-10 at least."""
    weight = torch.nn.Linear(1, 1, bias=False)
    optimiser = make_optimiser(OptimiserConfig('rmsprop', 0.1, momentum=0.5), weight)
    expected, mean, speed = float(weight.weight.detach()), 0.0, 0.0
    for gradient in (2.0, -1.0, 0.0, 1e-7):
        weight.weight.grad = torch.tensor([[gradient]])
        optimiser.step()
        mean = 0.9 * mean + 0.1 * gradient**2
        speed = 0.5 * speed + gradient / (mean**0.5 + 1e-5)
        expected -= 0.1 * speed
    assert float(weight.weight.detach()) == pytest.approx(expected, rel=1e-5)


def test_the_published_rate_is_constant() -> None:
    config = OptimiserConfig('rmsprop', 3.3e-6, 'constant', warm_up=0)
    assert {learning_rate(config, step, 1000) for step in (0, 500, 1000)} == {3.3e-6}
