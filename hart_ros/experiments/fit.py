# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Trains a network for an experiment; what was stopped goes on."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from tqdm import tqdm

from hart_ros.training.checkpoint import load_checkpoint, save_checkpoint

SAVE_EVERY = 60.0  # seconds


class Stopped(Exception):  # noqa: N818  not an error
    """The user has stopped the training; the checkpoint is written."""


class ExperimentError(ValueError):
    """Something that the experiment cannot run with; the message says what to do."""


@dataclass(frozen=True)
class Recipe:
    """How weights follow gradients."""

    steps: int
    batch: int
    rate: float
    kind: Literal['adam', 'sgd'] = 'adam'  # adam: the rate falls to 0 on a cosine
    momentum: float = 0.0  # of sgd
    clip_norm: float = 1.0

    def words(self) -> str:
        """For tables: how long was it trained."""
        return f'{self.steps} steps of {self.batch}, {self.kind} at {self.rate:g}'


def fit(
    network: nn.Module,
    recipe: Recipe,
    loss: Callable[[int], Tensor],
    file: Path,
    seed: int,
    task: str,
    until: int | None = None,
) -> float:
    """Trains to a step, from the last checkpoint on if there is one.

    A step depends on the seed, its number and what was learnt before, on nothing else: a run that
    was stopped and resumed ends with the same weights as one that was not.

    Args:
        network: what is trained; parameters without gradient stay as they are.
        recipe: how.
        loss: of a step's batch, by the step's number from 0 on.
        file: the checkpoint.
        seed: of what `loss` draws from torch.
        task: what is learnt, for the checkpoint to tell tasks apart.
        until: the step; None for the recipe's last.

    Returns:
        Seconds that the training took, in all runs together.

    Raises:
        Stopped: by SIGINT or SIGTERM.
        ConfigError: a damaged checkpoint.
        ExperimentError: one of another task, recipe or network.
    """
    learnt = [p for p in network.parameters() if p.requires_grad]
    optimiser = _optimiser(recipe, learnt)
    made_with = {'task': task, **asdict(recipe), 'seed': seed}
    step, seconds = _resumed(file, network, optimiser, made_with)
    until = recipe.steps if until is None else until
    began = saved = time.perf_counter()

    def save() -> None:
        save_checkpoint(
            file,
            {
                'network': network.state_dict(),
                'optimiser': optimiser.state_dict(),
                'step': step,
                'seconds': seconds + time.perf_counter() - began,
                'made_with': made_with,
            },
        )

    with (
        _asked_to_stop() as asked,
        tqdm(
            total=until,
            initial=step,
            desc=f'{file.parent.name} {file.stem}',
            mininterval=2.0,
            disable=None,
        ) as bar,
    ):
        network.train()
        while step < until:
            torch.manual_seed(hash((seed, step)) & 0x7FFF_FFFF)
            for group in optimiser.param_groups:
                group['lr'] = _rate(recipe, step)
            value = loss(step)
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            if torch.isfinite(nn.utils.clip_grad_norm_(learnt, recipe.clip_norm)):
                optimiser.step()
            step += 1
            bar.update()
            if step % 50 == 0:
                bar.set_postfix(loss=f'{float(value.detach()):.4f}')
            if asked or step == until or time.perf_counter() - saved > SAVE_EVERY:
                save()
                saved = time.perf_counter()
            if asked:
                raise Stopped(f'stopped at step {step}; the same command goes on from there')
    return seconds + time.perf_counter() - began


def _optimiser(recipe: Recipe, learnt: list[nn.Parameter]) -> torch.optim.Optimizer:
    if recipe.kind == 'sgd':
        return torch.optim.SGD(learnt, recipe.rate, momentum=recipe.momentum)
    return torch.optim.Adam(learnt, recipe.rate)


def _rate(recipe: Recipe, step: int) -> float:
    if recipe.kind == 'sgd':
        return recipe.rate
    return recipe.rate * 0.5 * (1 + math.cos(math.pi * step / recipe.steps))


def _resumed(
    file: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    made_with: Mapping[str, Any],
) -> tuple[int, float]:
    """Step and seconds of the checkpoint, which is loaded; 0 and 0 without one."""
    if not file.is_file():
        return 0, 0.0
    content = load_checkpoint(file)
    check_made_with(file, content.get('made_with', {}), made_with)
    try:
        network.load_state_dict(content['network'])
        optimiser.load_state_dict(content['optimiser'])
    except (RuntimeError, ValueError) as error:
        raise ExperimentError(f'{file}: made for another network; give another --out') from error
    return content['step'], content['seconds']


def check_made_with(file: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises ExperimentError where what a file was made with is not what is asked for now."""
    changed = ', '.join(name for name in now if then.get(name) != now[name])
    if changed:
        raise ExperimentError(f'{file}: made with other settings ({changed}); give another --out')


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """A list that is empty until the user asks to stop."""
    asked: list[int] = []

    def note(number: int, _: Any) -> None:
        asked.append(number)

    previous = {s: signal.signal(s, note) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
