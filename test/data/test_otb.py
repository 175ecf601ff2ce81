# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""OTB-like folders."""

from __future__ import annotations

import pytest

from hart_ros.data import SourceError
from hart_ros.data.otb import OtbFolder


@pytest.fixture
def folder(tmp_path, write_images):
    write_images(tmp_path / 'img', [f'{i:04d}.jpg' for i in range(1, 5)])
    return tmp_path


@pytest.mark.parametrize('parting', [',', '\t', ' ', ', ', ';'])
def test_boxes_count_from_pixel_1(folder, parting):
    lines = [parting.join(['1', '2', '30', '20']), parting.join(['2.5', '2', '30', '20'])]
    (folder / 'groundtruth_rect.txt').write_text('\r\n'.join(lines) + '\n\n')
    source = OtbFolder(folder, start=1)
    assert len(source) == 4
    assert source.track_ids == (1,)
    assert source[0].boxes == {1: (0, 1, 30, 20)}
    assert source.boxes(1) == {1: (1.5, 1, 30, 20)}
    assert source.boxes(2) == {}


def test_annotation_may_start_later(folder):
    (folder / 'groundtruth_rect.txt').write_text('1,1,9,9\n2,2,9,9\n')
    source = OtbFolder(folder, start=3)
    assert source.boxes(0) == {}
    assert source.boxes(3) == {1: (1, 1, 9, 9)}
    with pytest.raises(SourceError, match='images are counted from 1'):
        OtbFolder(folder, start=0)


def test_where_the_annotation_starts_is_told_beside_it(folder):
    (folder / 'groundtruth_rect.txt').write_text('1,1,9,9\n2,2,9,9\n')
    with pytest.raises(SourceError, match=r'2 boxes for 4 images; write .* into .*start\.txt'):
        OtbFolder(folder)
    (folder / 'start.txt').write_text('2\n')
    source = OtbFolder(folder)
    assert [len(source.boxes(index)) for index in range(4)] == [0, 1, 1, 0]
    assert OtbFolder(folder, start=1).boxes(0)
    (folder / 'start.txt').write_text('second\n')
    with pytest.raises(SourceError, match=r"start\.txt:1: start is 'second', not a whole number"):
        OtbFolder(folder)


@pytest.mark.parametrize(
    ('name', 'images', 'boxes', 'first'), [('David', 305, 6, 299), ('Diving', 3, 2, 0)]
)
def test_starts_of_otb_are_known(tmp_path, write_images, name, images, boxes, first):
    write_images(tmp_path / name / 'img', ['0001.jpg'])
    for number in range(2, images + 1):
        (tmp_path / name / 'img' / f'{number:04d}.jpg').touch()
    (tmp_path / name / 'groundtruth_rect.txt').write_text('1,1,9,9\n' * boxes)
    source = OtbFolder(tmp_path / name)
    annotated = [index for index in range(images) if source.boxes(index)]
    assert annotated == list(range(first, first + boxes))


def test_without_ground_truth(folder):
    (folder / 'groundtruth_rect_old.txt').write_text('not this one')
    assert OtbFolder(folder).track_ids == ()


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('1,1,9,9\n1,1,9\n', r"groundtruth_rect.txt:2: '1,1,9' is not x, y, w, h"),
        ('1,1,9,x\n', r"groundtruth_rect.txt:1: h is 'x', not a number"),
        ('1,1,-9,9\n', r'groundtruth_rect.txt:1: the box is -9 wide'),
        ('1,1,9,9\n' * 5, r'5 boxes from image 1 on, but 4 images'),
    ],
)
def test_names_the_line_that_is_wrong(folder, text, message):
    (folder / 'groundtruth_rect.txt').write_text(text)
    with pytest.raises(SourceError, match=message):
        OtbFolder(folder)
