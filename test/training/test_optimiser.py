# SPDX-License-Identifier: Apache-2.0
"""The rate rises, then falls or stays."""

from __future__ import annotations

import pytest

from hart_ros.training.config import OptimiserConfig
from hart_ros.training.optimiser import learning_rate


def test_the_rate_warms_up_and_falls_to_a_fiftieth() -> None:
    config = OptimiserConfig(learning_rate=1.0, warm_up=10)
    rates = [learning_rate(config, step, 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(0.1, rel=1e-3)
    assert rates[500] == pytest.approx(0.51)
    assert rates[1000] == pytest.approx(0.02)
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_the_published_rate_is_constant() -> None:
    config = OptimiserConfig('rmsprop', 3.3e-6, 'constant', warm_up=0)
    assert {learning_rate(config, step, 1000) for step in (0, 500, 1000)} == {3.3e-6}
