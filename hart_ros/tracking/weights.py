# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Weights as safetensors: no code runs when they are loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from hart_ros.model.hart import HART, HartConfig
from hart_ros.model.hart_2017 import HART2017, HART2017Config
from hart_ros.model.ratm import RATM, RATMConfig

LARGEST_SIZE = 1024  # of anything in a network: damage must not ask for gigabytes
WANTED = 'give a .safetensors file made by hart-train'
SHIPPED = Path(__file__).resolve().parent.parent / 'weights' / 'hart.safetensors'

AnyModel = HART | HART2017 | RATM
MODELS: dict[str, tuple[type[AnyModel], Callable[..., Any]]] = {  # and their configurations
    'hart': (HART, HartConfig),
    'hart_2017': (HART2017, HART2017Config),
    'ratm': (RATM, RATMConfig),
}


class WeightsError(RuntimeError):
    """Weights that are missing, damaged or of another architecture."""


def save_weights(model: AnyModel, path: str | Path, notes: dict[str, str] | None = None) -> None:
    """Writes the parameters, and the network's name and configuration with notes as metadata.

    In one move: a kill leaves no half a file, and who reads gets the old weights or the new.
    """
    name = next(name for name, (network, _) in MODELS.items() if isinstance(model, network))
    metadata = {'model': name, 'config': json.dumps(asdict(model.config)), **(notes or {})}
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in model.state_dict().items()
        if not name.endswith('num_batches_tracked')
    }
    part = Path(f'{path}.part')
    part.write_bytes(save(tensors, metadata))  # save_file lets nobody else read what it writes
    part.replace(path)


def load_model(path: str | Path | None = None, device: torch.device | str = 'cpu') -> AnyModel:
    """The network that a file names, with its weights, ready to track.

    Args:
        path: a file made by `save_weights`; None for the weights in the package.
        device: where the network shall run.

    Raises:
        WeightsError: the file is missing, truncated, made for another architecture, or holds NaN.
    """
    path = Path(path) if path else SHIPPED
    if not path.is_file():
        raise WeightsError(f'weights: no file {path}; {WANTED}')
    try:
        with safe_open(str(path), framework='pt', device='cpu') as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f'weights: {path} is damaged ({error}); copy it again') from error
    name = metadata.get('model')
    if name not in MODELS:
        raise WeightsError(f'weights: {path} is not for HART but for {name!r}; {WANTED}')
    network, config = MODELS[name]
    try:
        model = network(config(**_sizes(metadata.get('config', ''))))
        _check_fit(tensors, model.state_dict())
        model.load_state_dict(tensors, strict=False)
    except Exception as error:  # whatever a network makes of sizes that are none
        first = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        text = f'weights: {path} does not fit this version: {first[0]}; {WANTED}'
        raise WeightsError(text) from error
    for name, value in tensors.items():
        if value.is_floating_point() and not value.isfinite().all():
            raise WeightsError(f'weights: {path} has no finite numbers in {name}; train again')
    return model.to(device).eval()


def _sizes(text: str) -> dict[str, Any]:
    """The configuration of a network from JSON. Raises ValueError for what cannot be one."""
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError('its configuration is no mapping')
    sizes: dict[str, Any] = {}
    for name, value in content.items():
        for number in value if isinstance(value, list) else [value]:
            if not isinstance(number, str) and not 0 <= number <= LARGEST_SIZE:
                raise ValueError(f'{name} is not in 0 to {LARGEST_SIZE}')
        sizes[name] = tuple(value) if isinstance(value, list) else value
    return sizes


def _check_fit(found: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]) -> None:
    """Raises ValueError unless both have the same names and shapes."""
    for name in sorted({*found, *wanted}):
        if name.endswith('num_batches_tracked'):
            continue
        if name not in found or name not in wanted:
            raise ValueError(f'tensor {name} is {"unknown" if name in found else "missing"}')
        if found[name].shape != wanted[name].shape:
            shapes = tuple(found[name].shape), tuple(wanted[name].shape)
            raise ValueError(f'tensor {name} is {shapes[0]}, not {shapes[1]}')
