# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The player as a real process, heard over DDS."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Detection2D

from hart_ros.data.source import open_source
from hart_ros.nodes.image_codec import decode
from hart_ros.nodes.player_outputs import camera_info

PLAYER = 'hart_ros.nodes.player_node'
FRAMES = 24
BEGINS = 2  # index of the first frame with a box


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small video whose frames differ, with one track."""
    path = tmp_path_factory.mktemp('player') / 'clip'
    path.mkdir()
    writer = cv2.VideoWriter(
        str(path / 'video.mp4'), cv2.VideoWriter_fourcc(*'mp4v'), 20.0, (64, 48)
    )
    for index in range(FRAMES):
        writer.write(np.full((48, 64, 3), 10 * index, np.uint8))
    writer.release()
    boxes = [f'{index + 1},7,{index},5,20,10.5' for index in range(BEGINS, FRAMES)]
    (path / 'boxes.csv').write_text('\n'.join(['frame,track_id,x,y,w,h', *boxes, '']))
    return path


def stamp(message) -> int:
    return message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec


def corner(message: Detection2D) -> tuple[float, float, float, float]:
    box = message.bbox
    x, y = box.center.position.x - box.size_x / 2, box.center.position.y - box.size_y / 2
    return x, y, box.size_x, box.size_y


def parameters(*assignments: str) -> list[str]:
    return [part for assignment in assignments for part in ('-p', assignment)]


def hear(peer) -> tuple[list, list, list, list]:
    return (
        peer.collect(Image, 'image'),
        peer.collect(CameraInfo, 'camera_info'),
        peer.collect(Detection2D, 'hart/init_box'),
        peer.collect(Detection2D, 'player/ground_truth'),
    )


def test_plays_every_frame_with_its_box_then_ends(start_node, peer, folder):
    images, infos, inits, truths = hear(peer)
    arguments = parameters(f'source:={folder}', 'wait_for_subscribers:=1', 'exit_at_end:=true')
    with start_node(PLAYER, *arguments) as player:
        peer.wait_for(lambda: player.process.poll() is not None, what='the end')
        assert player.wait() == 0
        peer.spin(0.3)
    assert len(images) == len(infos) == FRAMES
    assert [stamp(info) for info in infos] == [stamp(image) for image in images]
    for image, frame in zip(images, open_source(folder)):
        assert image.header.frame_id == 'camera'
        assert (image.encoding, image.step) == ('bgr8', 192)
        np.testing.assert_array_equal(decode(image), frame.image)
    # The box belongs to the frame where the track begins.
    assert [stamp(init) for init in inits] == [stamp(images[BEGINS])]
    assert inits[0].id == '7'
    assert corner(inits[0]) == (BEGINS, 5, 20, 10.5)
    assert [stamp(truth) for truth in truths] == [stamp(image) for image in images[BEGINS:]]
    assert [corner(truth)[0] for truth in truths] == list(range(BEGINS, FRAMES))
    # 20 Hz without drift: a slow machine may stretch it, nothing may squeeze it.
    gaps = np.diff([stamp(image) for image in images]) * 1e-9
    assert np.median(gaps) == pytest.approx(1 / 20, rel=0.1)
    assert gaps.sum() > 0.98 * (FRAMES - 1) / 20
    assert f'{FRAMES} frames in' in player.output


def test_nothing_piles_up_with_the_frames(start_node, peer, folder):
    """In Jazzy a future that is spun for gets a callback more with each callback of the node."""
    images = peer.collect(Image, 'image')
    script = str(Path(__file__).with_name('counting_player.py'))
    with start_node(script, *parameters(f'source:={folder}', 'loop:=true', 'rate:=50')) as player:
        peer.wait_for(lambda: len(images) > 40, what='two laps')
        assert player.stop(signal.SIGINT) == 0
        assert int(re.search(r'tied to the end: (\d+)', player.output).group(1)) < 5


def test_pause_play_restart_and_a_late_tracker(start_node, peer, folder):
    images = peer.collect(Image, 'image')
    arguments = parameters(f'source:={folder}', 'start_paused:=true', 'rate:=10')
    with start_node(PLAYER, *arguments) as player:
        player.wait_for_output('paused')
        assert peer.call(SetBool, 'player/play', SetBool.Request(data=True)).success
        peer.wait_for(lambda: len(images) >= BEGINS + 2)
        # The track has begun, so a tracker that comes now gets the box of the present frame.
        inits = peer.collect(Detection2D, 'hart/init_box')
        peer.wait_for(lambda: inits and stamp(inits[0]) in map(stamp, images))
        assert corner(inits[0])[0] == [stamp(i) for i in images].index(stamp(inits[0]))

        assert peer.call(SetBool, 'player/play', SetBool.Request(data=False)).message == 'paused'
        peer.spin(0.2)
        count = len(images)
        peer.spin(0.4)
        assert len(images) == count < FRAMES

        refused = peer.set_parameter('player', 'rate', -3.0)
        assert not refused.successful
        assert 'rate' in refused.reason
        assert peer.set_parameter('player', 'rate', 100).successful  # whole numbers will do
        assert peer.call(Trigger, 'player/restart').success
        player.wait_for_output(f'end of clip: {FRAMES} frames .* ~/restart plays it again')
        peer.wait_for(lambda: len(images) == count + FRAMES)
        assert decode(images[count])[0, 0, 0] == decode(images[0])[0, 0, 0]
        assert len(inits) == 2  # the second one where the track begins
        assert stamp(inits[1]) == stamp(images[count + BEGINS])

        again = peer.call(SetBool, 'player/play', SetBool.Request(data=True))
        assert (again.success, again.message) == (False, 'at the end: call ~/restart')
        assert player.stop(signal.SIGTERM) == 0
        assert 'Traceback' not in player.output


def test_sim_time_goes_on_when_the_source_starts_over(start_node, peer, folder):
    images, _, inits, _ = hear(peer)
    clocks = peer.collect(Clock, '/clock')
    how = ('publish_clock:=true', 'loop:=true', 'rate:=60', 'wait_for_subscribers:=1')
    with start_node(PLAYER, *parameters(f'source:={folder}', *how)):
        peer.wait_for(lambda: len(images) > FRAMES + BEGINS and len(inits) == 2)
    times = [stamp(image) for image in images]
    assert times[0] == 1_000_000_000  # zero would mean "not stamped"
    np.testing.assert_allclose(np.diff(times), 1e9 / 20, atol=2)  # the source's own 20 Hz
    assert [c.clock.sec * 10**9 + c.clock.nanosec for c in clocks[:FRAMES]] == times[:FRAMES]
    assert [stamp(init) for init in inits] == [times[BEGINS], times[FRAMES + BEGINS]]


def test_names_follow_remapping_and_namespace(start_node, peer, folder):
    remapping = ['-r', '__ns:=/left', '-r', 'image:=/cam/image_raw', '-p', 'init_topic:=start']
    infos = peer.collect(CameraInfo, '/cam/camera_info')
    inits = peer.collect(Detection2D, '/left/start')
    box = ['init_box:=[1, 2, 30, 40]', 'wait_for_subscribers:=1', 'frame_id:=cam']
    with start_node(PLAYER, *remapping, *parameters(f'source:={folder}', *box)) as player:
        player.wait_for_output('waiting for 1 more subscriber.* of /cam/image_raw')
        assert not infos
        peer.collect(Image, '/cam/image_raw')
        peer.wait_for(lambda: inits and infos)
        assert corner(inits[0]) == (1, 2, 30, 40)
        assert inits[0].header == infos[0].header
        assert inits[0].header.frame_id == 'cam'
        assert player.stop(signal.SIGINT) == 0
        assert 'Traceback' not in player.output


@pytest.mark.parametrize(
    ('assignments', 'says'),
    [
        (['source:=/no/such/file'], '/no/such/file: no such file or folder'),
        (['source:=FOLDER', 'track_id:=3'], 'clip: no box of track 3; its tracks are 7'),
        (['source:=FOLDER', 'init_box:=[1, 2, 3]'], r'init_box: .* is not x,y,w,h'),
        (['source:=FOLDER', 'rate:=fast'], "rate: 'fast' is neither 0"),
        (['source:=FOLDER', 'frames:=2'], 'frames: the first box is in frame 3'),
        (['source:=FOLDER', 'frames:=-1'], 'frames out of range'),
        (['source:=FOLDER', 'init_topic:="a b"'], 'a b'),
        (
            ['source:=FOLDER', 'qos_overrides./image.publisher.reliability:=maybe'],
            'qos_overrides: .*maybe',
        ),
        (['source:=synthetic', 'size:=huge'], "size: 'huge' is no size"),
    ],
)
def test_what_cannot_be_played_is_one_clear_line(start_node, folder, assignments, says):
    texts = [text.replace('FOLDER', str(folder)) for text in assignments]
    with start_node(PLAYER, *parameters(*texts)) as player:
        assert player.wait() == 1
    assert re.search(says, player.output)
    assert len(player.output.strip().splitlines()) == 1


@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('after', [0.0, 0.02, 0.05, 0.1])  # seconds: while it goes on importing
def test_signal_ends_it_quietly_while_it_starts(start_node, peer, how, after):
    with start_node(PLAYER) as player:
        maps = Path(f'/proc/{player.process.pid}/maps')
        peer.wait_for(lambda: 'cv2' in maps.read_text(), what='the import of OpenCV')
        time.sleep(after)
        assert player.stop(how) == 0
        assert 'Traceback' not in player.output


def test_arguments_that_ros_cannot_read_are_an_error(start_node):
    with start_node(PLAYER, *parameters('source:="unfinished')) as player:
        assert player.wait() == 1
    assert re.search(r'\[FATAL\].*not understood: .*unfinished', player.output)
    assert 'Traceback' not in player.output


def test_calibration_becomes_camera_info():
    projection = np.array([[721.5, 0, 609.5, 44.8], [0, 721.5, 172.8, 0.2], [0, 0, 1, 0.003]])
    info = camera_info(Header(frame_id='cam'), 1242, 375, projection)
    assert (info.width, info.height, info.header.frame_id) == (1242, 375, 'cam')
    np.testing.assert_array_equal(np.reshape(info.p, (3, 4)), projection)
    np.testing.assert_array_equal(np.reshape(info.k, (3, 3)), projection[:, :3])
    assert not camera_info(Header(), 64, 48, None).k.any()  # "not calibrated"
