# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Which sequences and targets are evaluated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from scripted import still

from hart_ros.data import SourceError, open_source
from hart_ros.evaluation.losses import loss
from hart_ros.evaluation.protocols import hart60_steps, ope
from hart_ros.evaluation.targets import (
    Frames,
    choose,
    find_sequences,
    followable,
    open_targets,
    targets_of,
)


def otb(folder: Path, boxes: list[str], track: str = '') -> Path:
    """Write an OTB sequence with one box a frame."""
    (folder / 'img').mkdir(parents=True, exist_ok=True)
    for index in range(len(boxes)):
        cv2.imwrite(str(folder / 'img' / f'{index:04d}.png'), np.full((40, 60, 3), index, np.uint8))
    (folder / f'groundtruth_rect{track}.txt').write_text('\n'.join(boxes) + '\n')
    return folder


def test_a_folder_stands_for_its_sequences(tmp_path: Path) -> None:
    for name in ('b', 'a', 'c'):
        otb(tmp_path / name, ['1 1 9 9'])
    (tmp_path / 'notes').mkdir()
    found = find_sequences([str(tmp_path)])
    assert [(s.name, s.path) for s in found] == [(name, str(tmp_path / name)) for name in 'abc']
    assert [s.name for s in find_sequences([str(tmp_path / 'b')])] == ['b']
    assert [s.name for s in choose(found, ['c', 'a'])] == ['c', 'a']
    assert [s.name for s in choose(found, ['b', '[ab]*'])] == ['b', 'a']
    with pytest.raises(SourceError, match='no sequence d.*; there are: a, b, c'):
        choose(found, ['d*'])


def test_kitti_stands_for_its_sequences(tmp_path: Path) -> None:
    for name in ('0000', '0013'):
        (tmp_path / 'training' / 'image_02' / name).mkdir(parents=True)
    whole, parts = find_sequences([str(tmp_path)]), find_sequences([str(tmp_path)], part='training')
    assert [s.options for s in whole] == [{'sequence': '0000'}, {'sequence': '0013'}]
    assert parts[1].options == {'sequence': '0013', 'part': 'training'}
    assert [s.name for s in choose(whole, ['0013'])] == ['0013']
    assert not any(s.name for s in parts)  # these are not chosen by name


def test_synthetic_drives_take_options() -> None:
    options = {'size': (160, 64), 'frames': 4}
    assert find_sequences(['synthetic:3'], options) == [('', 'synthetic:3', options)]


def test_targets_come_in_the_order_in_which_they_appear(tmp_path: Path) -> None:
    folder = otb(tmp_path, ['0 0 0 0', '5 5 9 9', '5 5 9 9', '5 5 9 9'])
    otb(folder, ['5 5 9 9', '5 5 9 9', '70 70 9 9', '60 5 9 9'], '.2')
    otb(folder, ['5 5 9 9', '0 0 0 0', '0 0 0 0', '0 0 0 0'], '.3')  # nothing to follow
    targets = targets_of(open_source(folder))
    assert [t.track for t in targets] == [2, 1]
    assert sorted(targets[0].boxes) == [0, 1]  # beside the frame, or nearly
    assert len(targets_of(open_source(folder), most=1)) == 1


def test_targets_are_ordered_by_where_they_can_be_seen() -> None:
    beside, there = (-50.0, 5.0, 9.0, 9.0), (5.0, 5.0, 9.0, 9.0)
    early = {0: beside, 1: beside, 2: there, 3: there}
    tracks = {4: early, 3: {2: there, 3: there}, 9: {1: there, 2: there}}
    assert list(followable(tracks, (40, 60))) == [9, 3, 4]
    assert followable(tracks, (40, 60))[4] == {2: there, 3: there}


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    for root in ('one', 'two'):
        for name in ('same', root):
            otb(tmp_path / root / name, ['5 5 9 9'] * 2)
    found = find_sequences([str(tmp_path / 'one'), str(tmp_path / 'two')])
    apart = open_targets(choose(found, ['one', 'two']), 0)
    assert [target.sequence for target in apart] == ['one', 'two']
    for entries in (found, choose(found, ['same'])):
        with pytest.raises(SourceError, match='two sequences are named same: rename one'):
            open_targets(entries, 0)


def test_a_frame_of_another_size_is_named(tmp_path: Path) -> None:
    source = open_source(otb(tmp_path, ['5 5 9 9'] * 3))
    cv2.imwrite(str(tmp_path / 'img' / '0002.png'), np.zeros((20, 60, 3), np.uint8))
    for size in (None, (30, 20)):
        frames = Frames(source, size=size)
        assert frames[1] is frames[1]
        with pytest.raises(SourceError, match=r'frame 3 has shape \(20, 60\), the first \(40, 60'):
            frames[2]


def test_a_video_that_ends_early_ends_what_goes_on_behind_the_boxes(
    tmp_path: Path, broken_film: Callable[[int], Path]
) -> None:
    film = broken_film(30)
    rows = [f'{frame},{track},5,5,20,20' for frame in (1, 3, 5, 27) for track in (1, 2)]
    header = 'frame,track_id,x,y,w,h'
    (tmp_path / 'film.csv').write_text('\n'.join([header, *rows[:-2]]))
    entries = find_sequences([str(film)])
    for target in open_targets(entries, 0):  # the length is known when the second one comes
        assert [s.frame for s in loss(still(), target.frames, target.boxes, 25.0)][-1] < 20
        assert [s.frame for s in hart60_steps(still(), target.frames, target.boxes, 1)] == [2, 4]
    (tmp_path / 'film.csv').write_text('\n'.join([header, *rows]))
    for target in open_targets(entries, 0):
        with pytest.raises(SourceError, match='re-encode'):
            list(ope(still(), target.frames, target.boxes))


def test_frames_and_boxes_are_scaled_alike(tmp_path: Path) -> None:
    source = open_source(otb(tmp_path, ['5 7 8 10'] * 2))
    (target,) = targets_of(source, size=(30, 10))
    assert target.frames[1].shape == (10, 30, 3)
    assert target.boxes[1] == (2.0, 1.5, 4.0, 2.5)


def test_a_sequence_without_targets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match='no target has boxes in two frames'):
        targets_of(open_source(otb(tmp_path, ['5 5 9 9', '0 0 0 0'])))


def test_frames_are_kept_within_the_budget(tmp_path: Path) -> None:
    source = open_source(otb(tmp_path, ['5 5 9 9'] * 3))
    frames = Frames(source, budget=2 * 40 * 60 * 3)
    images = [frames[k] for k in range(3)]
    assert [frames[k] is images[k] for k in range(3)] == [True, True, False]
    assert int(frames[2][0, 0, 0]) == 2
    frames.forget()
    assert frames[2] is frames[2]
    assert frames[0] is not images[0]
