# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The least time that hart's arithmetic and its memory would take on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from hart_ros.model.hart import HART
from hart_ros.tracking import HartTracker
from hart_ros.tracking.fast import onnx_session
from hart_ros.tracking.networks import REACH, HartNetwork, HartStep, frame_size, tensors_of
from hart_ros.tracking.read import Grid

from .contenders import Clip

MATRIX = 512  # rows and columns of the product; fits into a core's cache
COPY = 64 << 20  # bytes; fits into none


@dataclass(frozen=True)
class Floor:
    """Counted for one update of one target, and measured in the same run."""

    network_flop: int  # a multiplication and an addition are two
    glimpse_flop: int
    bytes: int  # weights, results of layers written and read, pixels of the crop
    flop_per_second: float  # of a product of float32 matrices
    bytes_per_second: float  # of a copy; read and written both count

    @property
    def arithmetic(self) -> float:
        """Milliseconds."""
        return 1e3 * (self.network_flop + self.glimpse_flop) / self.flop_per_second

    @property
    def memory(self) -> float:
        """Milliseconds, as if no cache helped."""
        return 1e3 * self.bytes / self.bytes_per_second


@torch.inference_mode()
def floor(tracker: HartTracker, clip: Clip, threads: int) -> Floor:
    """Counts the first update on a clip, and measures what rates the backend reaches."""
    model = tracker.model
    assert isinstance(model, HART)
    network = HartNetwork(model)
    frame = clip.frames[0]
    state = network.init(frame, torch.tensor([clip.start]))
    centres, sigma = state.centres[0].numpy(), state.sigma[0].tolist()
    down, across = (Grid(c, s, REACH) for c, s in zip(centres, sigma))
    flop, crop = _glimpse(down, across, frame)
    read = network.read(frame, state.centres, state.sigma)
    inputs = (*read, frame_size(frame, state.box_xywh), *tensors_of(state))
    step = HartStep(model)
    with FlopCounterMode(display=False) as counter:
        step(*inputs)
    weights = 4 * sum(parameter.numel() for parameter in model.parameters())
    return Floor(
        counter.get_total_flops(),
        flop,
        weights + 8 * _results(step, inputs) + crop,
        2 * MATRIX**3 / _fastest(_product(tracker.backend, threads)),
        2 * COPY / _fastest(_copy()),
    )


def _glimpse(down: Grid, across: Grid, frame: np.ndarray) -> tuple[int, int]:
    """Operations of the read, rows first, and the bytes of the crop."""
    (top, bottom), (left, right) = down.span(frame.shape[0]), across.span(frame.shape[1])
    channels = frame.shape[2] if frame.ndim == 3 else 1
    y, _ = down.taps(frame.shape[0], clipped=False)
    x, _ = across.taps(frame.shape[1], clipped=False)
    width = channels * (right - left)
    return 2 * (y.size * width + x.size * channels * len(y)), (bottom - top) * width


def _results(step: nn.Module, inputs: tuple[Tensor, ...]) -> int:
    """Numbers that layers with weights return."""
    count = 0

    def add(module: nn.Module, arguments: Any, result: Tensor) -> None:
        nonlocal count
        count += result.numel()

    layers = [m for m in step.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(add) for layer in layers]
    step(*inputs)
    for hook in hooks:
        hook.remove()
    return count


def _product(backend: str, threads: int) -> Callable[[], Any]:
    product = nn.Linear(MATRIX, MATRIX, bias=False).requires_grad_(False)
    x = torch.rand(MATRIX, MATRIX)
    run = onnx_session(product, (x,), threads) if backend == 'onnx' else product
    return lambda: run(x)


def _copy() -> Callable[[], Any]:
    source = np.zeros(COPY, np.uint8)
    target = np.ones(COPY, np.uint8)
    return lambda: np.copyto(target, source)


def _fastest(function: Callable[[], Any]) -> float:
    """Seconds of the fastest of some calls: a rate that the machine has been seen to reach."""
    times = []
    for _ in range(20):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return min(times)
