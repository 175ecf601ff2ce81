# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How layers of `hart_2017` start.

The authors trained with TensorFlow 1, whose defaults are not PyTorch's: weights and biases alike
are uniform, and biases do not start at 0.
"""

from __future__ import annotations

import math
from typing import TypeVar

from torch import Tensor, nn

Layer = TypeVar('Layer', nn.Linear, nn.Conv2d)


def glorot(layer: Layer) -> Layer:
    """Glorot uniform; a bias of n counts as fan-in and fan-out n: U(-sqrt(3/n), sqrt(3/n))."""
    nn.init.xavier_uniform_(layer.weight)
    return _uniform_bias(layer, math.sqrt(3.0 / layer.weight.shape[0]))


def unit_scaling(layer: Layer, factor: float) -> Layer:
    """Uniform unit scaling: limit factor * sqrt(3/fan-in); a bias has a fan-in of 1."""
    fan_in = layer.weight[0].numel()
    limit = factor * math.sqrt(3.0 / fan_in)
    nn.init.uniform_(layer.weight, -limit, limit)
    return _uniform_bias(layer, factor * math.sqrt(3.0))


def near_zero(layer: Layer) -> Layer:
    """U(-1e-3, 1e-3) and no bias: a readout that starts by changing nothing."""
    nn.init.uniform_(layer.weight, -1e-3, 1e-3)
    return _uniform_bias(layer, 0.0)


def _uniform_bias(layer: Layer, limit: float) -> Layer:
    bias: Tensor | None = layer.bias
    if bias is not None:
        nn.init.uniform_(bias, -limit, limit)
    return layer
