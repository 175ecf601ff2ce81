# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The fast forms against the networks as they are written, frame after frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from hart_ros.data.source import open_source
from hart_ros.model.glimpse import gaussian_glimpse
from hart_ros.model.hart import NARROWEST_SIGMA, HartState
from hart_ros.model.hart_2017 import HART2017
from hart_ros.tracking import HartTracker, load_model, save_weights
from hart_ros.tracking.fast import select_backend
from hart_ros.tracking.networks import (
    HartNetwork,
    HartStep,
    aspect_of,
    kept_in_sight,
    steadied,
)
from hart_ros.tracking.types import BoxXYWH
from hart_ros.tracking.weights import SHIPPED, AnyModel

STEPS = 300
Drive = tuple[list[np.ndarray], BoxXYWH]


@pytest.fixture(params=['onnx', 'torch'])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == 'onnx':
        pytest.importorskip('onnx')
        pytest.importorskip('onnxruntime')
    return request.param


@pytest.fixture(scope='module')
def drive() -> Drive:
    """Frames, there and back, so that they can be shown in a circle, and the target's box."""
    source = open_source('synthetic', size=(640, 192), frames=30, fps=30.0)
    frames = [frame.image for frame in source]
    return frames + frames[-2:0:-1], source.boxes(0)[0]


@pytest.fixture(scope='module', params=['shipped', 'random', 'of 2017'])
def expected(
    request: pytest.FixtureRequest, drive: Drive, weights: Path, weights_2017: Path
) -> tuple[Path, list[BoxXYWH]]:
    """Weights, and the boxes of their network in plain PyTorch on whole frames."""
    path = {'shipped': SHIPPED, 'random': weights, 'of 2017': weights_2017}[request.param]
    return path, list(plain_boxes(load_model(path), *drive))


@pytest.fixture(scope='module')
def weights_2017(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random, with boxes that move; at the network's start they hardly do."""
    torch.manual_seed(0)
    model = HART2017()
    nn.init.normal_(model.attention_readout.readout.delta.weight, std=0.02)
    nn.init.normal_(model.box_readout.readout.delta.weight, std=0.02)
    path = tmp_path_factory.mktemp('2017') / 'random.safetensors'
    save_weights(model, path)
    return path


@torch.inference_mode()
def plain_boxes(model: AnyModel, frames: list[np.ndarray], box: BoxXYWH) -> Iterator[BoxXYWH]:
    images = [torch.from_numpy(f[..., ::-1].copy()).permute(2, 0, 1)[None] / 255.0 for f in frames]
    frame_size = torch.tensor([[frames[0].shape[1], frames[0].shape[0]]])
    state = model.init(images[0], torch.tensor([box]))
    before, aspect = torch.tensor([box]), aspect_of(torch.tensor([box]))
    for image in islice(cycle(images), 1, STEPS + 1):
        step, state = model.step(image, state)
        if isinstance(state, HartState):
            steady = steadied(before, step.box_xywh, aspect)
            before = seen = kept_in_sight(steady, frame_size)
            state = replace(state, box_xywh=seen)
        else:
            seen = kept_in_sight(step.box_xywh, frame_size)
        yield tuple(seen[0].tolist())


def test_boxes_are_those_of_the_plain_network(
    expected: tuple[Path, list[BoxXYWH]], drive: Drive, backend: str
) -> None:
    weights, boxes = expected
    frames, box = drive
    tracker = HartTracker(weights, 'cpu', backend=backend)
    state = tracker.init(frames[0], box)
    found = []
    for frame in islice(cycle(frames), 1, STEPS + 1):
        track, state = tracker.update(frame, state)
        found.append(track.box)
    np.testing.assert_allclose(found, boxes, atol=0.1, rtol=0)


def test_boxes_of_integers_are_close_to_those_of_the_plain_network(drive: Drive) -> None:
    pytest.importorskip('onnxruntime')
    frames, box = drive
    tracker = HartTracker(SHIPPED, 'cpu', backend='int8')
    state = tracker.init(frames[0], box)
    found = []
    for frame in islice(cycle(frames), 1, STEPS + 1):
        track, state = tracker.update(frame, state)
        found.append(track.box)
    expected = np.array(list(plain_boxes(load_model(SHIPPED), frames, box)))
    np.testing.assert_allclose(found, expected, atol=1.0, rtol=0)
    assert np.median(np.abs(found - expected)) < 0.1


def test_integers_are_for_hart(weights_2017: Path) -> None:
    pytest.importorskip('onnxruntime')
    with pytest.raises(ValueError, match='int8 is for hart, not for HART2017'):
        HartTracker(weights_2017, 'cpu', backend='int8')


def test_targets_together_are_those_alone(drive: Drive, weights: Path, backend: str) -> None:
    frames, (x, y, w, h) = drive
    tracker = HartTracker(weights, 'cpu', backend=backend)
    boxes = [(x, y, w, h), (x - 60, y, 0.5 * w, h), (x + 30, y - 20, w, 2 * h)]
    alone = [tracker.init(frames[0], box) for box in boxes]
    together = list(alone)
    for frame in frames[1:6]:
        tracks, together = zip(*tracker.update_many(frame, together))
        for i, track in enumerate(tracks):
            want, alone[i] = tracker.update(frame, alone[i])
            np.testing.assert_allclose(track.box, want.box, atol=0.01)
            np.testing.assert_allclose(track.window, want.window, atol=0.01)
            np.testing.assert_allclose(track.mask, want.mask, atol=1e-3)
            assert track.score == pytest.approx(want.score, abs=1e-3)
            assert np.abs(track.glimpse.astype(int) - want.glimpse).max() <= 1
    assert tracker.update_many(frames[0], []) == []


def test_targets_of_frames_of_several_sizes(drive: Drive, weights: Path, backend: str) -> None:
    frames, box = drive
    tracker = HartTracker(weights, 'cpu', backend=backend)
    half = cv2.resize(frames[0], None, fx=0.5, fy=0.5)
    states = [tracker.init(frames[0], box), tracker.init(half, [0.5 * v for v in box])]
    (first, _), (second, state) = tracker.update_many(frames[1], states)
    np.testing.assert_allclose(first.window, second.window, rtol=1e-3)
    assert state.frame_size == (640, 192)


@pytest.mark.parametrize('window', [(30.5, 20.2, 900, 850), (-200, 300, 1000, 2000)])
def test_a_large_window_is_read_from_averaged_pixels(weights: Path, window: BoxXYWH) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1081, 1203, 3), dtype=np.uint8)
    frame = cv2.GaussianBlur(noise, (0, 0), 1.5)  # no camera is sharper than its pixels
    windows = torch.tensor([window])
    image = torch.from_numpy(frame[..., ::-1].copy()).permute(2, 0, 1)[None] / 255.0
    model = load_model(weights)
    want, covered = gaussian_glimpse(image, windows, model.config.glimpse_size, NARROWEST_SIGMA)
    network = HartNetwork(model)
    glimpse, coverage = network.read(frame, *HartStep(model).grids(windows))
    torch.testing.assert_close(glimpse, want, atol=1.2e-2, rtol=0)
    assert (glimpse - want).abs().mean() < 1e-3
    torch.testing.assert_close(coverage, covered, atol=2e-2, rtol=0)


def test_a_window_may_be_far_larger_than_the_frame(weights: Path) -> None:
    model = load_model(weights)
    grids = HartStep(model).grids(torch.tensor([(-1e6, -1e6, 2e6, 2e6)]))
    glimpse, coverage = HartNetwork(model).read(np.full((48, 64, 3), 255, np.uint8), *grids)
    assert glimpse.isfinite().all() and coverage.isfinite().all()


def test_backends() -> None:
    cpu, cuda = torch.device('cpu'), torch.device('cuda')
    assert select_backend('auto', cpu) in ('onnx', 'torch')
    assert select_backend('auto', cuda) == 'torch'
    assert select_backend('torch', cpu) == 'torch'
    with pytest.raises(ValueError, match='none of auto'):
        select_backend('tensorrt', cpu)
    with pytest.raises(ValueError, match='device cpu'):
        select_backend('onnx', cuda)


def test_without_onnx_runtime_torch_takes_over(
    monkeypatch: pytest.MonkeyPatch, weights: Path
) -> None:
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    assert HartTracker(weights, 'cpu').backend == 'torch'
    with pytest.raises(ValueError, match='install onnx and onnxruntime'):
        HartTracker(weights, 'cpu', backend='onnx')


def test_where_onnx_runtime_fails_torch_takes_over(
    monkeypatch: pytest.MonkeyPatch, weights: Path
) -> None:
    if select_backend('auto', torch.device('cpu')) == 'torch':
        pytest.skip('needs ONNX Runtime')
    monkeypatch.setattr('torch.onnx.export', lambda *a, **k: 1 / 0)
    with pytest.warns(UserWarning, match='torch runs the network'):
        assert HartTracker(weights, 'cpu').backend == 'torch'
    with pytest.raises(ZeroDivisionError):
        HartTracker(weights, 'cpu', backend='onnx')
