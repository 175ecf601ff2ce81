# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-track from bag to bag."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip('rosbags', reason="needs rosbags: pip install '.[bags]'")

from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from hart_ros.apps.bag_output import DETECTIONS, PICTURES, BagOutput
from hart_ros.apps.track import main
from hart_ros.apps.vision_types import DEFINITIONS, DETECTION, add_types
from hart_ros.data.source import open_source
from hart_ros.tracking.types import Track

ROOT = Path(__file__).resolve().parents[2]
DETECTION_HASH = 'RIHS01_0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea'
START, PERIOD = 1_700_000_000_000_000_000, 50_000_000
IMAGE, CUSTOM = 'sensor_msgs/msg/Image', 'robot_msgs/msg/Battery'
FRAMES = 5
MCAP = 'needs pip install mcap-ros2-support'
TRACK = Track((10.0, 20.0, 30.0, 16.0), 0.5, (0.0, 0.0, 40.0, 40.0), np.zeros((2, 2, 3)), None)


def write_bag(path: Path, storage: StoragePlugin) -> Path:
    """Images, and before the first and after the last another message of a type of one's own."""
    store = get_typestore(Stores.ROS2_JAZZY)
    store.register(get_types_from_msg('float32 volts\n', CUSTOM))
    types = store.types
    with Writer(path, version=9, storage_plugin=storage) as writer:
        images = writer.add_connection('/image', IMAGE, typestore=store)
        battery = writer.add_connection('/battery', CUSTOM, typestore=store)
        for index in range(FRAMES + 1):
            now = START + index * PERIOD
            data = store.serialize_cdr(types[CUSTOM](volts=12.0 + index), CUSTOM)
            writer.write(battery, now - 1, data)
            if index == FRAMES:
                break
            time = types['builtin_interfaces/msg/Time'](*divmod(now - 7, 1_000_000_000))
            header = types['std_msgs/msg/Header'](stamp=time, frame_id='cam2')
            pixels = np.full(80 * 120 * 3, 20 * index, np.uint8)
            image = types[IMAGE](header, 80, 120, 'bgr8', 0, 360, pixels)
            writer.write(images, now, store.serialize_cdr(image, IMAGE))
    return path


def messages(path: Path) -> list[tuple[str, int, bytes]]:
    with Reader(path) as reader:
        return [(c.topic, time, bytes(data)) for c, time, data in reader.messages()]


@pytest.mark.parametrize('storage', [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
def test_all_is_kept_and_detections_are_added(tmp_path, storage):
    source, out = write_bag(tmp_path / 'drive', storage), tmp_path / 'tracked'
    assert main([str(source), '--init', '10,20,30,16', '--bag', str(out)]) == 0
    before, after = messages(source), messages(out)
    assert [m for m in after if m[0] in ('/image', '/battery')] == before
    added = [m[:2] for m in after if m[0] in (DETECTIONS, PICTURES)]
    times = [START + index * PERIOD for index in range(FRAMES)]
    assert sorted(added) == sorted((t, time) for time in times for t in (DETECTIONS, PICTURES))
    assert [m[1] for m in after] == sorted(m[1] for m in after)
    assert bool(list(out.glob('*.mcap'))) == (storage is StoragePlugin.MCAP)

    with AnyReader([out]) as reader:  # reads by the definitions in the bag, and checks hashes
        assert {c.msgtype for c in reader.connections if c.topic == '/battery'} == {CUSTOM}
        (connection,) = [c for c in reader.connections if c.topic == DETECTIONS]
        assert connection.digest == DETECTION_HASH
        _, _, data = next(reader.messages([connection]))
        first = reader.deserialize(data, DETECTION)
        assert (first.header.frame_id, first.id) == ('cam2', '1')
        assert first.header.stamp.sec * 10**9 + first.header.stamp.nanosec == START - 7
        centre = first.bbox.center.position
        assert (centre.x, centre.y, first.bbox.size_x, first.bbox.size_y) == (25, 28, 30, 16)
        assert first.results[0].hypothesis.score == 1
        (connection,) = [c for c in reader.connections if c.topic == PICTURES]
        _, _, data = next(reader.messages([connection]))
        picture = reader.deserialize(data, connection.msgtype)
        assert cv2.imdecode(picture.data, cv2.IMREAD_COLOR).shape == (80, 120, 3)


@pytest.mark.parametrize('storage', [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
def test_humble_can_open_it(tmp_path, storage):
    """Its reader takes QoS as text; that of Jazzy text and sequences."""
    source = open_source(write_bag(tmp_path / 'drive', storage))
    BagOutput(tmp_path / 'tracked', source, 1).close()
    about = yaml.safe_load((tmp_path / 'tracked' / 'metadata.yaml').read_text())
    topics = about['rosbag2_bagfile_information']['topics_with_message_count']
    assert len(topics) == 4
    assert all(isinstance(t['topic_metadata']['offered_qos_profiles'], str) for t in topics)


def test_bags_of_humble_do_not_define_their_types(tmp_path):
    path = write_bag(tmp_path / 'drive', StoragePlugin.SQLITE3)
    (file,) = path.glob('*.db3')
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute('DELETE FROM message_definitions')
        database.execute("UPDATE topics SET type_description_hash = ''")
    about = path / 'metadata.yaml'
    text = re.sub(r'(type_description_hash:)\s+\S+', r"\1 ''", about.read_text())
    about.write_text(text)
    source = open_source(path)
    output = BagOutput(tmp_path / 'tracked', source, 1)
    for frame in source:
        output.write(frame, TRACK)
    output.close()
    kept = [m for m in messages(output.path) if m[0] in ('/image', '/battery')]
    assert kept == messages(path)
    assert len(open_source(output.path, sequence='/image')) == FRAMES


def test_foxgloves_reader_understands_it(tmp_path):
    """It knows of the types what the file's schemas say, and nothing else."""
    reader = pytest.importorskip('mcap.reader', reason=MCAP)
    decoder = pytest.importorskip('mcap_ros2.decoder', reason=MCAP)
    source = open_source(write_bag(tmp_path / 'drive', StoragePlugin.MCAP))
    output = BagOutput(tmp_path / 'tracked', source, 1)
    for frame in source:
        output.write(frame, TRACK)
    output.close()
    (file,) = output.path.glob('*.mcap')
    kinds, found = set(), []
    with file.open('rb') as stream:
        bag = reader.make_reader(stream, decoder_factories=[decoder.DecoderFactory()])
        for schema, channel, _, message in bag.iter_decoded_messages():
            kinds.add((channel.topic, schema.name, schema.encoding, channel.message_encoding))
            found += [message] if channel.topic == DETECTIONS else []
    assert kinds == {
        ('/image', IMAGE, 'ros2msg', 'cdr'),
        ('/battery', CUSTOM, 'ros2msg', 'cdr'),
        (DETECTIONS, DETECTION, 'ros2msg', 'cdr'),
        (PICTURES, 'sensor_msgs/msg/CompressedImage', 'ros2msg', 'cdr'),
    }
    assert [message.header.frame_id for message in found] == ['cam2'] * FRAMES
    assert (found[0].bbox.center.position.x, found[0].bbox.size_y) == (25.0, 16.0)
    assert found[0].results[0].hypothesis.score == 0.5


def test_what_was_interrupted_ends_with_the_last_tracked_frame(tmp_path):
    source = open_source(write_bag(tmp_path / 'drive', StoragePlugin.MCAP))
    output = BagOutput(tmp_path / 'tracked', source, 1)
    for index in range(2):
        output.write(source[index], TRACK)
    output.close()
    assert [m[1] - START for m in messages(output.path)][-1] == PERIOD
    assert len(messages(output.path)) == 2 * 2 + 2 * 2


def test_of_a_video_there_are_detections_and_pictures(tmp_path):
    out = tmp_path / 'tracked'
    assert main(['synthetic', '--size', '320x96', '--frames', '3', '--bag', str(out)]) == 0
    assert [topic for topic, _, _ in messages(out)] == [DETECTIONS, PICTURES] * 3
    assert list(out.glob('*.mcap'))
    assert len(open_source(out)) == 3  # the pictures


def test_a_topic_in_several_channels_becomes_one(tmp_path):
    mcap = [pytest.importorskip(f'mcap.{name}', reason=MCAP) for name in ('reader', 'writer')]
    source, out = write_bag(tmp_path / 'drive', StoragePlugin.MCAP), tmp_path / 'tracked'
    (file,) = source.glob('*.mcap')
    with file.open('rb') as old:
        reader = mcap[0].make_reader(old)
        channels = {c.topic: c for c in reader.get_summary().channels.values()}
        schemas = reader.get_summary().schemas
        parts = [(channel.topic, m.log_time, m.data) for _, channel, m in reader.iter_messages()]
    with file.open('wb') as new:
        writer = mcap[1].Writer(new)
        writer.start('ros2')
        ids = {}
        for topic, channel in channels.items():
            schema = schemas[channel.schema_id]
            schema_id = writer.register_schema(schema.name, schema.encoding, schema.data)
            ids[topic] = [
                writer.register_channel(topic, 'cdr', schema_id, channel.metadata) for _ in range(2)
            ]
        for number, (topic, time, data) in enumerate(parts):
            writer.add_message(ids[topic][number % 2], time, data, time)
        writer.finish()
    (source / 'metadata.yaml').unlink()
    assert main([str(file), '--init', '10,20,30,16', '--bag', str(out)]) == 0
    kept = [message for message in messages(out) if message[0] in channels]
    assert kept == parts


def test_bags_are_neither_replaced_nor_tracked_twice(tmp_path, capsys):
    source, out = write_bag(tmp_path / 'drive', StoragePlugin.MCAP), tmp_path / 'tracked'
    assert main([str(source), '--init', '10,20,30,16', '--bag', str(out)]) == 0
    kept = messages(out)
    assert main([str(source), '--init', '10,20,30,16', '--bag', str(out)]) == 2
    assert 'not replaced' in capsys.readouterr().err
    arguments = ['--topic', '/image', '--init', '10,20,30,16', '--bag', str(tmp_path / 'again')]
    assert main([str(out), *arguments]) == 2
    assert 'track the original' in capsys.readouterr().err
    assert messages(out) == kept and not (tmp_path / 'again').exists()


def test_the_types_are_those_of_vision_msgs():
    store = get_typestore(Stores.LATEST)
    add_types(store)
    assert store.hash_rihs01(DETECTION) == DETECTION_HASH
    for name, text in DEFINITIONS.items():
        file = ROOT / 'scripts' / 'vision_msgs' / 'msg' / f'{name.rpartition("/")[2]}.msg'
        lines = [line for line in file.read_text().splitlines() if line and line[0] != '#']
        assert lines == text.splitlines()
