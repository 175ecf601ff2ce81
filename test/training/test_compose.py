# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is cut out and pasted is a thing, moves like one, and has an exact box."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from hart_ros.training.augment import soft_shape
from hart_ros.training.bend import MOST, Bending, waves
from hart_ros.training.clips import CANVAS, Clip, ClipConfig
from hart_ros.training.compose import composed_clip
from hart_ros.training.cuttings import Cutting, Filmed, blob, mirrored, outline_in_box
from hart_ros.training.frames import Sequence
from hart_ros.training.mixture import ClipMixture

FORWARDS = ClipConfig(skips=(1,), reverse=0)


def white(seed: int = 0, side: int = 90) -> list[Cutting]:
    shape = soft_shape(np.random.default_rng(seed), side, side)
    return [Cutting(np.full((side, side, 3), 255, np.uint8), shape)]


def a_clip(seed: int, steps: int = 12, **settings: float) -> Clip:
    scene = np.zeros((1, CANVAS, CANVAS, 3), np.uint8)
    config = ClipConfig(**settings)  # type: ignore[arg-type]
    return composed_clip(np.random.default_rng(seed), steps, scene, white(seed), [], (), config)


def seen_box(image: np.ndarray) -> tuple[int, int, int, int]:
    """Of what is at least half as bright as the brightest."""
    x, y, w, h = cv2.boundingRect((image[..., 0] > image[..., 0].max() / 2).astype(np.uint8))
    return x, y, w, h


@pytest.mark.parametrize('seed', range(8))
def test_the_box_is_tight_around_what_is_seen(seed: int) -> None:
    clip = a_clip(seed, bend=1, smear=0.5)
    inside = 0
    for image, (x, y, w, h) in zip(clip.images, clip.boxes, strict=True):
        if min(x, y) > 0 and x + w < CANVAS and y + h < CANVAS:
            inside += 1
            np.testing.assert_allclose(seen_box(image), (x, y, w, h), atol=1)
    assert inside > 2


def test_a_thing_bends_in_time() -> None:
    def change(bend: float) -> float:
        boxes = [a_clip(seed, bend=bend).boxes for seed in range(10)]
        return float(np.mean([np.ptp(np.log(b[:, 2] / b[:, 3])) for b in boxes]))

    assert change(1) > 1.5 * change(0)


def test_clips_are_repeatable_and_finite(sequence: Sequence) -> None:
    for seed in range(4):
        first, again = a_clip(seed), a_clip(seed)
        np.testing.assert_array_equal(first.images, again.images)
        np.testing.assert_array_equal(first.boxes, again.boxes)
        assert np.isfinite(first.boxes).all()
        assert (first.boxes[:, 2:] >= 2).all()


def test_outlines_that_are_kept_change_nothing(sequence: Sequence) -> None:
    config = ClipConfig(composed=1, filmed=1)
    warm, cold = (ClipMixture([sequence], 4, 0, config) for _ in range(2))
    for number in range(3):
        warm[number]
    for name, value in warm[3].items():
        assert value.equal(cold[3][name])


def test_bending_is_bounded() -> None:
    assert np.abs(waves(np.random.default_rng(0), 50, (4, 4, 2), 9.0)).max() <= 1
    layer = np.full((60, 90, 4), 255, np.uint8)
    for seed in range(20):
        bending = Bending(np.random.default_rng(seed), 12, 1.0)
        assert np.abs(bending.field).max() <= MOST
        assert bending.aspect.min() > 0.6
        assert bending.aspect.max() < 1.6
        for t in range(12):
            warped, corner = bending.warped(layer, t, 0.7, np.array([40.3, -7.2]))
            edge = (warped[0], warped[-1], warped[:, 0], warped[:, -1])
            assert not any(side.any() for side in edge)  # all of the thing is there
            middle = corner + np.array(warped.shape[1::-1]) / 2
            np.testing.assert_allclose(middle, (40.3, -7.2), atol=1)


def test_what_does_not_bend_keeps_its_shape() -> None:
    bending = Bending(np.random.default_rng(0), 1, 0.0)
    bending.aspect[:], bending.angle[:] = 1, 0
    layer = np.random.default_rng(0).integers(0, 255, (20, 30, 4), np.uint8)
    warped, (x, y) = bending.warped(layer, 0, 1.0, np.array([50.0, 40.0]))
    np.testing.assert_array_equal(warped[30 - y : 50 - y, 35 - x : 65 - x], layer)


def disc(steps: int = 8) -> Sequence:
    """A red disc that grows, before green noise."""
    frames = np.random.default_rng(0).integers(0, 90, (steps, 120, 200, 3), np.uint8)
    frames[..., 1] += 90
    boxes = {}
    for t in range(steps):
        cv2.circle(frames[t], (60 + 6 * t, 60), 20 + t, (10, 20, 220), -1)
        boxes[t] = (40.0 + 5 * t, 40.0 - t, 41.0 + 2 * t, 41.0 + 2 * t)
    return Sequence('disc', frames, {1: boxes})


def test_a_target_is_outlined_by_its_colours(sequence: Sequence) -> None:
    round_one = outline_in_box(disc().frames[0], np.array(disc().tracks[1][0]))
    assert abs(round_one.mean() - np.pi / 4) < 0.06
    square = outline_in_box(sequence.frames[0], np.array(sequence.tracks[7][0]))
    assert square.mean() > 0.9
    grey = np.full((100, 100, 3), 127, np.uint8)
    oval = outline_in_box(grey, np.array([20.0, 20.0, 50.0, 40.0]))
    assert 0.5 < oval.mean() < 0.9  # colours tell nothing
    assert not (oval[0, 0] or oval[-1, -1])


def test_targets_of_any_size_and_place_are_outlined() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (211, 307, 3), np.uint8)
    for _ in range(60):
        size = rng.uniform(12, (300, 205))
        place = rng.choice([0.0, 0.02, 0.5, 0.98, 1.0], 2) * (np.array([305, 209]) - size) + 1
        outline = outline_in_box(image, np.concatenate((place, size)))
        assert outline.shape == (40, 40)
        assert outline.any()


def test_who_is_hidden_by_a_rival_is_absent() -> None:
    scene = np.zeros((1, CANVAS, CANVAS, 3), np.uint8)
    clips = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        clips.append(composed_clip(rng, 6, scene, white(), [white(1), white(2)]))
    absent = np.array([~clip.present for clip in clips])
    assert 0 < absent.mean() < 0.2
    assert not absent[:, 0].any()


def test_a_target_is_filmed() -> None:
    rng, strip = np.random.default_rng(0), None
    while strip is None:  # it began too late
        strip = Filmed().strip(rng, disc(), 1, 4, FORWARDS)
    sides = [len(cutting.patch) for cutting in strip]
    np.testing.assert_array_equal(np.diff(sides), (2, 2, 2))
    for cutting in strip:
        assert cutting.shape.shape == cutting.patch.shape[:2]
        assert (cutting.patch[cutting.shape > 0.6][:, 2] > 150).mean() > 0.9


def test_nothing_is_filmed_without_room_or_over_the_border() -> None:
    long, rng = Filmed(), np.random.default_rng(0)
    assert all(long.strip(rng, disc(), 1, 9, FORWARDS) is None for _ in range(20))
    video = disc()
    beyond = {t: (-3.0, y, w, h) for t, (_, y, w, h) in video.tracks[1].items()}
    outside = Sequence('outside', video.frames, {1: beyond})
    assert all(long.strip(rng, outside, 1, 1, FORWARDS) is None for _ in range(20))


def test_a_blob_and_its_mirror_image() -> None:
    canvas = np.zeros((CANVAS, CANVAS, 3), np.uint8)
    canvas[:, 128:] = np.random.default_rng(0).integers(0, 255, (CANVAS, 128, 3), np.uint8)
    cuttings = [blob(np.random.default_rng(seed), canvas) for seed in range(10)]
    assert sum(cutting.patch.any() for cutting in cuttings) > 8
    for cutting in cuttings:
        assert cutting.shape.shape == cutting.patch.shape[:2]
        (other,) = mirrored([cutting])
        np.testing.assert_array_equal(other.patch[:, ::-1], cutting.patch)
        np.testing.assert_array_equal(other.shape[:, ::-1], cutting.shape)


def test_bending_costs_little() -> None:
    def cost(bend: float) -> float:
        start = time.process_time()
        for seed in range(5):
            a_clip(seed, bend=bend, smear=0)
        return time.process_time() - start

    assert min(cost(1) for _ in range(3)) < 2 * min(cost(0) for _ in range(3))
