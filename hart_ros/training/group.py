# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Several processes that train one network; torchrun starts them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from .settings import ConfigError

PATIENCE = timedelta(hours=3)  # the others wait while the first decodes data or validates


@dataclass(frozen=True)
class Group:
    """This process among those that train together; by default it is alone."""

    rank: int = 0
    size: int = 1
    device: torch.device = field(default_factory=lambda: torch.device('cpu'))

    @property
    def first(self) -> bool:
        """The process that writes files and prints."""
        return self.rank == 0

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """Means over all processes, the same in all of them."""
        if self.size == 1:
            return values
        tensor = torch.tensor(list(values.values()), dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor)
        return dict(zip(values, (tensor / self.size).tolist()))

    def wait(self) -> None:
        """Returns when all processes are here."""
        if self.size > 1:
            dist.barrier()

    @contextmanager
    def first_then_others(self) -> Iterator[None]:
        """What is within runs in the first process, then in all others: they find its files."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def from_first(self, value: Any) -> Any:
        """The first process's value in all of them."""
        if self.size == 1:
            return value
        held = [value]
        dist.broadcast_object_list(held, 0)
        return held[0]

    def shared(self, module: nn.Module) -> nn.Module:
        """A module whose gradients are averaged over all processes.

        Some networks have parameters that no loss reaches, such as RATM's classes.
        """
        if self.size == 1:
            return module
        return DistributedDataParallel(module, find_unused_parameters=True)


@contextmanager
def joined(device: str) -> Iterator[Group]:
    """The group that torchrun started, or this process alone; `device` as in the settings."""
    kind = ('cuda' if torch.cuda.is_available() else 'cpu') if device == 'auto' else device
    if kind == 'cuda' and not torch.cuda.is_available():
        raise ConfigError('device is cuda, but torch finds none: set device to cpu or auto')
    if 'WORLD_SIZE' not in os.environ:
        yield Group(device=torch.device(kind))
        return
    place = torch.device(kind)
    if kind == 'cuda':
        place = torch.device(kind, int(os.environ['LOCAL_RANK']))
        torch.cuda.set_device(place)
    dist.init_process_group('nccl' if kind == 'cuda' else 'gloo', timeout=PATIENCE)
    try:
        yield Group(dist.get_rank(), dist.get_world_size(), place)
    finally:
        dist.destroy_process_group()
