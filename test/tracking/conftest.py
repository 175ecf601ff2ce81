# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A network of the shipped architecture with random weights: what it tracks does not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hart_ros.model.hart import HART
from hart_ros.tracking import HartTracker, save_weights


@pytest.fixture(scope='session')
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File with random weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'random.safetensors'
    save_weights(HART(), path)
    return path


@pytest.fixture(scope='session')
def hart(weights: Path) -> HartTracker:
    return HartTracker(weights, 'cpu')


@pytest.fixture
def frame() -> np.ndarray:
    """(120, 160, 3), noise."""
    return np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
