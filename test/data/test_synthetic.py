# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Synthetic drives: repeatable, different, and with boxes that fit."""

from __future__ import annotations

import numpy as np
import pytest

from hart_ros.data import first_box, open_source
from hart_ros.data.drive.scene import Scene

SIZE = (640, 192)
SEEDS = (0, 1, 4, 9, 14)


@pytest.fixture(scope='module')
def default():
    return open_source('synthetic', size=SIZE)


def test_frames_are_the_same_in_any_order_and_length(default):
    again = open_source('synthetic:0', size=SIZE, frames=40)
    for index in (39, 0, 17):
        one, two = default[index], again[index]
        assert np.array_equal(one.image, two.image)
        assert one.boxes == two.boxes
        assert np.array_equal(default[index].image, one.image)
    assert one.image.shape == (192, 640, 3)
    assert one.image.dtype == np.uint8


def test_seeds_differ():
    images = [open_source(f'synthetic:{seed}', size=SIZE, frames=1)[0].image for seed in SEEDS]
    for i, one in enumerate(images):
        for two in images[:i]:
            assert np.abs(one.astype(float) - two).mean() > 15


def test_stamps_are_those_of_kitti(default):
    assert default.fps == 10
    assert [default[i].stamp for i in (0, 1, 25)] == pytest.approx([0, 0.1, 2.5])


def test_the_default_target_can_be_followed_all_the_way(default):
    start, track, box = first_box(default)
    assert (start, track) == (0, 0)
    boxes = [default.boxes(index)[track] for index in range(len(default))]
    assert boxes[0] == box
    assert len(boxes) >= 60
    assert min(min(b[2:]) for b in boxes) >= 25
    sizes = [b[3] for b in boxes]
    assert max(sizes) > 1.5 * min(sizes)  # it approaches and recedes


@pytest.mark.parametrize('seed', SEEDS)
def test_boxes_lie_in_the_image_and_are_not_tiny(seed):
    source = open_source(f'synthetic:{seed}', size=SIZE, frames=30)
    assert source.track_ids[0] == 0
    for index in range(0, 30, 5):
        for x, y, w, h in source.boxes(index).values():
            assert min(x, y) >= 0
            assert x + w <= 640
            assert y + h <= 192
            assert min(w, h) >= 8


@pytest.mark.parametrize('seed', SEEDS)
def test_boxes_are_tight(seed, monkeypatch):
    """A box has the extent of the pixels that the object changes when it stands there alone."""
    scene = Scene(seed, SIZE, 10.0)
    monkeypatch.setattr(scene, '_paint_shadow', lambda *args: None)
    monkeypatch.setattr(scene._exposure, 'apply', lambda image, index, time: image)
    monkeypatch.setattr(scene.street, 'items', lambda start, stop: [])
    everyone = list(scene.traffic.actors)
    checked = 0
    for time in (0.0, 2.3, 5.9):
        scene.traffic.actors = []
        empty = scene.paint(time, 0).astype(int)
        for actor in everyone[:12]:
            scene.traffic.actors = [actor]
            box = scene.boxes(time).get(actor.track_id)
            if box is None:
                continue
            changed = np.abs(scene.paint(time, 0) - empty).max(axis=2) > 0
            rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
            found = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
            x, y, w, h = box
            assert np.abs(np.subtract(found, (x, y, x + w, y + h))).max() < 2, actor.track_id
            checked += 1
    assert checked >= 3


def test_what_others_hide_has_no_box():
    """Two of the same at the same place: only the near one is seen."""
    scene = Scene(0, SIZE, 10.0)
    front = scene.traffic.actors[0]
    motion = front.motion
    behind = scene.traffic.actors[1]
    object.__setattr__(behind, 'looks', front.looks)
    object.__setattr__(behind, 'motion', lambda time: (motion(time)[0] + 3.0, motion(time)[1]))
    object.__setattr__(behind, 'turned', None)
    scene.traffic.actors = [front, behind]
    boxes = scene.boxes(0.0)
    assert front.track_id in boxes
    scene.traffic.actors = [behind]
    assert behind.track_id in scene.boxes(0.0)
    object.__setattr__(behind, 'motion', lambda time: (motion(time)[0] + 0.3, motion(time)[1]))
    scene.traffic.actors = [front, behind]
    assert behind.track_id not in scene.boxes(0.0)


def test_the_camera_matrix_is_that_of_kitti_at_every_size():
    full = open_source('synthetic', frames=1)
    assert full.camera_matrix is not None
    assert full.camera_matrix.shape == (3, 4)
    assert full.camera_matrix[0, 0] == pytest.approx(721.5)
    half = open_source('synthetic', size=(621, 187), frames=1)
    assert half.camera_matrix is not None
    assert half.camera_matrix[0, 0] == pytest.approx(360.75)
    assert full[0].image.shape == (375, 1242, 3)


def test_other_rates_show_the_same_drive(default):
    slow = open_source('synthetic:0', size=SIZE, frames=20, fps=5.0)
    assert slow.boxes(10) == default.boxes(20)
