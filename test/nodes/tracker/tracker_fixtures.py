# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker node under test: one process for all tests that can share it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tracker_harness import Camera, Hart

Running = Callable[..., contextlib.AbstractContextManager[tuple[Hart, Camera]]]


@pytest.fixture(scope='session')
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights: these tests are about the node, not about how well it tracks."""
    import torch

    from hart_ros.model.hart import HART, HartConfig
    from hart_ros.tracking import save_weights

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'hart.safetensors'
    save_weights(HART(HartConfig()), path)
    return path


@pytest.fixture(scope='session')
def run_tracker(start_node: Any, make_peer: Any, weights: Path) -> Running:
    """Return a function that starts a tracker node with a reliable camera on `image`."""
    from sensor_msgs.msg import Image

    @contextlib.contextmanager
    def run(*arguments: str, module: str = 'hart_ros.nodes.tracker_node'):
        # Told, not found out: the node would subscribe anew, and what it misses meanwhile is lost.
        reliable = 'qos_overrides./image.subscription.reliability:=reliable'
        arguments = ('-p', f'weights:={weights}', '-p', 'device:=cpu', '-p', reliable, *arguments)
        with start_node(module, *arguments) as process, make_peer('camera') as peer:
            camera = Camera(peer.publisher(Image, '/image'))
            yield Hart(process, peer), camera
            assert process.process.poll() in (None, 0), process.output
            assert 'Traceback' not in process.output

    return run


@pytest.fixture(scope='module')
def shared_tracker(run_tracker: Running) -> Iterator[tuple[Hart, Camera]]:
    """One node for all tests of a file that leave it as they found it."""
    with run_tracker() as running:
        yield running


@pytest.fixture
def hart(shared_tracker: tuple[Hart, Camera]) -> Hart:
    """Return the shared node, without a target."""
    shared_tracker[0].start_afresh()
    return shared_tracker[0]


@pytest.fixture
def camera(shared_tracker: tuple[Hart, Camera]) -> Camera:
    """Return the shared node's camera."""
    return shared_tracker[1]
