# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How weights follow gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from .config import OptimiserConfig


def make_optimiser(
    config: OptimiserConfig, model: nn.Module, losses: Sequence[nn.Parameter] = ()
) -> torch.optim.Optimizer:
    """AdamW, or RMSProp as published, of a network and the learnt weights of its losses.

    The latter are in a group of their own, without decay.
    """
    groups: list[dict[str, Any]] = [{'params': list(model.parameters())}]
    if losses:
        groups.append({'params': list(losses), 'weight_decay': 0.0})
    if config.kind == 'rmsprop':
        # Decay and floor of the squares are TensorFlow's, in which the authors trained.
        return torch.optim.RMSprop(groups, config.learning_rate, 0.9, 1e-5, 0.0, config.momentum)
    return torch.optim.AdamW(groups, config.learning_rate, weight_decay=config.weight_decay)


def learning_rate(config: OptimiserConfig, step: int, steps: int) -> float:
    """The rate of a step, from 0: a short warm-up, then a cosine to 2%, or no change."""
    warm = config.learning_rate * min(1.0, (step + 1) / max(config.warm_up, 1))
    if config.schedule == 'constant':
        return warm
    return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))))
