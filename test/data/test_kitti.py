# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""KITTI tracking and KITTI raw, on miniatures of their folders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.data import SourceError
from hart_ros.data.kitti import KittiTracking, read_labels, read_trajectories
from hart_ros.data.kitti_raw import KittiRaw

P2 = '700 0 30 40 0 700 20 2 0 0 1 0.003'


def label(frame: int, track: int, kind: str, box: str, hidden: str = '0 0') -> str:
    return f'{frame} {track} {kind} {hidden} -1.79 {box} 2.0 1.8 4.4 -4.5 1.8 13.4 -2.1'


@pytest.fixture
def benchmark(tmp_path, write_images):
    for name in ('0000', '0003'):
        write_images(tmp_path / 'training/image_02' / name, [f'{i:06d}.png' for i in range(3)])
    (tmp_path / 'training/label_02').mkdir()
    (tmp_path / 'training/calib').mkdir()
    lines = [
        label(0, -1, 'DontCare', '1 1 5 5'),
        label(0, 0, 'Van', '10 12 30 40'),
        label(2, 0, 'Van', '11 12 31 40'),
        label(2, 7, 'Cyclist', '1.5 2 4 9'),
    ]
    (tmp_path / 'training/label_02/0003.txt').write_text('\n'.join(lines) + '\n')
    (tmp_path / 'training/calib/0003.txt').write_text(f'P0: {P2}\nP2: {P2}\nR_rect 1 0 0\n')
    return tmp_path


@pytest.mark.parametrize('sequence', ['0003', '3', 3])
def test_reads_a_sequence(benchmark, sequence):
    source = KittiTracking(benchmark, sequence=sequence)
    assert source.name == 'kitti-0003'
    assert source.track_ids == (0, 7)
    assert source[2].boxes == {0: (11, 12, 20, 28), 7: (1.5, 2, 2.5, 7)}
    assert source.boxes(1) == {}
    assert [frame.stamp for frame in source] == [0, 0.1, 0.2]
    assert source.camera_matrix is not None
    assert source.camera_matrix.shape == (3, 4)
    assert source.camera_matrix[0, 2] == 30


def test_chooses_classes_and_the_first_sequence(benchmark):
    assert KittiTracking(benchmark, 3, classes=['Cyclist']).track_ids == (7,)
    first = KittiTracking(benchmark / 'training')
    assert (first.name, first.track_ids, first.camera_matrix) == ('kitti-0000', (), None)


def test_says_which_sequences_there_are(benchmark, tmp_path_factory):
    with pytest.raises(SourceError, match='no sequence 0009; there are 0000, 0003'):
        KittiTracking(benchmark, sequence=9)
    with pytest.raises(SourceError, match='give the root of KITTI tracking'):
        KittiTracking(tmp_path_factory.mktemp('empty'))


def test_the_published_split(tmp_path, write_images, which):
    """Frames 0 to 9, of which 7 is missing: 80% of nine are seven."""
    names = [f'{i:06d}.png' for i in range(10) if i != 7]
    write_images(tmp_path / 'image_02/0003', names)
    (tmp_path / 'label_02').mkdir()
    levels = {0: '0 0', 1: '1 1', 2: '0 2', 3: '2 0', 6: '0 3', 8: '0 1', 9: '0 2'}
    lines = [label(i, 0, 'Car', '1 2 9 9', hidden) for i, hidden in levels.items()]
    (tmp_path / 'label_02/0003.txt').write_text('\n'.join(lines))
    training, validation, whole = (
        KittiTracking(tmp_path, 3, part=part) for part in ('training', 'validation', None)
    )
    assert [s.name for s in (training, validation)] == [
        'kitti-0003-training',
        'kitti-0003-validation',
    ]
    assert [which(frame.image) for frame in training] == list(range(7))
    assert [which(frame.image) for frame in validation] == [7, 8]
    assert [i for i in range(7) if training.boxes(i)] == [0, 1]
    assert [i for i in range(2) if validation.boxes(i)] == [0]
    assert [frame.stamp for frame in validation] == pytest.approx([0, 0.1])
    assert [i for i in range(9) if whole.boxes(i)] == [0, 1, 2, 3, 6, 7, 8]
    with pytest.raises(SourceError, match="part is 'test'; give training or validation"):
        KittiTracking(tmp_path, 3, part='test')


def test_trajectories_say_where_and_which_way(tmp_path):
    """The yaw of labels is 0 to the right and grows clockwise seen from above."""
    lines = ['0 -1 DontCare -1 -1 -10 1 2 3 4 ' + 7 * '-1 ']
    lines += [f'{k} 4 Car 0 0 0 1 2 9 9 2 1.8 4 {k} 1.7 {10 + k} {yaw}' for k, yaw in TURN.items()]
    (tmp_path / '0000.txt').write_text('\n'.join(lines))
    (car,) = read_trajectories(tmp_path / '0000.txt')
    assert (car.kind, car.frames.tolist()) == ('Car', [0, 2, 3])
    assert car.places.tolist() == [[0, 10], [2, 12], [3, 13]]
    assert car.headings == pytest.approx([0, np.pi / 2, np.pi + 0.1], abs=1e-3)


TURN = {0: -1.5708, 3: 1.6708, 2: 0.0}  # ahead, to the right, nearly towards the camera


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('0 0 Car', r'0003.txt:1: 3 fields instead of 17'),
        (label(0, 0, 'Car', '1 2 x 4'), r"0003.txt:1: right is 'x'"),
        (label(0, 0, 'Car', '5 2 5 4'), r'0003.txt:1: the box is 0 wide'),
        (label(8, 0, 'Car', '1 2 5 4'), r'frame 8 has no image'),
        ('x' + label(0, 0, 'Car', '1 2 5 4'), r"0003.txt:1: frame is 'x0'"),
    ],
)
def test_names_the_line_that_is_wrong(benchmark, line, message):
    (benchmark / 'training/label_02/0003.txt').write_text(line)
    with pytest.raises(SourceError, match=message):
        KittiTracking(benchmark, sequence=3)


def test_a_calibration_without_the_camera(benchmark):
    (benchmark / 'training/calib/0003.txt').write_text('P0: 1 2 3\n')
    with pytest.raises(SourceError, match=r"calib/0003.txt: no line 'P2:' with 12 numbers"):
        KittiTracking(benchmark, sequence=3)


number = st.integers(0, 1000).map(float)
labels = st.dictionaries(
    st.tuples(st.integers(0, 30), st.integers(0, 9)),
    st.tuples(number, number, number.map(lambda v: v + 1), number.map(lambda v: v + 1)),
)


@given(labels)
def test_labels_survive_writing_and_reading(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp('labels') / '0000.txt'
    path.write_text(
        '\n'.join(
            label(f, t, 'Car', f'{x:.6f} {y:.6f} {x + w:.6f} {y + h:.6f}')
            for (f, t), (x, y, w, h) in labels.items()
        )
    )
    flat = {(f, t): box for f, tracks in read_labels(path).items() for t, box in tracks.items()}
    assert flat == labels


# KITTI raw

TIMES = '2011-09-26 13:02:59.900000000\n2011-09-26 13:03:00.000500000\n2011-09-26 13:03:00.1\n'
TRACKLETS = """<?xml version="1.0"?><boost_serialization><tracklets>
<item><objectType>Car</objectType><h>2</h><w>2</w><l>4</l><first_frame>1</first_frame>
<poses><item><tx>20</tx><ty>0</ty><tz>-1</tz><rx>0</rx><ry>0</ry><rz>0</rz>
<truncation>0</truncation></item>
<item><tx>20</tx><ty>0</ty><tz>-1</tz><rx>0</rx><ry>0</ry><rz>0</rz>
<truncation>2</truncation></item></poses></item></tracklets></boost_serialization>"""


@pytest.fixture
def drive(tmp_path, write_images):
    folder = tmp_path / '2011_09_26_drive_0001_sync'
    write_images(folder / 'image_02/data', [f'{i:010d}.png' for i in range(3)])
    (folder / 'image_02/timestamps.txt').write_text(TIMES)
    cameras = 'calib_time: 09-Jan-2012\nP_rect_02: 100 0 32 0 0 100 24 0 0 0 1 0\n'
    (tmp_path / 'calib_cam_to_cam.txt').write_text(cameras + 'R_rect_00: 1 0 0 0 1 0 0 0 1\n')
    # scanner: x ahead, y left, z up; camera: x right, y down, z ahead
    scanner = 'R: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n'
    (tmp_path / 'calib_velo_to_cam.txt').write_text(scanner)
    return folder


def test_reads_a_raw_drive(drive):
    source = KittiRaw(drive)
    assert source.name == drive.name
    assert [frame.stamp for frame in source] == pytest.approx([0, 0.1005, 0.2])
    assert source.camera_matrix is not None
    assert source.camera_matrix[1, 2] == 24
    assert source.track_ids == ()


def test_projects_tracklets(drive):
    (drive / 'tracklet_labels.xml').write_text(TRACKLETS)
    source = KittiRaw(drive)
    assert source.track_ids == (0,)
    assert [list(source.boxes(i)) for i in range(3)] == [[], [0], []]
    # nearest face at 18 m: 2 m wide about the axis, from 1 m below it to 1 m above; the axis goes
    # through the centre of pixel 32, 24
    side = 100 * 2 / 18
    assert np.allclose(source.boxes(1)[0], (32.5 - side / 2, 24.5 - side / 2, side, side))


@pytest.mark.parametrize(
    ('file', 'text', 'message'),
    [
        ('image_02/timestamps.txt', TIMES[:30], '1 stamps for 3 images'),
        ('image_02/timestamps.txt', 'a\nb\nc\n', r"timestamps.txt:1: 'a' is not a time like"),
        ('image_02/timestamps.txt', TIMES[:30] * 3, r'timestamps.txt:2: is not later'),
        ('tracklet_labels.xml', '<open>', r'tracklet_labels.xml:1: is not XML'),
        (
            'tracklet_labels.xml',
            '<?xml version="1.0" encoding="UTF-99"?><a/>',
            r'tracklet_labels.xml:1: is not XML',
        ),
        ('tracklet_labels.xml', TRACKLETS.replace('<l>4</l>', ''), 'tracklet 0: has no <l>'),
        ('tracklet_labels.xml', TRACKLETS.replace('>1</f', '>2</f'), 'frame 3, but there are 3'),
        ('../calib_cam_to_cam.txt', 'nothing', r"no line 'P_rect_02:'"),
    ],
)
def test_names_the_file_that_is_wrong(drive, file, text, message):
    (drive / file).write_text(text)
    with pytest.raises(SourceError, match=message):
        KittiRaw(drive)


def test_a_raw_drive_without_extras(drive):
    (drive / 'image_02/timestamps.txt').unlink()
    (drive.parent / 'calib_cam_to_cam.txt').unlink()
    source = KittiRaw(drive)
    assert source.camera_matrix is None
    assert source[2].stamp == pytest.approx(0.2)
