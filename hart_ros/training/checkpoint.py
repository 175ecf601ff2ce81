# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Checkpoints that a kill while writing cannot spoil."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch

from .settings import ConfigError, one_line


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Writes beside the old checkpoint, then puts the new one in its place in one move."""
    part = path.with_suffix('.part')
    with part.open('wb') as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes in one move, too."""
    part = path.with_suffix('.part')
    part.write_text(json.dumps(content, indent=1) + '\n')
    part.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads tensors and plain values only: no code runs.

    Raises:
        ConfigError: damaged, or it holds something else.
    """
    try:
        content: Any = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # of torch, zip and the format inside it: many kinds
        reason = one_line(f'{type(error).__name__}: {error}'.splitlines()[0])
        raise ConfigError(
            f'{path}: is damaged ({reason}); remove it to start anew, or give another --out'
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(f'{path}: holds no checkpoint; give another --out')
    return content
