# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The player plays a bag as a camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')
pytest.importorskip('rosbags', reason="needs rosbags: pip install '.[bags]'")

from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import Image

from hart_ros.nodes.image_codec import decode

PLAYER = 'hart_ros.nodes.player_node'
FRAMES = 4


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two cameras, mono and colour, whose frames get brighter."""
    path = tmp_path_factory.mktemp('player') / 'drive'
    store, kind = get_typestore(Stores.ROS2_HUMBLE), 'sensor_msgs/msg/Image'
    types = store.types
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = [
            writer.add_connection(t, kind, typestore=store) for t in ('/mono', '/colour')
        ]
        for index in range(FRAMES):
            time = types['builtin_interfaces/msg/Time'](1000, index * 50_000_000)
            header = types['std_msgs/msg/Header'](time, 'cam')
            for connection, encoding, channels in zip(connections, ('mono8', 'rgb8'), (1, 3)):
                pixels = np.full(48 * 64 * channels, 10 * index, np.uint8)
                message = types[kind](header, 48, 64, encoding, 0, 64 * channels, pixels)
                stamp = 1000 * 10**9 + index * 50_000_000
                writer.write(connection, stamp, store.serialize_cdr(message, kind))
    return path


def test_a_topic_of_a_bag_is_played(start_node, peer, bag):
    images = peer.collect(Image, 'image')
    parameters = {'source': bag, 'sequence': '/colour', 'wait_for_subscribers': 1}
    arguments = [part for n, value in parameters.items() for part in ('-p', f'{n}:={value}')]
    with start_node(PLAYER, *arguments, '-p', 'exit_at_end:=true') as player:
        player.wait_for_output('drive: 4 frames at 20 Hz')
        peer.wait_for(lambda: player.process.poll() is not None, what='the end')
        peer.spin(0.3)
    assert [decode(image)[0, 0].tolist() for image in images] == [
        [10 * index] * 3 for index in range(FRAMES)
    ]
    assert {image.header.frame_id for image in images} == {'cam'}


def test_without_a_topic_they_are_listed(start_node, bag):
    with start_node(PLAYER, '-p', f'source:={bag}') as player:
        player.wait_for_output(r'several topics have images.*/colour \(4\), /mono \(4\)')
        assert player.wait() == 1
