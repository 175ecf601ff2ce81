# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Where hart's time goes."""

from __future__ import annotations

import json
import re
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hart_ros.tracking.fast import onnx_session
from hart_ros.tracking.networks import HartNetwork, HartStep, frame_size, network_of, tensors_of

from .contenders import Clip
from .own import Hart

# Modules of the network by stage; what is in none of them lies between these stages.
STAGES = {
    'V1': ('v1',),
    'streams': ('to_keys', 'ventral', 'dorsal'),
    'LSTM': ('lstm',),
    'readout': ('voting', 'squeeze', 'embed', 'readout'),
}
BETWEEN = 'between these'
STAGE_OF = {module: stage for stage, modules in STAGES.items() for module in modules}
PASSES = 10  # over the clip
REPEATS = 100  # of the same step


def stage_times(hart: Hart, clip: Clip, threads: int) -> dict[str, float]:
    """Milliseconds of an update by stage, medians; together they are the update."""
    model, backend = hart.tracker.model, hart.tracker.backend
    network = network_of(model, backend, threads)
    assert isinstance(network, HartNetwork)
    updates: list[float] = []
    parts: list[tuple[float, float]] = []
    for _ in range(1 + PASSES):
        updates += _update_times(hart, clip)
        times, inputs = _part_times(network, clip)
        parts += times
    frames = len(clip.frames) - 1
    update = 1e3 * float(np.median(updates[frames:]))
    read, run = (1e3 * float(v) for v in np.median(parts[frames:], 0))
    if backend == 'onnx':
        spent = _onnx_spent(network, inputs, threads, run)
    else:
        spent = _torch_spent(network, inputs)
    total = sum(spent.values())
    inside = {stage: run * spent[stage] / total for stage in (*STAGES, BETWEEN)}
    return {'glimpse': read, **inside, 'Python': update - read - run}


def _update_times(hart: Hart, clip: Clip) -> list[float]:
    hart.start(clip.frames[0], clip.start)
    times = [time.perf_counter()]
    for frame in clip.frames[1:]:
        hart.update(frame)
        times.append(time.perf_counter())
    return list(np.diff(times))


@torch.inference_mode()
def _part_times(
    network: HartNetwork, clip: Clip
) -> tuple[list[tuple[float, float]], tuple[Tensor, ...]]:
    """Seconds to read the glimpse and to run the network, a frame each; the last inputs."""
    state = network.init(clip.frames[0], torch.tensor([clip.start]))
    times: list[tuple[float, float]] = []
    inputs: tuple[Tensor, ...] = ()
    for frame in clip.frames[1:]:
        began = time.perf_counter()
        glimpse = network.read(frame, state.centres, state.sigma)
        seen = time.perf_counter()
        inputs = (*glimpse, frame_size(frame, state.box_xywh), *tensors_of(state))
        _, *tensors = network.run(*inputs)
        times.append((seen - began, time.perf_counter() - seen))
        state = type(state)(*tensors)
    return times, inputs


def _onnx_spent(
    network: HartNetwork, inputs: tuple[Tensor, ...], threads: int, run_ms: float
) -> dict[str, float]:
    """Milliseconds by stage, as ONNX Runtime notes them for each operation.

    To note an operation takes longer than many an operation does. What the sum of all exceeds a
    run by is taken off, the same from each.
    """
    with tempfile.TemporaryDirectory(prefix='hart_benchmark_') as folder:
        example = [torch.cat((tensor, tensor)) for tensor in inputs]
        profile = f'{folder}/profile'
        run = onnx_session(HartStep(network.model), example, threads, profile)
        for _ in range(REPEATS):
            run(*inputs)
        del run  # only now the file is complete
        (file,) = Path(folder).iterdir()
        events = json.loads(file.read_text())
    noted: dict[str, list[int]] = {}  # operation -> microseconds
    for event in events:
        if event['name'].endswith('_kernel_time'):
            noted.setdefault(event['name'], []).append(event['dur'])
    medians = {name: 1e-3 * float(np.median(times)) for name, times in noted.items()}
    excess = max(sum(medians.values()) - run_ms, 0.0) / len(medians)
    spent = dict.fromkeys((*STAGES, BETWEEN), 0.0)
    for name, median in medians.items():
        module = re.match(r'/(\w+)[/.]', name)  # as /v1/v1.0/conv/Conv_kernel_time
        spent[STAGE_OF.get(module[1] if module else '', BETWEEN)] += max(median - excess, 0.0)
    return spent


@torch.inference_mode()
def _torch_spent(network: HartNetwork, inputs: tuple[Tensor, ...]) -> dict[str, float]:
    """Time by stage, from the clock before and after each module."""
    spent = dict.fromkeys((*STAGES, BETWEEN), 0.0)
    began: list[float] = []

    def before(module: nn.Module, arguments: Any) -> None:
        began.append(time.perf_counter())

    def after(stage: str, module: nn.Module, arguments: Any, result: Any) -> None:
        spent[stage] += time.perf_counter() - began.pop()

    hooks = []
    for name, stage in STAGE_OF.items():
        module = network.model.get_submodule(name)
        hooks.append(module.register_forward_pre_hook(before))
        hooks.append(module.register_forward_hook(lambda *a, stage=stage: after(stage, *a)))
    start = time.perf_counter()
    for _ in range(REPEATS):
        network.run(*inputs)
    total = time.perf_counter() - start
    for hook in hooks:
        hook.remove()
    spent[BETWEEN] = total - sum(spent.values())
    return spent
