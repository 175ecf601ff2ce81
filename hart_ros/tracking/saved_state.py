# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Targets in a file, from which they are followed on as if nothing had happened.

A safetensors file: the tensors that are remembered of each target, and as metadata the weights they
belong to, what the caller says of them, and a digest of all. That tells damage, not malice: who can
write the file can make the tracker read windows of any size.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from torch import nn

from .tracker import HartTracker, TargetState

KIND = 'hart_ros targets'
FORMAT = f'{KIND} 2'
LARGEST_SIDE = 1 << 16  # of a frame, pixels


class SavedStateError(ValueError):
    """A file that no target can be followed from; the message names it and says why."""


class OtherFileError(SavedStateError):
    """A whole file that is somebody else's."""


def digest_of_weights(model: nn.Module) -> str:
    """What tells these weights from others, whatever file they are in."""
    tensors = {name: tensor.cpu().numpy() for name, tensor in model.state_dict().items()}
    return _digest(type(model).__name__, tensors)


def to_bytes(states: Sequence[TargetState], weights: str, about: Mapping[str, Any]) -> bytes:
    """The content of a file.

    Args:
        states: of the targets.
        weights: `digest_of_weights` of the network that they are of.
        about: whatever else shall be in it, as JSON takes it.
    """
    tensors, places = {}, []
    for number, state in enumerate(states):
        for field in fields(state.recurrent):
            tensor = getattr(state.recurrent, field.name)
            tensors[f'{number}.{field.name}'] = tensor.cpu().contiguous().numpy()
        places.append({'box': state.box, 'frame_size': state.frame_size})
    text = json.dumps({'places': places, 'about': about}, sort_keys=True)
    digest = _digest(weights + text, tensors)
    metadata = {'format': FORMAT, 'weights': weights, 'text': text, 'digest': digest}
    return save(tensors, metadata)


def write(path: Path, content: bytes) -> None:
    """Puts a file in the place of another in one move: a reader finds the one or the other.

    Raises:
        OSError: it cannot be written; the other one is still there.
    """
    part = part_of(path)
    try:
        with part.open('wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)  # on a full disk, what it took is missed elsewhere
        raise


def part_of(path: Path) -> Path:
    """The file that becomes `path` when it is whole."""
    return path.with_name(f'{path.name}.part')


def read(
    path: Path, tracker: HartTracker, weights: str
) -> tuple[list[TargetState], dict[str, Any]]:
    """The states in a file, ready for the tracker, and what was said about them.

    Args:
        path: the file.
        tracker: that shall follow them on.
        weights: `digest_of_weights` of its network.

    Raises:
        OtherFileError: it is a safetensors file, but none of targets.
        SavedStateError: it is damaged, or of other weights.
    """
    try:
        with safe_open(str(path), framework='np') as file:
            metadata = file.metadata() or {}
            found = metadata.get('format', '')
            if not found.startswith(KIND):
                raise OtherFileError(f'{path}: holds something else than saved targets')
            if found != FORMAT:
                raise SavedStateError(f'{path}: is of another version of hart_ros')
            if metadata['weights'] != weights:
                raise SavedStateError(f'{path}: its targets were followed with other weights')
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata['digest'] != _digest(weights + metadata['text'], tensors):
            raise SavedStateError(f'{path}: is damaged: its digest is another')
        text = json.loads(metadata['text'])
        return _states(text['places'], tensors, tracker), text['about']
    except SavedStateError:
        raise
    except (SafetensorError, OSError) as error:
        raise SavedStateError(f'{path}: is damaged: {error}') from error
    except Exception as error:  # somebody made a digest for what we never wrote
        raise SavedStateError(f'{path}: is damaged: {type(error).__name__}: {error}') from error


def _states(
    places: Sequence[Mapping[str, Any]], tensors: Mapping[str, np.ndarray], tracker: HartTracker
) -> list[TargetState]:
    """Raises KeyError, TypeError, ValueError, ... where they do not fit the tracker."""
    frame = np.zeros((32, 32, 3), np.uint8)
    example: Any = tracker.init(frame, (8.0, 8.0, 16.0, 16.0)).recurrent
    states = []
    for number, place in enumerate(places):
        values = {}
        for field in fields(example):
            wanted, found = getattr(example, field.name), tensors[f'{number}.{field.name}']
            if found.shape != wanted.shape or found.dtype != np.float32:
                raise ValueError(f'{field.name} is {found.dtype} {found.shape}')
            if not np.isfinite(found).all():
                raise ValueError(f'{field.name} is not finite')
            values[field.name] = torch.from_numpy(found).to(tracker.device)
        x, y, w, h = map(float, place['box'])
        width, height = map(int, place['frame_size'])
        if not (np.isfinite((x, y)).all() and 0 < w < np.inf and 0 < h < np.inf):
            raise ValueError(f'box {place["box"]}')
        if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
            raise ValueError(f'frame_size {place["frame_size"]}')
        states.append(TargetState(replace(example, **values), (x, y, w, h), (width, height)))
    return states


def _digest(text: str, tensors: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name, array in sorted(tensors.items()):
        digest.update(f'{name} {array.dtype} {array.shape}'.encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
