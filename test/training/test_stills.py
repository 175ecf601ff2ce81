# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Things are found in photographs, cut out, and filmed where they are."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from hart_ros.evaluation.metrics import iou_xywh
from hart_ros.training.clips import CANVAS, ClipConfig
from hart_ros.training.frames import Sequence
from hart_ros.training.mixture import ClipMixture
from hart_ros.training.settings import ConfigError
from hart_ros.training.stills import Stills, find_outline, load_stills


def photograph() -> np.ndarray:
    """A red ellipse, (110, 70) to (210, 170), before grey noise."""
    picture = np.random.default_rng(0).integers(90, 130, (240, 320, 1), np.uint8).repeat(3, 2)
    cv2.ellipse(picture, (160, 120), (50, 50), 0, 0, 360, (20, 30, 220), -1)
    return picture


@pytest.fixture
def stills(tmp_path: Path) -> Stills:
    folder = tmp_path / 'photographs' / 'some'
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / 'thing.png'), photograph())
    cv2.imwrite(str(folder / 'empty.jpg'), np.full((240, 320, 3), 127, np.uint8))
    (folder / 'broken.jpg').write_bytes(b'no picture')
    return Stills(load_stills(tmp_path / 'photographs', tmp_path / 'cache', 1))


def test_the_thing_in_the_middle_is_outlined() -> None:
    found = find_outline(photograph())
    assert found is not None
    x, y, w, h = (k * 320 / found.shape[1] for k in cv2.boundingRect(found))
    assert iou_xywh((x, y, w, h), (110, 70, 100, 100)) > 0.85


def test_photographs_are_sorted_by_what_they_show(stills: Stills) -> None:
    assert [still.image.name for still in stills.all] == ['empty.jpg', 'thing.png']
    assert [still.image.name for still, _ in stills.things] == ['thing.png']


def test_drawn_outlines_are_taken(tmp_path: Path) -> None:
    """Two of four things: the others are tiny or cut by the picture's border."""
    picture, mask = photograph(), np.zeros((240, 320), np.uint8)
    boxes = (110, 70, 60, 100), (170, 70, 40, 100), (20, 20, 10, 10), (290, 100, 30, 60)
    for number, (x, y, w, h) in enumerate(boxes, start=1):
        mask[y : y + h, x : x + w] = number
    cv2.imwrite(str(tmp_path / 'two.jpg'), picture)
    cv2.imwrite(str(tmp_path / 'two.mask.png'), mask)
    stills = Stills(load_stills(tmp_path, tmp_path / 'cache', 1))
    assert [(still.image.name, thing) for still, thing in stills.things] == [
        ('two.jpg', 1),
        ('two.jpg', 2),
    ]
    shapes = {stills.cutting(np.random.default_rng(k)).shape.shape for k in range(20)}
    assert len(shapes) == 2
    assert all(abs(h - 100) <= 2 and min(abs(w - 60), abs(w - 40)) <= 2 for h, w in shapes)


def outlined(folder: Path, picture: np.ndarray, mask: np.ndarray) -> Stills:
    cv2.imwrite(str(folder / 'a.jpg'), picture)
    cv2.imwrite(str(folder / 'a.mask.png'), mask)
    return Stills(load_stills(folder, folder / 'cache', 1))


def test_what_is_thin_is_not_taken(tmp_path: Path) -> None:
    """A line, which is nothing without its outermost pixels; and a square that hangs on one."""
    mask = np.zeros((240, 320), np.uint8)
    cv2.line(mask, (20, 20), (100, 100), 1)
    cv2.rectangle(mask, (150, 50), (200, 100), 2, -1)
    cv2.line(mask, (200, 100), (230, 130), 2)
    cv2.rectangle(mask, (100, 110), (160, 170), 3, -1)
    stills = outlined(tmp_path, photograph(), mask)
    assert [thing for _, thing in stills.things] == [3]
    for seed in range(3):
        assert stills.cutting(np.random.default_rng(seed)).shape.shape == (59, 59)
        assert stills.clip(np.random.default_rng(seed), 2).boxes[:, 2:].min() > 1


def test_a_thing_is_as_large_as_it_is_used(tmp_path: Path) -> None:
    """Of 2000 pixels, a quarter is used."""
    mask = np.zeros((1500, 2000), np.uint8)
    mask[100:180, 100:180], mask[400:600, 400:600] = 1, 2
    stills = outlined(tmp_path, cv2.resize(photograph(), (2000, 1500)), mask)
    assert [thing for _, thing in stills.things] == [2]


def test_outlines_of_a_photograph_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    mask = np.zeros((240, 320), np.uint8)
    mask[100:180, 100:180] = 1
    cv2.imwrite(str(tmp_path / 'b.mask.png'), mask)
    (tmp_path / 'b.jpg').write_bytes(b'no picture')
    assert [still.image.name for still in outlined(tmp_path, photograph(), mask).all] == ['a.jpg']


@pytest.mark.parametrize(
    ('mask', 'says'),
    [
        (np.zeros((240, 320), np.uint16), 'a.mask.png: is no picture of one channel of 8 bits'),
        (np.zeros((240, 320, 3), np.uint8), 'number the things from 1'),
        (np.zeros((320, 240), np.uint8), '240 x 320 pixels, but its photograph has 320 x 240'),
    ],
)
def test_outlines_of_something_else_are_refused(
    tmp_path: Path, mask: np.ndarray, says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        outlined(tmp_path, photograph(), mask)


def test_outlines_are_drawn_once(stills: Stills, monkeypatch: pytest.MonkeyPatch) -> None:
    outline = stills.things[0][0].outline
    assert outline is not None
    before = outline.stat().st_mtime_ns
    folder, cache = stills.all[0].image.parents[1], outline.parents[2]
    assert load_stills(folder, cache, 1) == stills.all
    assert outline.stat().st_mtime_ns == before


def test_outlines_are_told_apart_and_renewed(tmp_path: Path) -> None:
    for place, shift in (('a', 0), ('b', 20)):
        folder = tmp_path / place / 'photographs'
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / '1.png'), np.roll(photograph(), shift, 1))
    cache = tmp_path / 'cache'
    one, other = (load_stills(tmp_path / k / 'photographs', cache, 1)[0] for k in 'ab')
    assert one.outline is not None and other.outline is not None
    drawn = one.outline.read_bytes()
    assert drawn != other.outline.read_bytes()
    cv2.imwrite(str(one.image), np.roll(photograph(), -20, 1))
    later = one.outline.stat().st_mtime + 5
    os.utime(one.image, (later, later))
    assert load_stills(tmp_path / 'a' / 'photographs', cache, 1) == [one]
    assert one.outline.read_bytes() != drawn


def test_a_thing_is_cut_out(stills: Stills) -> None:
    cutting = stills.cutting(np.random.default_rng(0))
    inside = cutting.patch[cutting.shape > 0.5]
    assert cutting.shape.shape == cutting.patch.shape[:2]
    assert np.median(inside[:, 2]) > 200
    assert 0.7 < (cutting.shape > 0.5).mean() < 0.85  # an ellipse fills pi / 4 of its box


def test_a_thing_is_filmed_in_place(stills: Stills) -> None:
    for seed in range(4):
        clip = stills.clip(np.random.default_rng(seed), 3)
        for image, (x, y, w, h) in zip(clip.images, clip.boxes):
            middle = image[int(np.clip(y + h / 2, 0, 255)), int(np.clip(x + w / 2, 0, 255))]
            assert middle[2] > 150


def test_scenes_are_canvases(stills: Stills) -> None:
    assert stills.scene(np.random.default_rng(0), 3).shape == (3, CANVAS, CANVAS, 3)


def test_clips_are_made_of_photographs(stills: Stills, sequence: Sequence) -> None:
    config = ClipConfig(composed=0.5, still=1)
    with_stills = ClipMixture([sequence], 4, 0, config, stills=stills)
    without = ClipMixture([sequence], 4, 0, config)
    for k in range(6):
        assert with_stills[k]['images'].equal(with_stills[k]['images'])
        assert not with_stills[k]['images'].equal(without[k]['images'])


def test_a_folder_without_photographs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='no photographs'):
        load_stills(tmp_path, tmp_path / 'cache')
