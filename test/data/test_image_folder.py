# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Folders of images: order, kinds of pixels, errors."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.data import SourceError
from hart_ros.data.image_folder import ImageFolder, list_images, read_image


def test_sorts_numbers_as_numbers(tmp_path, write_images, which):
    write_images(tmp_path, ['f9.png', 'f10.png', 'f100.png'])
    (tmp_path / 'notes.txt').write_text('not an image')
    (tmp_path / '._f9.png').write_text('left behind by a file manager')
    source = ImageFolder(tmp_path, fps=5)
    assert [which(frame.image) for frame in source] == [0, 1, 2]
    assert [frame.stamp for frame in source] == [0.0, 0.2, 0.4]
    assert which(source[-1].image) == 2
    assert source.track_ids == ()
    assert source.camera_matrix is None


@given(st.sets(st.integers(0, 10**9), min_size=1, max_size=20))
def test_order_is_that_of_the_numbers(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp('numbers')
    for number in numbers:
        (folder / f'frame_{number}.png').touch()
    assert [int(f.stem[6:]) for f in list_images(folder)] == sorted(numbers)


@pytest.mark.parametrize(
    ('pixels', 'shape', 'value'),
    [
        (np.full((4, 6), 7, np.uint8), (4, 6), 7),
        (np.full((4, 6), 7 * 256 + 9, np.uint16), (4, 6), 7),
        (np.full((4, 6, 3), 7 * 256 + 9, np.uint16), (4, 6, 3), 7),
        (np.full((4, 6, 4), 7, np.uint8), (4, 6, 3), 7),
    ],
)
def test_all_images_become_8_bits(tmp_path, pixels, shape, value):
    cv2.imwrite(str(tmp_path / 'a.png'), pixels)
    image = read_image(tmp_path / 'a.png')
    assert image.dtype == np.uint8
    assert image.shape == shape
    assert (image == value).all()


def test_floating_point_is_refused(tmp_path):
    if not cv2.imwrite(str(tmp_path / 'a.tiff'), np.zeros((4, 6), np.float32)):
        pytest.skip('this OpenCV writes no floating-point TIFF')
    with pytest.raises(SourceError, match=r'a.tiff: has pixels of type float32; convert'):
        read_image(tmp_path / 'a.tiff')


def test_a_broken_image_is_named(tmp_path, write_images):
    write_images(tmp_path, ['1.png', '2.png'])
    (tmp_path / '2.png').write_bytes(b'no image')
    source = ImageFolder(tmp_path)
    assert source[0].image.shape == (48, 64, 3)
    with pytest.raises(SourceError, match=r'2.png: cannot be read as an image'):
        source[1]
    with pytest.raises(IndexError, match='frame 2 of 2'):
        source[2]


def test_an_empty_folder_says_what_it_holds(tmp_path):
    with pytest.raises(SourceError, match='no images .* but nothing'):
        ImageFolder(tmp_path)
    (tmp_path / 'clip.mkv').touch()
    with pytest.raises(SourceError, match=r'but clip.mkv; give the folder'):
        ImageFolder(tmp_path)


@pytest.mark.parametrize('fps', [0, -1, float('nan')])
def test_the_rate_is_positive(tmp_path, write_images, fps):
    write_images(tmp_path, ['1.png'])
    with pytest.raises(SourceError, match='fps'):
        ImageFolder(tmp_path, fps=fps)
