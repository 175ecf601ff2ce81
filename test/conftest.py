# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""For all tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import settings

# The networks of the tests are tiny, and threads that wait for each other are slow beside other
# processes.
torch.set_num_threads(1)

# The same examples in every run: a change is blamed for what it breaks, not for what is found by
# chance. The long suite searches.
settings.register_profile('same', deadline=None, max_examples=60, derandomize=True)
settings.register_profile('search', deadline=None, max_examples=60)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile('same' if config.option.markexpr == 'not long' else 'search')


@pytest.fixture
def broken_film(tmp_path: Path) -> Callable[[int], Path]:
    """Return a function that writes so many bright frames, and cuts the file in half."""

    def write(frames: int) -> Path:
        path = tmp_path / 'film.avi'
        code = cv2.VideoWriter_fourcc(*'MJPG')  # type: ignore[attr-defined]
        writer = cv2.VideoWriter(str(path), code, 25, (64, 48))
        for _ in range(frames):
            writer.write(np.random.default_rng(0).integers(90, 255, (48, 64, 3), np.uint8))
        writer.release()
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return path

    return write


@pytest.fixture(scope='session')
def virtual_display() -> Iterator[str]:
    """Name of an X display that nobody sees, e.g. ':7'; skips where that cannot be."""
    missing = [name for name in ('Xvfb', 'xdotool') if shutil.which(name) is None]
    if missing:
        pytest.skip(f'needs {" and ".join(missing)}: sudo apt install xvfb xdotool')
    pytest.importorskip('tkinter', reason='needs Tk: sudo apt install python3-tk')
    reads, writes = os.pipe()
    command = ['Xvfb', '-displayfd', str(writes), '-screen', '0', '1024x600x24']
    server = subprocess.Popen([*command, '-nolisten', 'tcp'], pass_fds=[writes])
    os.close(writes)
    try:
        with os.fdopen(reads) as pipe:
            number = pipe.readline().strip()
        assert number, 'Xvfb did not start'
        yield f':{number}'
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def user(virtual_display: str) -> Callable[..., None]:
    """A function that moves mouse and keys of the virtual display, as xdotool's arguments say."""

    def act(*what: object) -> None:
        environment = {**os.environ, 'DISPLAY': virtual_display}
        subprocess.run(['xdotool', *map(str, what)], check=True, env=environment, timeout=20)

    return act
