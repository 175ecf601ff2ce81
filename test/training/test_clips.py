# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Clips show the target where their boxes say."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from hart_ros.evaluation.metrics import iou_xywh
from hart_ros.training.augment import add_lookalike, add_occluder, photometric, smooth_path
from hart_ros.training.clips import (
    CANVAS,
    DEFAULT,
    LARGEST,
    LOOSE,
    SMALLEST,
    Clip,
    ClipConfig,
    cut_clip,
    film,
)
from hart_ros.training.frames import Sequence
from hart_ros.training.mixture import ClipMixture, NumberedBatches, as_tensors
from hart_ros.training.motions import load_motions, real_motion
from hart_ros.training.settings import ConfigError


def red_box(image: np.ndarray) -> tuple[float, float, float, float]:
    """Where the red square of `sequence` is seen."""
    rows, columns = np.nonzero((image[..., 2] > 150) & (image[..., 0] < 90))
    x, y = columns.min(), rows.min()
    return x, y, columns.max() + 1 - x, rows.max() + 1 - y


def a_clip(sequence: Sequence, seed: int, length: int = 6, config: ClipConfig = DEFAULT) -> Clip:
    rng = np.random.default_rng(seed)
    while True:
        clip = cut_clip(rng, sequence, 7, length, config)
        if clip is not None:
            return clip


@pytest.mark.parametrize('zoom', [0.0, 1.0])
@pytest.mark.parametrize('seed', range(8))
def test_the_box_is_where_the_target_is_seen(sequence: Sequence, seed: int, zoom: float) -> None:
    clip = a_clip(sequence, seed, config=ClipConfig(zoom=zoom))
    assert clip.images.shape == (6, CANVAS, CANVAS, 3)
    assert clip.present.all()
    side = np.sqrt(clip.boxes[0, 2] * clip.boxes[0, 3])
    assert 0.8 * SMALLEST < side < 1.25 * LARGEST
    for image, (x, y, w, h) in zip(clip.images, clip.boxes, strict=True):
        if min(x, y) >= 0 and x + w <= CANVAS and y + h <= CANVAS:
            assert iou_xywh(red_box(image), (x, y, w, h)) > 0.85


def test_a_camera_that_zooms_changes_the_size(sequence: Sequence) -> None:
    boxes = np.repeat([[60.0, 60.0, 20.0, 20.0]], 12, 0)
    frames = [sequence.frames[0]] * 12

    def growths(zooming: float) -> np.ndarray:
        clips = (
            film(np.random.default_rng(k), frames, boxes, np.ones(12, bool), zooming)
            for k in range(10)
        )
        return np.array([np.log(clip.boxes[-1, 2:] / clip.boxes[0, 2:]) for clip in clips])

    assert np.abs(growths(0.0)).max() < 0.02
    assert growths(1.0).min() < -0.05 and growths(1.0).max() > 0.05


def test_loosely_drawn_boxes_are_off_by_the_same_share_throughout(sequence: Sequence) -> None:
    usual = ClipMixture([sequence], 4, 0, ClipConfig(composed=0))
    loose = ClipMixture([sequence], 4, 0, ClipConfig(composed=0, loose=1))
    for k in range(6):
        before, after = usual[k], loose[k]
        assert after['images'].equal(before['images'])
        shares = (after['boxes'] - before['boxes']) / before['boxes'][:, [2, 3, 2, 3]]
        assert torch.allclose(shares, shares[:1].expand_as(shares), atol=1e-5)
        assert 0 < shares.abs().max() <= 4 * LOOSE + 1e-6


def test_no_clip_where_the_track_has_no_room(sequence: Sequence) -> None:
    assert cut_clip(np.random.default_rng(0), sequence, 7, 100) is None


def test_frames_without_a_box_are_marked_absent(sequence: Sequence) -> None:
    boxes = {t: box for t, box in sequence.tracks[7].items() if t % 4}
    clip = a_clip(Sequence('gaps', sequence.frames, {7: boxes}), 0, 8)
    assert clip.present[0]
    assert not clip.present.all()


def test_things_follow_real_tracks(tmp_path: Path, sequence: Sequence) -> None:
    line = '{} {} Car 0 0 -1.5 {} 20 {} 60 1.5 1.6 4 -4 1.8 12 -1.5'
    lines = [line.format(t, 1, 30 + 5 * t, 70 + 5 * t) for t in [*range(8), *range(9, 12)]]
    (tmp_path / '0000.txt').write_text('\n'.join(lines))
    motions = load_motions(tmp_path)
    assert [len(track) for track in motions] == [8, 3]  # frame 8 has no box
    np.testing.assert_allclose(motions[0][1], (55, 40, 40))
    piece = real_motion(np.random.default_rng(0), motions, 6)
    assert piece is not None
    np.testing.assert_allclose(np.abs(np.diff(piece, axis=0)), [(5 / 40, 0, 0)] * 5)
    assert real_motion(np.random.default_rng(0), motions, 9) is None
    mixture = ClipMixture([sequence], 4, 0, ClipConfig(composed=1), motions=motions)
    assert not torch.equal(mixture[0]['boxes'], ClipMixture([sequence], 4, 0)[0]['boxes'])
    with pytest.raises(ConfigError, match='no label files'):
        load_motions(tmp_path / 'none')


def test_photometric_changes_pixels_only(sequence: Sequence) -> None:
    clip = a_clip(sequence, 0)
    before, boxes = clip.images.copy(), clip.boxes.copy()
    photometric(np.random.default_rng(0), clip)
    assert clip.images.dtype == np.uint8
    assert not np.array_equal(before, clip.images)
    np.testing.assert_array_equal(boxes, clip.boxes)


@pytest.mark.parametrize('seed', range(5))
def test_a_lookalike_never_hides_the_target(sequence: Sequence, seed: int) -> None:
    clip = a_clip(sequence, seed)
    centres = (clip.boxes[:, :2] + clip.boxes[:, 2:] / 2).clip(0, CANVAS - 1).astype(int)
    add_lookalike(np.random.default_rng(seed), clip)
    assert all(clip.images[t, y, x, 2] > 150 for t, (x, y) in enumerate(centres))


def test_a_hidden_target_is_marked_absent(sequence: Sequence) -> None:
    dark = np.zeros((CANVAS, CANVAS, 3), np.uint8)
    hidden = 0
    for seed in range(30):
        clip = a_clip(sequence, seed)
        add_occluder(np.random.default_rng(seed), clip, dark)
        assert clip.present[0]
        hidden += int((~clip.present).sum())
    assert hidden > 0


def test_a_path_starts_at_its_origin() -> None:
    path = smooth_path(np.random.default_rng(0), 5, 3.0)
    assert path.shape == (5, 2)
    assert not path[0].any()


def test_the_stream_is_repeatable(sequence: Sequence) -> None:
    a, b, c = (ClipMixture([sequence], 4, seed)[0] for seed in (3, 3, 4))
    assert a['images'].shape == (4, 3, CANVAS, CANVAS)
    assert a['images'].equal(b['images'])
    assert a['boxes'].equal(b['boxes'])
    assert not a['images'].equal(c['images'])


def test_weights_choose_among_sources(sequence: Sequence) -> None:
    other = Sequence('synthetic-1', sequence.frames, sequence.tracks)
    mixture = ClipMixture([sequence, other], 4, 0, weights={'synthetic': 0.25})
    np.testing.assert_allclose(mixture.weights, [0.8, 0.2])


def test_no_two_steps_or_processes_get_the_same_clip() -> None:
    numbers = [
        n for rank in range(3) for batch in islice(NumberedBatches(5, 4, rank, 3), 6) for n in batch
    ]
    assert len(set(numbers)) == 3 * 6 * 4
    late = next(iter(NumberedBatches(7, 4, 1, 3)))
    assert late == list(islice(NumberedBatches(5, 4, 1, 3), 3))[-1]


def test_what_has_no_probability_never_happens(sequence: Sequence) -> None:
    never = ClipConfig(light=0, grey=0, blur=0, noise=0, jpeg=0)
    clip = a_clip(sequence, 0)
    before = clip.images.copy()
    photometric(np.random.default_rng(0), clip, never)
    np.testing.assert_array_equal(before, clip.images)


def test_too_short_sequences_are_named(sequence: Sequence) -> None:
    with pytest.raises(RuntimeError, match='100 frames: add longer'):
        ClipMixture([sequence], 100, 0, ClipConfig(composed=0))[0]


def test_tensors_are_rgb(sequence: Sequence) -> None:
    clip = a_clip(sequence, 0)
    x, y, w, h = clip.boxes[0].astype(int)
    tensors = as_tensors(clip)
    assert tensors['images'][0, 0, y + h // 2, x + w // 2] > 150  # red comes first
