# SPDX-License-Identifier: Apache-2.0
"""Checkpoints that a kill while writing cannot spoil."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Writes beside the old checkpoint, then puts the new one in its place in one move."""
    part = path.with_suffix('.part')
    with part.open('wb') as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads tensors and plain values only: no code runs."""
    content: dict[str, Any] = torch.load(path, map_location='cpu', weights_only=True)
    return content
