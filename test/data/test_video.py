# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Videos, and videos with boxes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.data import SourceError, open_source
from hart_ros.data.video import VideoFile, VideoFolder, _read_csv

HEADER = 'frame,track_id,x,y,w,h\n'


@pytest.fixture
def folder(tmp_path, write_video):
    return write_video(tmp_path / 'clip' / 'video.mp4').parent


def test_any_order_gives_the_same_frames(folder, which):
    source = VideoFile(folder / 'video.mp4')
    in_order = [frame.image for frame in source]
    assert [which(image) for image in in_order] == list(range(12))
    for index in (0, 3, 3, 11, 2, -1):
        frame = source[index]
        assert frame.index == index % 12
        assert np.array_equal(frame.image, in_order[index])
    assert len(source) == 12


def test_frames_are_counted_where_the_file_does_not_say(tmp_path):
    film = tmp_path / 'film.mpg'
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*'MPG1'), 25.0, (64, 48))
    for _ in range(100):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    guess = cv2.VideoCapture(str(film)).get(cv2.CAP_PROP_FRAME_COUNT)
    if guess in (0, 100):
        pytest.skip('this OpenCV writes no such video, or knows its length')
    source = VideoFile(film)
    assert len(source) == len(list(source)) == 100


def test_iterators_and_frames_do_not_disturb_each_other(folder, which):
    source = VideoFile(folder / 'video.mp4')
    one, two = iter(source), iter(source)
    assert which(next(one).image) == 0
    assert which(source[7].image) == 7
    assert which(next(two).image) == 0
    assert which(next(one).image) == 1
    image = source[7].image
    image[:] = 0
    assert which(source[7].image) == 7


def test_stamps_follow_the_rate(folder):
    assert VideoFile(folder / 'video.mp4')[4].stamp == pytest.approx(0.2)
    assert VideoFile(folder / 'video.mp4', fps=8)[4].stamp == pytest.approx(0.5)


def test_reads_boxes(folder):
    (folder / 'boxes.csv').write_text(HEADER + '1,1,2.5,3,10,11\n\n3,1,4,3,10,11\n3,2,0,0,5,6\n')
    source = VideoFolder(folder)
    assert source.name == 'clip'
    assert source.track_ids == (1, 2)
    assert source[0].boxes == {1: (2.5, 3, 10, 11)}
    assert source.boxes(1) == {}
    assert source.boxes(2) == {1: (4, 3, 10, 11), 2: (0, 0, 5, 6)}


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', r'boxes.csv:1: the header must be'),
        ('frame,x,y,w,h\n1,2,3,4,5\n', r'boxes.csv:1: the header must be'),
        (HEADER + '1,1,2,3,4\n', r'boxes.csv:2: 5 fields instead of 6'),
        (HEADER + 'one,1,2,3,4,5\n', r"boxes.csv:2: frame is 'one', not a whole number"),
        (HEADER + '0,1,2,3,4,5\n', r'boxes.csv:2: frame 0 .* frames count from 1'),
        (HEADER + '13,1,2,3,4,5\n', r'boxes.csv:2: frame 13 of a video with 12'),
        (HEADER + '1,1,a,3,4,5\n', r"boxes.csv:2: x is 'a', not a number"),
        (HEADER + '1,1,nan,3,4,5\n', r'boxes.csv:2: x is nan'),
        (HEADER + '1,1,2,3,0,5\n', r'boxes.csv:2: the box is 0 wide'),
        (HEADER + '1,1,2,3,4,5\n1,1,2,3,4,5\n', r'boxes.csv:3: track 1 has a second box'),
    ],
)
def test_names_the_line_that_is_wrong(folder, text, message):
    (folder / 'boxes.csv').write_text(text)
    with pytest.raises(SourceError, match=message):
        VideoFolder(folder)


def test_a_file_that_is_no_video(tmp_path):
    (tmp_path / 'a.mp4').write_bytes(b'nothing of the kind')
    with pytest.raises(SourceError, match=r'a.mp4: OpenCV cannot open this as a video; try'):
        VideoFile(tmp_path / 'a.mp4')
    with pytest.raises(SourceError, match='no such video'):
        VideoFile(tmp_path / 'b.mp4')
    with pytest.raises(SourceError, match=r'has no video.mp4 beside its boxes.csv'):
        VideoFolder(tmp_path)


def test_a_video_that_breaks_off(write_video, tmp_path):
    path = write_video(tmp_path / 'video.avi', frames=20)
    path.write_bytes(path.read_bytes()[:8000])  # of 10,606
    source = VideoFile(path)
    with pytest.raises(SourceError, match=r'video.avi: ends after \d+ frames, but promises more'):
        source[len(source) - 1]
    assert sum(1 for _ in source) == len(source) < 20


number = st.floats(-1e4, 1e4).map(lambda value: round(value, 3))
size = st.floats(0.01, 1e4).map(lambda value: round(value, 2))
rows = st.dictionaries(
    st.tuples(st.integers(1, 50), st.integers(0, 5)), st.tuples(number, number, size, size)
)


@given(rows)
def test_boxes_survive_writing_and_reading(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp('csv') / 'boxes.csv'
    lines = [f'{f},{t},' + ','.join(str(v) for v in box) for (f, t), box in rows.items()]
    path.write_text(HEADER + '\n'.join(lines))
    read = _read_csv(path, 50)
    flat = {(f + 1, t): box for f, tracks in read.items() for t, box in tracks.items()}
    assert flat == rows


def test_boxes_beside_a_video(tmp_path, write_video):
    video = write_video(tmp_path / 'person01_walking_d1_uncomp.avi', frames=4)
    csv = tmp_path / 'person01_walking_d1_uncomp.csv'
    csv.write_text('frame,track_id,x,y,w,h\n2,1,3,4,5,6\n')
    assert open_source(video).track_ids == ()  # what lies beside a film may be anything
    source = open_source(video, boxes=csv)
    assert source.name == 'person01_walking_d1_uncomp'
    assert [dict(source.boxes(index)) for index in range(3)] == [{}, {1: (3, 4, 5, 6)}, {}]
