# SPDX-License-Identifier: Apache-2.0
"""Weights as safetensors: no code runs when they are loaded."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from hart_ros.model.hart import HART, HartConfig

SHIPPED = Path(__file__).resolve().parent.parent / 'weights' / 'hart.safetensors'


class WeightsError(RuntimeError):
    """Weights that are missing, damaged or of another architecture."""


def save_weights(model: HART, path: str | Path, notes: dict[str, str] | None = None) -> None:
    """Writes the parameters, and the configuration with notes as metadata."""
    metadata = {'model': 'hart', 'config': json.dumps(asdict(model.config)), **(notes or {})}
    tensors = {
        name: value.detach().cpu().contiguous()
        for name, value in model.state_dict().items()
        if not name.endswith('num_batches_tracked')
    }
    save_file(tensors, str(path), metadata)


def load_model(path: str | Path | None = None, device: torch.device | str = 'cpu') -> HART:
    """The network with its weights, ready to track.

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
    if metadata.get('model') != 'hart':
        raise WeightsError(f'weights: {path} is not for HART but for {metadata.get("model")!r}')
    try:
        model = HART(_config(metadata['config']))
        missing, unexpected = model.load_state_dict(tensors, strict=False)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[-1].strip()
        raise WeightsError(f'weights: {path} does not fit this version: {first}') from error
    missing = [name for name in missing if not name.endswith('num_batches_tracked')]
    if missing or unexpected:
        name = (missing + unexpected)[0]
        raise WeightsError(f'weights: {path} does not fit this version: tensor {name}')
    return model.to(device).eval()


def _config(text: str) -> HartConfig:
    sizes: dict[str, Any] = {}
    for name, value in json.loads(text).items():
        sizes[name] = tuple(value) if isinstance(value, list) else value
    return HartConfig(**sizes)
