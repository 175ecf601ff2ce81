# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The network as published, on frames, with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

import hart_ros
from hart_ros.model.attention import gaussian_grid, normalise_contrast, read_glimpse
from hart_ros.model.hart_2017 import ABLATIONS, HART2017, HART2017Config
from hart_ros.tracking import HartTracker, WeightsError, load_model, save_weights
from hart_ros.tracking.networks import Hart2017Network, kept_in_sight

BOX = (50.0, 40.0, 30.0, 20.0)


def restless(config: HART2017Config) -> HART2017:
    """A network whose boxes and windows move; at its start they hardly do."""
    torch.manual_seed(0)
    model = HART2017(config)
    for readout in (model.attention_readout.readout, model.box_readout.readout):
        nn.init.normal_(readout.delta.weight, std=0.05)
    return model.eval()


@pytest.fixture(scope='module', params=ABLATIONS)
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('2017') / f'{request.param}.safetensors'
    save_weights(restless(ABLATIONS[request.param]), path)
    return path


@pytest.fixture(scope='module')
def full(tmp_path_factory: pytest.TempPathFactory) -> HartTracker:
    path = tmp_path_factory.mktemp('2017') / 'full.safetensors'
    save_weights(restless(ABLATIONS['full']), path)
    return HartTracker(path, 'cpu')


def as_image(frame: np.ndarray) -> torch.Tensor:
    """A whole frame, as the network takes it: (1, 3, H, W), RGB in [0, 1]."""
    return torch.from_numpy(frame[..., ::-1].copy()).permute(2, 0, 1)[None] / 255.0


def test_a_file_names_its_network(weights: Path) -> None:
    with safe_open(str(weights), framework='pt') as file:
        assert file.metadata()['model'] == 'hart_2017'
    model = load_model(weights)
    assert isinstance(model, HART2017)
    assert model.config == ABLATIONS[weights.stem]
    assert not model.training
    saved = load_file(str(weights))
    for name, value in model.state_dict().items():
        if not name.endswith('num_batches_tracked'):
            assert torch.equal(value, saved[name]), name


def test_the_tracker_runs_it(weights: Path, frame: np.ndarray) -> None:
    tracker = hart_ros.Tracker(weights, 'cpu')
    first = tracker.init(frame, BOX)
    assert (first.box, first.score) == (BOX, 1.0)
    for _ in range(3):
        track = tracker.update(frame)
        assert np.isfinite((*track.box, *track.window)).all()
        assert 0 <= track.score <= 1
        assert track.glimpse.dtype == np.uint8
        assert track.glimpse.shape == (56, 56, 3)
        assert track.mask.shape == (56, 56)
        assert 0 <= track.mask.min() <= track.mask.max() <= 1
        assert tracker.state is not None
        assert (tracker.state.box, tracker.state.frame_size) == (track.box, (160, 120))


def test_tracks_are_those_of_the_network_on_whole_frames(weights: Path) -> None:
    model = load_model(weights)
    assert isinstance(model, HART2017)
    frames = np.random.default_rng(0).integers(0, 256, (5, 120, 160, 3), dtype=np.uint8)
    tracker = hart_ros.Tracker(weights, 'cpu')
    tracker.init(frames[0], BOX)
    with torch.inference_mode():
        state = model.init(as_image(frames[0]), torch.tensor([BOX]))
        for frame in frames[1:]:
            want, state = model.step(as_image(frame), state)
            track = tracker.update(frame)
            assert track.window == pytest.approx(want.window_xywh[0].tolist(), abs=0.01)
            box = kept_in_sight(want.box_xywh, torch.tensor([[160.0, 120.0]]))
            assert track.box == pytest.approx(box[0].tolist(), abs=0.01)


@settings(max_examples=50, deadline=None)
@given(*[st.floats(-1.5, 1.5)] * 4)
def test_reading_the_crop_equals_reading_the_frame(
    full: HartTracker, y: float, x: float, h: float, w: float
) -> None:
    assert isinstance(full.model, HART2017)
    frame = np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    attention = torch.tensor([[y, x, h, w]], dtype=torch.float32)
    glimpse, grid = Hart2017Network(full.model).read(frame, attention)
    assert torch.equal(grid, gaussian_grid(attention, (120, 160), 56))
    want = normalise_contrast(read_glimpse(as_image(frame), grid, (56, 56)))
    torch.testing.assert_close(glimpse, want, atol=2e-3, rtol=0)


def test_mono_equals_grey_colour(full: HartTracker, frame: np.ndarray) -> None:
    mono = frame[..., 0]
    colour = np.repeat(mono[..., None], 3, 2)
    boxes = [full.update(f, full.init(f, BOX))[0].box for f in (mono, colour)]
    np.testing.assert_allclose(boxes[0], boxes[1], atol=1e-3)


def test_a_frame_of_twice_the_size_is_the_same_view(full: HartTracker, frame: np.ndarray) -> None:
    state = full.init(frame, BOX)
    small, _ = full.update(frame, state)
    large, after = full.update(np.repeat(np.repeat(frame, 2, 0), 2, 1), state)
    np.testing.assert_allclose(large.window, np.multiply(small.window, 2), rtol=0.02)
    assert after.frame_size == (320, 240)


@pytest.mark.parametrize('size', [(120, 160, 3), (2, 3), (200, 2, 1)])
def test_the_box_stays_in_sight(full: HartTracker, size: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, size, dtype=np.uint8)
    state = full.init(frame, (0, 0, 30, 30))
    for _ in range(30):
        track, state = full.update(frame, state)
        x, y, w, h = track.box
        rounding = 1e-3
        assert -rounding <= x + w / 2 <= size[1] + rounding
        assert -rounding <= y + h / 2 <= size[0] + rounding
        assert 2 <= w <= size[1]
        assert 2 <= h <= size[0]


@pytest.mark.parametrize('value', [0, 255])
def test_a_frame_without_contrast_gives_numbers(full: HartTracker, value: int) -> None:
    frame = np.full((60, 80, 3), value, np.uint8)
    track, _ = full.update(frame, full.init(frame, (10, 10, 20, 20)))
    assert np.isfinite((*track.box, track.score)).all()


def test_files_under_a_wrong_name_are_refused_in_one_line(tmp_path: Path, weights: Path) -> None:
    with safe_open(str(weights), framework='pt') as file:
        metadata = file.metadata()
    path = tmp_path / 'wrong.safetensors'
    for name, words in (('hart', 'does not fit this version'), ('yolo', "HART but for 'yolo'")):
        save_file(load_file(str(weights)), str(path), {**metadata, 'model': name})
        with pytest.raises(WeightsError, match=words) as error:
            load_model(path)
        assert '\n' not in str(error.value)
