# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How weights came to be: the runs of hart-train that made them, told in their own file.

A run is what hart-train logs as it begins: from which step, its command, its settings, commit and
machine. Weights that another run starts from hand their runs on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open

Run = dict[str, Any]


def as_notes(step: int | str, runs: list[Run]) -> dict[str, str]:
    """For `save_weights`: the step that weights are of, and their runs in order."""
    return {'step': str(step), 'runs': json.dumps(runs)}


def step_of(file: Path | str) -> str:
    """The step that weights are of, or several steps that they are the mean of; '' if not told."""
    return _notes(file).get('step', '')


def runs_of(file: Path | str) -> list[Run]:
    """The runs that made weights, the first one first; none if not told."""
    runs: list[Run] = json.loads(_notes(file).get('runs', '[]'))
    return runs


def _notes(file: Path | str) -> dict[str, str]:
    with safe_open(str(file), framework='pt', device='cpu') as content:
        return content.metadata() or {}
