# SPDX-License-Identifier: Apache-2.0
"""How weights follow gradients."""

from __future__ import annotations

import math

import torch
from torch import nn

from .config import OptimiserConfig


def make_optimiser(config: OptimiserConfig, model: nn.Module) -> torch.optim.Optimizer:
    """AdamW, or RMSProp as published."""
    parameters, rate = model.parameters(), config.learning_rate
    if config.kind == 'rmsprop':
        return torch.optim.RMSprop(parameters, rate, momentum=config.momentum)
    return torch.optim.AdamW(parameters, rate, weight_decay=config.weight_decay)


def learning_rate(config: OptimiserConfig, step: int, steps: int) -> float:
    """The rate of a step, from 0: a short warm-up, then a cosine to 2%, or no change."""
    warm = config.learning_rate * min(1.0, (step + 1) / max(config.warm_up, 1))
    if config.schedule == 'constant':
        return warm
    return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))))
