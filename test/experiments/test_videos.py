# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The videos of the experiments are those of the paper."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from hart_ros.experiments.balls import Balls, target_patch
from hart_ros.experiments.digits import CANVAS, MovingDigits, new_classifier
from hart_ros.experiments.mnist import SIDE, Digits, MnistError, load_mnist
from hart_ros.experiments.motion import bounce
from hart_ros.experiments.videos import Clips, generator, steps_of
from hart_ros.model.attention import read_glimpse
from hart_ros.model.ratm import RATM, attention_of, gaussian_grid, scaled_about_centre
from hart_ros.model.ratm_objectives import pixel_loss


def some_digits(count: int = 40) -> Digits:
    """Filled squares of a brightness each, on black."""
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    images[:, 4:24, 4:24] = np.linspace(100, 255, count)[:, None, None]
    return Digits(images, np.arange(count) % 10)


def moving(count: int) -> MovingDigits:
    return MovingDigits(count, some_digits(), some_digits(), new_classifier().eval())


@pytest.mark.parametrize(('bodies', 'wobble'), [(1, 0.0), (3, 0.0), (2, 0.01)])
def test_bodies_stay_in_the_box_and_keep_their_speed(bodies: int, wobble: float) -> None:
    path = bounce(np.random.default_rng(0), 50, 60, bodies, 0.1, 0.05, wobble, 0.08)
    assert path.shape == (50, 60, bodies, 2)
    assert 0.1 - 0.08 <= path.min() <= path.max() <= 0.9 + 0.08
    paces = np.linalg.norm(np.diff(path, axis=1), axis=-1)
    assert paces.max() <= (0.081 if wobble else 0.051)
    if bodies == 1 and not wobble:
        inside = ((path > 0.16) & (path < 0.84)).all((2, 3))
        free = inside[:, 1:] & inside[:, :-1]
        np.testing.assert_allclose(paces[free], 0.05, rtol=1e-4)


def test_bodies_bounce_off_each_other() -> None:
    path = bounce(np.random.default_rng(1), 200, 60, 2, 0.14, 0.05)
    gaps = np.linalg.norm(path[:, :, 0] - path[:, :, 1], axis=-1)
    assert gaps[:, 0].min() >= 0.28
    assert gaps.min() > 0.28 - 0.05


def test_where_a_body_starts_may_be_drawn_to_the_middle() -> None:
    rng = np.random.default_rng(0)
    spread = np.array([0.0, 0.1, 1.0] * 50)
    start = bounce(rng, 150, 2, 1, 0.14, 0.03, spread=spread)[:, 0, 0] - 0.5
    assert abs(start[spread == 0]).max() == 0
    assert abs(start[spread == 0.1]).max() <= 0.036 + 1e-6
    assert abs(start[spread == 1]).max() > 0.3


def test_the_same_numbers_give_the_same_videos() -> None:
    task = Balls(last_only=True)
    one, same, other = (task.clips(generator(0, 0, n), 2, 4).images for n in (5, 5, 6))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_balls_as_published() -> None:
    clips = Balls(last_only=True).clips(np.random.default_rng(0), 3, 32)
    assert clips.images.shape == (3, 32, 1, 20, 20)
    assert clips.truth.shape == (3, 32, 4)
    assert 0 <= clips.images.min() < 0.01
    assert 0.9 < clips.images.max() <= 1
    mass = clips.images[:, 0, 0]
    pixels = torch.arange(20) + 0.5
    centre_x = (mass.sum(1) * pixels).sum(-1) / mass.sum((1, 2))
    centre_y = (mass.sum(2) * pixels).sum(-1) / mass.sum((1, 2))
    found = torch.stack((centre_x, centre_y), -1)
    want = clips.truth[:, 0, :2] + clips.truth[:, 0, 2:] / 2
    torch.testing.assert_close(found, want, atol=0.05, rtol=0)
    assert clips.truth[..., 2:].unique().tolist() == pytest.approx([4.8])


def test_the_target_patch_is_a_ball() -> None:
    patch = target_patch((5, 5))[0]
    assert patch[2, 2] == pytest.approx(1, abs=0.01)
    torch.testing.assert_close(patch, patch.T)
    torch.testing.assert_close(patch, patch.flip(0))
    assert patch[0, 0] < 0.1 < 0.3 < patch[0, 2] < 0.4 < 0.7 < patch[1, 1]


def test_the_target_patch_is_matched_best_at_the_true_box() -> None:
    clips = Balls(last_only=True).clips(np.random.default_rng(0), 50, 1)
    frame, glimpse = clips.size, (5, 5)

    def loss(scale: float, shift: float) -> float:
        window = scaled_about_centre(clips.truth[:, 0], scale)
        window[:, 0] += shift
        grid = gaussian_grid(attention_of(window, frame, glimpse), frame, glimpse)
        return float(
            pixel_loss(read_glimpse(clips.images[:, 0], grid, glimpse), target_patch(glimpse))
        )

    for scale, shift in ((0.9, 0.0), (1.1, 0.0), (1.0, 0.3), (1.0, -0.3)):
        assert loss(scale, shift) > 2 * loss(1.0, 0.0)


def test_training_videos_have_from_the_least_to_the_most_frames() -> None:
    lengths = set()

    class Counting(Balls):
        def loss(self, model: RATM, clips: Clips) -> torch.Tensor:
            lengths.add(clips.images.shape[1])
            return torch.zeros(())

    task = Counting(last_only=True)
    loss = steps_of(task, RATM(task.config), 0, 1, (3, 5))
    for step in range(40):
        loss(step)
    assert lengths == {3, 4, 5}


@pytest.mark.parametrize('count', [1, 2])
def test_digits_move_within_the_canvas(count: int) -> None:
    clips = moving(count).clips(np.random.default_rng(0), 4, 12)
    assert clips.images.shape == (4, 12, 1, CANVAS, CANVAS)
    corners = clips.truth[..., :2]
    assert clips.truth[..., 2:].unique().tolist() == [SIDE]
    assert 0 <= corners.min() <= corners.max() <= CANVAS - SIDE
    steps = corners.diff(dim=1)
    assert 0 < steps.abs().max() <= 6
    x, y = (int(v) for v in corners[0, 3])
    seen = clips.images[0, 3, 0, y : y + SIDE, x : x + SIDE]
    assert seen[4:24, 4:24].min() > 0.3
    if count == 1:
        assert clips.images[0, 3].sum() == pytest.approx(float(seen.sum()))
        assert clips.images[:, :, :].amax((2, 3, 4)).diff(dim=1).abs().max() < 1e-6  # one digit


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim])
    return head + np.array(array.shape, '>u4').tobytes() + array.astype(np.uint8).tobytes()


@pytest.mark.parametrize('packed', [False, True])
def test_mnist_is_read_from_idx_files(tmp_path: Path, packed: bool) -> None:
    digits = some_digits(5)
    for part in ('train', 't10k'):
        for kind, array in (('images-idx3', digits.images), ('labels-idx1', digits.classes)):
            content = idx(array)
            name = f'{part}-{kind}-ubyte' + ('.gz' if packed else '')
            (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    for part in load_mnist(tmp_path):
        np.testing.assert_array_equal(part.images, digits.images)
        np.testing.assert_array_equal(part.classes, digits.classes)
    (tmp_path / 'train-images-idx3-ubyte').write_bytes(idx(digits.images)[:-1])
    with pytest.raises(MnistError, match='not a whole file in the IDX format'):
        load_mnist(tmp_path)
    (tmp_path / 'train-images-idx3-ubyte').write_bytes(idx(digits.images)[:6])
    with pytest.raises(MnistError, match='not a whole file in the IDX format'):
        load_mnist(tmp_path)


def test_mnist_is_read_from_npz(tmp_path: Path) -> None:
    digits = some_digits(5)
    parts = {'x': digits.images, 'y': digits.classes.astype(np.uint8)}
    arrays = {f'{k}_{part}': v for part in ('train', 'test') for k, v in parts.items()}
    np.savez(tmp_path / 'mnist.npz', **arrays)
    training, test = load_mnist(tmp_path)
    np.testing.assert_array_equal(training.images, test.images)
    assert training.classes.dtype == np.int64
    whole = (tmp_path / 'mnist.npz').read_bytes()
    for broken in (b'no zip', whole[: len(whole) // 2], whole[:100] + b'oops' + whole[104:]):
        (tmp_path / 'mnist.npz').write_bytes(broken)
        with pytest.raises(MnistError, match='not x_train, y_train'):
            load_mnist(tmp_path)


def test_missing_mnist_is_said(tmp_path: Path) -> None:
    with pytest.raises(MnistError, match=r'neither mnist\.npz nor train-images') as error:
        load_mnist(tmp_path / 'absent')
    assert '\n' not in str(error.value)
