# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""RATM on frames, behind the interface of all trackers, with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn

import hart_ros
from hart_ros.evaluation.run import make_trackers
from hart_ros.model.ratm import PUBLISHED, RATM, RATMConfig
from hart_ros.tracking import HartTracker, load_model, save_weights
from hart_ros.tracking.networks import kept_in_sight

BOX = (50.0, 40.0, 30.0, 20.0)
CONFIGS = {
    'rectangular': RATMConfig((14, 20), 3, 16, (4, 6), (5, 3), 8, 2),
    **{name: PUBLISHED[name] for name in ('balls', 'mnist2')},
}


def saved(config: RATMConfig, path: Path, restless: float = 0.02) -> Path:
    """Weights of a network whose windows move; at its start they hardly do."""
    torch.manual_seed(0)
    model = RATM(config)
    nn.init.normal_(model.rnn.from_input.weight, std=0.02)
    nn.init.normal_(model.readout.weight, std=restless)
    save_weights(model, path)
    return path


@pytest.fixture(scope='module', params=CONFIGS)
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('ratm')
    return saved(CONFIGS[request.param], folder / f'{request.param}.safetensors')


def test_a_file_names_its_network(weights: Path) -> None:
    with safe_open(str(weights), framework='pt') as file:
        assert file.metadata()['model'] == 'ratm'
    model = load_model(weights)
    assert isinstance(model, RATM)
    assert model.config == CONFIGS[weights.stem]


def test_the_tracker_runs_it(weights: Path, frame: np.ndarray) -> None:
    rows, columns = CONFIGS[weights.stem].glimpse
    (tracker,) = make_trackers(['any'], {'any': weights}).values()  # as hart-evaluate does
    assert isinstance(tracker, hart_ros.Tracker)
    first = tracker.init(frame, BOX)
    assert (first.box, first.score) == (BOX, 1.0)
    for _ in range(3):
        track = tracker.update(frame)
        assert np.isfinite((*track.box, *track.window)).all()
        assert 0 <= track.score <= 1
        assert (track.glimpse.dtype, track.glimpse.shape) == (np.uint8, (rows, columns, 3))
        assert track.mask.shape == (rows, columns)
        assert track.mask.min() > 0.99


def test_tracks_are_those_of_the_network_on_whole_frames(weights: Path) -> None:
    model = load_model(weights)
    assert isinstance(model, RATM)
    frames = np.random.default_rng(0).integers(0, 256, (5, 120, 160, 3), dtype=np.uint8)
    images = torch.from_numpy(frames[..., ::-1].copy()).permute(0, 3, 1, 2) / 255.0
    tracker = HartTracker(weights, 'cpu')
    state = tracker.init(frames[0], BOX)
    with torch.inference_mode():
        plain = model.init(images[:1], torch.tensor([BOX]))
        for frame, image in zip(frames[1:], images[1:]):
            want, plain = model.step(image[None], plain)
            track, state = tracker.update(frame, state)
            box = kept_in_sight(want.box_xywh, torch.tensor([[160.0, 120.0]]))
            assert track.box == pytest.approx(box[0].tolist(), abs=0.01)
            assert track.window == pytest.approx(want.window_xywh[0].tolist(), abs=0.01)
            assert track.score == pytest.approx(float(want.score), abs=0.01)


def test_many_targets_are_tracked_as_one(weights: Path, frame: np.ndarray) -> None:
    tracker = HartTracker(weights, 'cpu')
    states = [tracker.init(frame, (x, 30, 40, 30)) for x in (10, 50, 90)]
    for state, (track, _) in zip(states, tracker.update_many(frame, states)):
        assert track.box == pytest.approx(tracker.update(frame, state)[0].box, abs=1e-3)


def test_a_frame_of_twice_the_size_is_the_same_view(weights: Path, frame: np.ndarray) -> None:
    tracker = HartTracker(weights, 'cpu')
    state = tracker.init(frame, BOX)
    small, _ = tracker.update(frame, state)
    large, after = tracker.update(np.repeat(np.repeat(frame, 2, 0), 2, 1), state)
    np.testing.assert_allclose(large.window, np.multiply(small.window, 2), rtol=0.02, atol=2)
    assert after.frame_size == (320, 240)


def test_a_network_that_explodes_gives_boxes_on_the_frame(tmp_path: Path) -> None:
    path = saved(CONFIGS['rectangular'], tmp_path / 'wild.safetensors', restless=1e3)
    tracker = HartTracker(path, 'cpu')
    rng = np.random.default_rng(0)
    state = tracker.init(rng.integers(0, 256, (120, 160, 3), dtype=np.uint8), BOX)
    for _ in range(40):
        track, state = tracker.update(rng.integers(0, 256, (120, 160), dtype=np.uint8), state)
        x, y, w, h = track.box
        assert 2 <= w <= 160
        assert 2 <= h <= 120
        assert -0.01 <= x + w / 2 <= 160.01
        assert -0.01 <= y + h / 2 <= 120.01
