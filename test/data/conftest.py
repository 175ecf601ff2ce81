# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Miniature sequences on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

WIDTH, HEIGHT = 64, 48


def picture(index: int) -> np.ndarray:
    """An image whose grey level tells its index, also after lossy coding."""
    return np.full((HEIGHT, WIDTH, 3), 10 + 12 * index, np.uint8)


def index_of(image: np.ndarray) -> int:
    return round((float(image.mean()) - 10) / 12)


@pytest.fixture
def which() -> Callable[[np.ndarray], int]:
    """Tell which picture an image is."""
    return index_of


@pytest.fixture
def write_images() -> Callable[[Path, Iterable[str]], Path]:
    """Write one picture for each name into a folder."""

    def write(folder: Path, names: Iterable[str]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for index, name in enumerate(names):
            assert cv2.imwrite(str(folder / name), picture(index))
        return folder

    return write


@pytest.fixture
def write_video() -> Callable[..., Path]:
    """Write a video of numbered pictures."""

    def write(path: Path, frames: int = 12, fps: float = 20.0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        code = cv2.VideoWriter_fourcc(*('mp4v' if path.suffix == '.mp4' else 'MJPG'))
        writer = cv2.VideoWriter(str(path), code, fps, (WIDTH, HEIGHT))
        if not writer.isOpened():
            pytest.skip('this OpenCV cannot write videos')
        for index in range(frames):
            writer.write(picture(index))
        writer.release()
        return path

    return write
