# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Bags that the tests write themselves, read back without ROS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rosbags', reason="needs rosbags: pip install '.[bags]'")

from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from hart_ros.data.bag import BagFrame
from hart_ros.data.source import SourceError, open_source

CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
STORE = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
IMAGE, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
START = 1_700_000_000_000_000_000
PERIOD = 50_000_000
PROJECTION = np.array([700.0, 0, 32, 4, 0, 700, 24, 5, 0, 0, 1, 6])
STORAGES = [StoragePlugin.SQLITE3, StoragePlugin.MCAP]


def picture(index: int) -> np.ndarray:
    return np.full((48, 64, 3), 10 * index, np.uint8)


def header(stamp_ns: int):
    time = TYPES['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 1_000_000_000))
    return TYPES['std_msgs/msg/Header'](stamp=time, frame_id='cam2')


def image(index: int, stamp_ns: int, kind: str = IMAGE):
    pixels = picture(index)
    if kind == COMPRESSED:
        data = cv2.imencode('.png', pixels)[1].ravel()
        return TYPES[COMPRESSED](header=header(stamp_ns), format='png', data=data)
    return TYPES[IMAGE](header(stamp_ns), 48, 64, 'bgr8', 0, 192, pixels.ravel())


def camera_info(stamp_ns: int):
    region = TYPES['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False)
    five, nine = np.zeros(5), np.zeros(9)
    return TYPES[CAMERA_INFO](
        header(stamp_ns), 48, 64, 'plumb_bob', five, nine, nine, PROJECTION, 0, 0, region
    )


def write_bag(
    path: Path,
    storage: StoragePlugin,
    topics: dict[str, str],
    frames: int = 6,
    with_info: bool = True,
    stamped: bool = True,
) -> Path:
    """A bag whose images are recorded 3 ms after their stamps, with something else between."""
    with Writer(path, version=9, storage_plugin=storage) as writer:
        connections = {t: writer.add_connection(t, k, typestore=STORE) for t, k in topics.items()}
        text = writer.add_connection('/chatter', 'std_msgs/msg/String', typestore=STORE)
        info = writer.add_connection(
            '/cam/camera_info', 'sensor_msgs/msg/CameraInfo', typestore=STORE
        )
        for index in range(frames):
            stamp = START + index * PERIOD
            for topic, kind in topics.items():
                message = image(index, stamp if stamped else 0, kind)
                data = STORE.serialize_cdr(message, kind)
                writer.write(connections[topic], stamp + 3_000_000, data)
            said = TYPES['std_msgs/msg/String'](data=f'word {index}')
            writer.write(text, stamp + 4_000_000, STORE.serialize_cdr(said, 'std_msgs/msg/String'))
            if with_info:
                data = STORE.serialize_cdr(camera_info(stamp), CAMERA_INFO)
                writer.write(info, stamp + 3_000_000, data)
    return path


@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize(
    ('topic', 'kind'), [('/cam/image_raw', IMAGE), ('/cam/image_raw/compressed', COMPRESSED)]
)
def test_a_bag_is_a_sequence(tmp_path, storage, topic, kind):
    source = open_source(write_bag(tmp_path / 'drive', storage, {topic: kind}))
    assert (source.name, len(source), source.fps) == ('drive', 6, pytest.approx(20))
    assert tuple(source.track_ids) == () and source.boxes(0) == {}
    np.testing.assert_array_equal(source.camera_matrix, PROJECTION.reshape(3, 4))
    frames = list(source)
    assert [frame.index for frame in frames] == list(range(6))
    assert [frame.stamp for frame in frames] == pytest.approx([0.05 * i for i in range(6)])
    for index, frame in enumerate(frames):
        assert isinstance(frame, BagFrame)
        assert frame.stamp_ns == START + index * PERIOD
        assert frame.recorded_ns == frame.stamp_ns + 3_000_000
        assert frame.frame_id == 'cam2'
        np.testing.assert_array_equal(frame.image, picture(index))
        assert frame.image.flags.writeable


def test_frames_come_in_any_order(tmp_path):
    path = write_bag(tmp_path / 'drive', StoragePlugin.MCAP, {'/image': IMAGE})
    source = open_source(path, fps=5)
    assert source.fps == 5
    for index in (3, 3, 1, 5, 0, -1):
        assert source[index].image[0, 0, 0] == 10 * (index % 6)
    inner = [(a.index, b.index) for a in source for b in source]
    assert inner == [(i, j) for i in range(6) for j in range(6)]
    with pytest.raises(IndexError):
        source[6]


@pytest.mark.parametrize('storage', STORAGES)
def test_the_file_alone_will_do(tmp_path, storage):
    path = write_bag(tmp_path / 'drive', storage, {'/image': IMAGE})
    (file,) = (f for f in path.iterdir() if f.suffix in ('.mcap', '.db3'))
    assert len(open_source(file)) == 6
    (path / 'metadata.yaml').unlink()  # a recording that was cut short
    assert len(open_source(path)) == 6


def test_without_stamps_the_time_of_recording_counts(tmp_path):
    path = write_bag(tmp_path / 'drive', StoragePlugin.MCAP, {'/image': IMAGE}, stamped=False)
    source = open_source(path)
    assert source[2].stamp == pytest.approx(0.1)
    assert source[2].stamp_ns == source[2].recorded_ns


def test_of_several_topics_one_is_chosen(tmp_path):
    topics = {'/left': IMAGE, '/right/compressed': COMPRESSED, '/depth/compressedDepth': COMPRESSED}
    path = write_bag(tmp_path / 'drive', StoragePlugin.MCAP, topics)
    with pytest.raises(SourceError, match=r'several.*: /left \(6\), /right/compressed \(6\)$'):
        open_source(path)
    assert len(open_source(path, sequence='/left')) == 6
    assert len(open_source(path, sequence='right/compressed')) == 6
    with pytest.raises(SourceError, match=r'no images on /chatter; there are /left \(6\)'):
        open_source(path, sequence='/chatter')


def test_what_is_no_bag_with_images_is_said(tmp_path):
    with pytest.raises(SourceError, match='no topic has images'):
        open_source(write_bag(tmp_path / 'deaf', StoragePlugin.MCAP, {}))
    with pytest.raises(SourceError, match='has no messages'):
        open_source(write_bag(tmp_path / 'empty', StoragePlugin.MCAP, {'/a': IMAGE}, frames=0))
    (tmp_path / 'broken.mcap').write_bytes(b'nothing of the kind')
    with pytest.raises(SourceError, match=r'broken\.mcap: cannot be read as a bag'):
        open_source(tmp_path / 'broken.mcap')
    path = write_bag(tmp_path / 'cut', StoragePlugin.SQLITE3, {'/image': IMAGE})
    (file,) = path.glob('*.db3')
    file.unlink()
    with pytest.raises(SourceError, match='cut: cannot be read as a bag'):
        open_source(path)
    with pytest.raises(SourceError, match='takes no option size'):
        open_source(write_bag(tmp_path / 'good', StoragePlugin.MCAP, {'/a': IMAGE}), size=(8, 8))


def test_a_broken_image_is_named(tmp_path):
    path = tmp_path / 'drive'
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/image', IMAGE, typestore=STORE)
        message = image(0, START)
        for index in range(2):
            message.step = 192 - index
            writer.write(connection, START + index, STORE.serialize_cdr(message, IMAGE))
    source = open_source(path)
    assert source[0].image.shape == (48, 64, 3)
    with pytest.raises(SourceError, match='message 2 of /image: step'):
        source[1]


def test_without_rosbags_it_says_what_to_install(tmp_path):
    path = write_bag(tmp_path / 'drive', StoragePlugin.MCAP, {'/image': IMAGE})
    code = (
        'import sys; sys.modules["rosbags.rosbag2"] = None\n'
        'from hart_ros.data.source import SourceError, open_source\n'
        'try: open_source(sys.argv[1])\n'
        'except SourceError as error: print(error)\n'
    )
    command = [sys.executable, '-c', code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert 'pip install rosbags' in done.stdout
