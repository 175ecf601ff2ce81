# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The readers on real data, where it lies beside the repository."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from hart_ros.data import first_box, open_source
from hart_ros.data.kitti import read_labels

DATA = Path(__file__).resolve().parents[3] / 'shared' / 'data'
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f'no real data in {DATA}')


@needs_data
@pytest.mark.parametrize('name', ['car', 'jogging', 'segtrack2-girl', 'davis-bmx-trees'])
def test_videos_with_boxes(name):
    folder = DATA / name
    source = open_source(folder)
    meta = json.loads((folder / 'meta.json').read_text())
    assert len(source) == meta['frames']
    with (folder / 'boxes.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert sum(len(source.boxes(i)) for i in range(len(source))) == len(rows)
    index, _, (x, y, w, h) = first_box(source)
    height, width = source[index].image.shape[:2]
    assert min(x + w, width) - max(x, 0) > 0
    assert min(y + h, height) - max(y, 0) > 0


@needs_data
def test_a_whole_video_decodes():
    source = open_source(DATA / 'segtrack2-girl')
    assert [frame.index for frame in source] == list(range(len(source)))


@needs_data
def test_kitti_labels():
    files = sorted((DATA / 'kitti_labels').glob('*.txt'))
    assert len(files) == 21
    for file in files:
        wanted = sum(line.split()[2] != 'DontCare' for line in file.read_text().splitlines())
        assert sum(len(tracks) for tracks in read_labels(file).values()) == wanted
