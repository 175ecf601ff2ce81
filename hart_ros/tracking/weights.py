# SPDX-License-Identifier: Apache-2.0
"""Weights as safetensors: no code runs when they are loaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from hart_ros.model.hart import HART, HartConfig
from hart_ros.model.hart_2017 import HART2017, HART2017Config
from hart_ros.model.ratm import RATM, RATMConfig

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
    """Writes the parameters, and the network's name and configuration with notes as metadata."""
    name = next(name for name, (network, _) in MODELS.items() if isinstance(model, network))
    metadata = {'model': name, 'config': json.dumps(asdict(model.config)), **(notes or {})}
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in model.state_dict().items()
        if not name.endswith('num_batches_tracked')
    }
    save_file(tensors, str(path), metadata)


def load_model(path: str | Path | None = None, device: torch.device | str = 'cpu') -> AnyModel:
    """The network that a file names, with its weights, ready to track.

    Args:
        path: a file made by `save_weights`; None for the weights in the package.
        device: where the network shall run.

    Raises:
        WeightsError: the file is missing, truncated, or made for another architecture.
    """
    path = Path(path) if path else SHIPPED
    if not path.is_file():
        raise WeightsError(f'weights: no file {path}; give a .safetensors file made by hart-train')
    try:
        with safe_open(str(path), framework='pt', device='cpu') as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f'weights: {path} is damaged ({error}); copy it again') from error
    name = metadata.get('model')
    if name not in MODELS:
        raise WeightsError(f'weights: {path} is not for HART but for {name!r}')
    network, config = MODELS[name]
    try:
        model = network(config(**_sizes(metadata['config'])))
        missing, unexpected = model.load_state_dict(tensors, strict=False)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[-1].strip()
        raise WeightsError(f'weights: {path} does not fit this version: {first}') from error
    missing = [name for name in missing if not name.endswith('num_batches_tracked')]
    if missing or unexpected:
        name = (missing + unexpected)[0]
        raise WeightsError(f'weights: {path} does not fit this version: tensor {name}')
    return model.to(device).eval()


def _sizes(text: str) -> dict[str, Any]:
    sizes: dict[str, Any] = {}
    for name, value in json.loads(text).items():
        sizes[name] = tuple(value) if isinstance(value, list) else value
    return sizes
