# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Synthetic drives whose road users move as labels say."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from hart_ros.data import SourceError, open_source
from hart_ros.data.drive.scene import Scene

SIZE = (640, 192)
REAL = Path(__file__).resolve().parents[3] / 'shared' / 'data' / 'kitti_labels'


@pytest.fixture
def labels(tmp_path):
    """A car drives off ahead for three seconds, half as long a cyclist comes towards the camera."""
    row = '{} {} {} 0 0 0 1 2 9 9 1.5 1.6 4 {:.3f} 1.7 {:.3f} {:.3f}'
    lines = [row.format(k, 7, 'Car', 0.5, 9 + 0.1 * k, -math.pi / 2) for k in range(30)]
    lines += [row.format(k, 9, 'Cyclist', -3, 20 - 0.5 * k, math.pi / 2) for k in range(15)]
    lines += [row.format(k, 3, 'Misc', 0, 5, 0) for k in range(30)]
    folder = tmp_path / 'label_02'
    folder.mkdir()
    (folder / '0000.txt').write_text('\n'.join(lines))
    (folder / '0001.txt').touch()  # nobody
    return folder


def test_road_users_are_where_they_are_labelled(labels):
    scene = Scene(3, SIZE, 2.0, labels)
    cyclist, car = sorted(scene.traffic.actors[:2], key=lambda actor: -len(actor.looks))
    for time in (0.0, 0.43, 1.4):  # between labels too
        s, d = scene.traffic.ego.place(time)
        assert np.subtract(car.motion(time), (s, d)) == pytest.approx((9 + time, 0.5))
        assert np.subtract(cyclist.motion(time), (s, d)) == pytest.approx((20 - 5 * time, -3))
        for actor, turned in ((car, 0), (cyclist, math.pi)):
            _, heading, s, _ = actor.pose(scene.street, time)
            assert heading - scene.street.heading(s) == pytest.approx(turned, abs=1e-3)
    assert {car.track_id, cyclist.track_id} <= set(scene.boxes(1.0))
    assert cyclist.track_id not in scene.boxes(1.5)


def test_others_follow_where_labels_end(labels):
    actors = Scene(3, SIZE, 4.0, labels).traffic.actors
    cars = [actor for actor in actors if len(actor.looks) == 1]
    for time in (0.1, 2.8, 3.0, 25.0):
        there = [car for car in cars if math.isfinite(car.motion(time)[0])]
        assert 1 <= len(there) <= 2  # two at the very moment when one follows the other


def test_drives_with_and_without_labels_are_told_apart(labels):
    plain, moved = (
        open_source('synthetic:3', size=SIZE, frames=12, motions=m) for m in (None, labels)
    )
    assert (plain.name, moved.name) == ('synthetic-3', 'synthetic-3-label_02')
    again = open_source('synthetic:3', size=SIZE, frames=24, fps=20.0, motions=str(labels))
    assert 0 in moved.boxes(5)
    assert moved.boxes(5) == again.boxes(10)
    assert np.array_equal(moved[0].image, again[0].image)
    assert not np.array_equal(moved[5].image, plain[5].image)


def test_a_folder_without_labels_is_refused(tmp_path):
    (tmp_path / 'notes.txt').write_text('\n')
    with pytest.raises(SourceError, match='1 label files .*, no one moves in them'):
        open_source('synthetic', motions=tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason=f'no labels of KITTI in {REAL}')
@pytest.mark.parametrize('seed', [1, 2, 3])
def test_real_labels(seed):
    source = open_source(f'synthetic:{seed}', size=SIZE, frames=20, motions=REAL)
    assert sum(len(source.boxes(index)) for index in range(0, 20, 4)) >= 5
    assert source[19].image.shape == (192, 640, 3)
