# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The factory finds the reader, and says what is wrong."""

from __future__ import annotations

import pytest

from hart_ros.data import SourceError, first_box, open_source


@pytest.mark.parametrize(
    ('layout', 'reader'),
    [
        ('image_02/data', 'KittiRaw'),
        ('image_02/0000', 'KittiTracking'),
        ('training/image_02/0000', 'KittiTracking'),
        ('img', 'OtbFolder'),
        ('', 'ImageFolder'),
    ],
)
def test_finds_the_reader_of_a_folder(tmp_path, write_images, layout, reader):
    write_images(tmp_path / layout, ['000000.png', '000001.png'])
    source = open_source(tmp_path)
    assert type(source).__name__ == reader
    assert [frame.index for frame in source] == [0, 1]


def test_finds_the_reader_of_videos(tmp_path, write_video):
    write_video(tmp_path / 'drive' / 'video.mp4')
    assert type(open_source(tmp_path / 'drive')).__name__ == 'VideoFolder'
    assert type(open_source(tmp_path / 'drive' / 'video.mp4')).__name__ == 'VideoFile'


def test_synthetic_takes_a_seed():
    assert open_source('synthetic:7', size=(96, 32), frames=1).name == 'synthetic-7'
    assert open_source('synthetic', size=(96, 32), frames=1).name == 'synthetic-0'


@pytest.mark.parametrize(
    ('path', 'options', 'message'),
    [
        ('/no/such/place', {}, '/no/such/place: no such file or folder'),
        ('synthetic:red', {}, "the seed is a whole number, e.g. 'synthetic:7'"),
        ('synthetic', {'sequence': 3}, 'takes no option sequence'),
        ('synthetic', {'frames': 0}, 'at least one frame'),
        ('synthetic', {'size': (3, 2)}, 'size 3x2'),
        ('synthetic', {'fps': float('nan')}, 'a positive rate'),
    ],
)
def test_says_what_is_wrong(path, options, message):
    with pytest.raises(SourceError, match=message):
        open_source(path, **options)


def test_first_box_finds_the_start_of_a_track(tmp_path, write_images):
    write_images(tmp_path / 'img', [f'{i:04d}.png' for i in range(1, 5)])
    (tmp_path / 'groundtruth_rect.1.txt').write_text('nan,nan,nan,nan\n5,5,9,8\n6,5,9,8\n0,0,0,0\n')
    (tmp_path / 'groundtruth_rect.2.txt').write_text('0,0,0,0\n0,0,0,0\n2,3,4,5\n0,0,0,0\n')
    source = open_source(tmp_path)
    assert first_box(source) == (1, 1, (4, 4, 9, 8))
    assert first_box(source, 2) == (2, 2, (1, 2, 4, 5))
    with pytest.raises(SourceError, match='no box of track 9; its tracks are 1, 2'):
        first_box(source, 9)


def test_first_box_needs_ground_truth(tmp_path, write_images):
    with pytest.raises(SourceError, match='give the initial box'):
        first_box(open_source(write_images(tmp_path, ['1.png'])))
