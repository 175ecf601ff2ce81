# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The mean of weights from several moments of one training: often better than each of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from hart_ros.model.hart import HART
from hart_ros.tracking import WeightsError, load_model, save_weights

from .history import as_notes, runs_of, step_of


def save_mean(files: Sequence[Path], out: Path) -> None:
    """Writes the mean of weights, batch statistics included (Izmailov et al. 2018).

    Args:
        files: made by hart-train in one run, so that they lie in one valley of the loss.
        out: where to put the mean, with the runs that led to the last of them; may be one of them.

    Raises:
        WeightsError: a file that is no HART of the first one's sizes, or does not tell its step.
    """
    models = [load_model(file) for file in files]
    steps = [_step(file) for file in files]
    mean = models[0]
    for file, model in zip(files, models):
        if not isinstance(model, HART) or model.config != mean.config:
            raise WeightsError(f'weights: {file} has other sizes than {files[0]}')
    states = [model.state_dict() for model in models]
    with torch.no_grad():
        for name, value in mean.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.stack([state[name] for state in states]).mean(0))
    last = files[steps.index(max(steps))]
    save_weights(mean, out, as_notes(', '.join(map(str, steps)), runs_of(last)))


def _step(file: Path) -> int:
    step = step_of(file)
    if not step.isdecimal():
        raise WeightsError(f'weights: {file} does not tell its step; give a file of hart-train')
    return int(step)
