# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker on frames, with random weights."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hart_ros
from hart_ros.model.glimpse import gaussian_glimpse
from hart_ros.model.hart import HART, NARROWEST_SIGMA
from hart_ros.tracking import HartTracker, InvalidBoxError, InvalidFrameError, Track
from hart_ros.tracking.networks import HartNetwork, HartStep
from hart_ros.tracking.tracker import TargetState, select_device

BOX = (50.0, 40.0, 30.0, 20.0)


def equal(a: Track, b: Track) -> bool:
    return all(
        np.array_equal(x, y)
        for x, y in zip(dataclasses.astuple(a), dataclasses.astuple(b), strict=True)
    )


def tensors(state: TargetState) -> list[torch.Tensor]:
    return [getattr(state.recurrent, f.name) for f in dataclasses.fields(state.recurrent)]


def test_a_track_has_what_it_promises(hart: HartTracker, frame: np.ndarray) -> None:
    track, state = hart.update(frame, hart.init(frame, BOX))
    assert all(isinstance(value, float) for value in (*track.box, *track.window, track.score))
    assert 0 <= track.score <= 1
    assert track.glimpse.dtype == np.uint8
    size = track.glimpse.shape[0]
    assert track.glimpse.shape == (size, size, 3)
    assert track.mask.shape == (size, size)
    assert 0 <= track.mask.min() <= track.mask.max() <= 1
    assert state.box == track.box
    assert state.frame_size == (160, 120)


def test_the_first_track_is_the_given_box(hart: HartTracker, frame: np.ndarray) -> None:
    track = hart.first_track(frame, hart.init(frame, BOX))
    assert (track.box, track.score) == (BOX, 1.0)


def test_an_update_leaves_its_state_alone(hart: HartTracker, frame: np.ndarray) -> None:
    state = hart.init(frame, BOX)
    before = [t.clone() for t in tensors(state)]
    first, _ = hart.update(frame, state)
    again, _ = hart.update(frame, state)
    assert equal(first, again)
    assert all(torch.equal(a, b) for a, b in zip(before, tensors(state), strict=True))


def test_the_frame_is_not_written_to(hart: HartTracker, frame: np.ndarray) -> None:
    frame.flags.writeable = False
    hart.update(frame, hart.init(frame, BOX))


def test_mono_equals_grey_colour(hart: HartTracker, frame: np.ndarray) -> None:
    mono = frame[..., 0]
    colour = np.repeat(mono[..., None], 3, 2)
    tracks = [hart.update(f, hart.init(f, BOX))[0] for f in (mono, mono[..., None], colour)]
    assert equal(tracks[0], tracks[1])
    np.testing.assert_allclose(tracks[0].box, tracks[2].box, atol=1e-3)


def test_padded_rows_and_flipped_channels_are_read_right(
    hart: HartTracker, frame: np.ndarray
) -> None:
    wide = np.zeros((120, 200, 3), np.uint8)
    wide[:, :160] = frame
    view = np.ascontiguousarray(frame[..., ::-1])[..., ::-1]  # negative strides
    want, _ = hart.update(frame, hart.init(frame, BOX))
    for other in (wide[:, :160], view):
        assert equal(want, hart.update(other, hart.init(other, BOX))[0])


@settings(max_examples=25, deadline=None)
@given(st.floats(-300, 500), st.floats(-300, 500), st.floats(2, 400), st.floats(2, 400))
def test_reading_the_crop_equals_reading_the_frame(
    hart: HartTracker, x: float, y: float, w: float, h: float
) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    window = torch.tensor([[x, y, w, h]], dtype=torch.float32)
    image = torch.from_numpy(frame[..., ::-1].copy()).permute(2, 0, 1)[None] / 255.0
    assert isinstance(hart.model, HART)
    size = hart.model.config.glimpse_size
    want, covered = gaussian_glimpse(image, window, size, NARROWEST_SIGMA)
    glimpse, coverage = HartNetwork(hart.model).read(frame, *HartStep(hart.model).grids(window))
    torch.testing.assert_close(glimpse, want, atol=2e-3, rtol=0)
    torch.testing.assert_close(coverage, covered, atol=2e-3, rtol=0)


def test_the_glimpse_shows_the_window(hart: HartTracker, frame: np.ndarray) -> None:
    frame[:] = 0
    frame[40:60, 50:80] = (10, 100, 200)  # BGR
    track, _ = hart.update(frame, hart.init(frame, BOX))
    middle = track.glimpse.shape[0] // 2
    np.testing.assert_allclose(track.glimpse[middle, middle], (10, 100, 200), atol=2)
    assert track.glimpse[2, 2].max() == 0


def test_a_frame_of_twice_the_size_is_the_same_view(hart: HartTracker, frame: np.ndarray) -> None:
    state = hart.init(frame, BOX)
    large = np.repeat(np.repeat(frame, 2, 0), 2, 1)
    track, after = hart.update(large, state)
    small, _ = hart.update(frame, state)
    np.testing.assert_allclose(track.window, np.multiply(small.window, 2), rtol=1e-5)
    assert after.frame_size == (320, 240)


def test_the_box_stays_in_sight(hart: HartTracker) -> None:
    rng = np.random.default_rng(0)
    state = hart.init(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8), (70, 50, 10, 10))
    for _ in range(100):
        frame = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        track, state = hart.update(frame, state)
        x, y, w, h = track.box
        rounding = 1e-3
        assert -rounding <= x + w / 2 <= 80 + rounding
        assert -rounding <= y + h / 2 <= 60 + rounding
        assert 0 < w <= 80
        assert 0 < h <= 60


@pytest.mark.parametrize('value', [0, 255])
def test_a_frame_without_contrast_gives_numbers(hart: HartTracker, value: int) -> None:
    frame = np.full((60, 80, 3), value, np.uint8)
    track, _ = hart.update(frame, hart.init(frame, (10, 10, 20, 20)))
    assert np.isfinite((*track.box, track.score)).all()


def test_bad_input_leaves_the_target(weights: Path, frame: np.ndarray) -> None:
    tracker = hart_ros.Tracker(weights, 'cpu')
    with pytest.raises(RuntimeError, match='init'):
        tracker.update(frame)
    tracker.init(frame, BOX)
    before = tracker.state
    with pytest.raises(InvalidFrameError):
        tracker.update(frame.astype(np.float32))
    with pytest.raises(InvalidBoxError):
        tracker.init(frame, (500, 0, 10, 10))
    assert tracker.state is before
    tracker.update(frame)


def test_the_stateful_tracker_is_the_functional_one(
    weights: Path, hart: HartTracker, frame: np.ndarray
) -> None:
    tracker = hart_ros.Tracker(weights, 'cpu')
    state = hart.init(frame, BOX)
    assert equal(tracker.init(frame, BOX), hart.first_track(frame, state))
    for _ in range(3):
        frame = np.roll(frame, 2, 1)
        track, state = hart.update(frame, state)
        assert equal(tracker.update(frame), track)


def test_unknown_devices_are_refused() -> None:
    with pytest.raises(ValueError, match='tpu'):
        select_device('tpu')
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match='auto or cpu'):
            select_device('cuda')
