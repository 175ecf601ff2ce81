# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Weights of a network as the start of a larger one that computes the same at first."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from hart_ros.model.hart import HART

# Of what may grow in HART: channels of V1 and of the dorsal stream. New channels come after the
# old ones wherever they are read, which is not so of the LSTM's gates or of keys of unit length.
MAY_GROW = re.compile(
    r'v1\.|to_keys\.weight|ventral\.0\.weight|dorsal\.(near|far|to_mask)\.|voting\.|squeeze\.conv'
)


def grown(smaller: Mapping[str, Tensor], model: HART) -> dict[str, Tensor]:
    """The parameters of a network, those it shares with a smaller one taken from there.

    What is new is left as it starts, at random, but nothing that is old reads it yet: weights from
    new channels to old ones are 0, and so is what blocks at the end of V1 add to their input. The
    larger network returns what the smaller one does, and every new weight can be learnt.

    Args:
        smaller: its parameters.
        model: the larger network, or one of the same sizes.

    Raises:
        ValueError: it is not a larger one of this kind.
    """
    larger = model.state_dict()
    for name in smaller:
        if name not in larger:
            raise ValueError(f'{name} has no place in the network')
    for name, value in larger.items():
        if name in smaller:
            larger[name] = _padded(name, smaller[name], value)
        elif not name.startswith('v1.'):
            raise ValueError(f'{name} is missing')
        elif name.endswith('norm.weight'):
            _check_adds(name, model)
            larger[name] = torch.zeros_like(value)
    return larger


def _padded(name: str, old: Tensor, new: Tensor) -> Tensor:
    """The new values, the first of them the old ones; 0 where an old output reads a new input."""
    if old.shape == new.shape:
        return old
    fits = old.dim() == new.dim() and all(a <= b for a, b in zip(old.shape, new.shape))
    if not (fits and MAY_GROW.match(name)):
        raise ValueError(f'{name} is {tuple(old.shape)}, not {tuple(new.shape)}')
    padded = new.clone()
    padded[: len(old)] = 0
    padded[tuple(slice(size) for size in old.shape)] = old
    return padded


def _check_adds(name: str, model: HART) -> None:
    """Raises ValueError for a new block of V1 that does not add to its input."""
    block = model.v1[int(name.split('.')[1])]
    if not block.residual:  # type: ignore[union-attr]
        raise ValueError(f'{name} is missing; more blocks of V1 need a stride of 1, all one width')
