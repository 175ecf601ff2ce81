# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""launch/tracker.launch.py as `ros2 launch` runs it: real processes, heard over DDS."""

from __future__ import annotations

import contextlib
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')
pytest.importorskip(
    'launch_ros', reason='launch_ros is not installed: it comes with a ROS 2 distro, not with pip'
)

from rcl_interfaces.srv import GetParameters
from sensor_msgs.msg import CameraInfo, CompressedImage
from vision_msgs.msg import Detection2D

ROOT = Path(__file__).resolve().parents[2]

# `ros2 launch FILE NAME:=VALUE...` in so far as launch itself does it; ros2launch may be missing.
LAUNCH = """
import os, sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

prefix, file, *arguments = sys.argv[2:]  # the first is --ros-args
for name in os.environ.pop('WITHOUT', '').split():
    os.environ.pop(name, None)
os.environ['AMENT_PREFIX_PATH'] = os.pathsep.join([prefix, os.environ['AMENT_PREFIX_PATH']])
pairs = [argument.split(':=', 1) for argument in arguments]
source = PythonLaunchDescriptionSource(file)
service = LaunchService()
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(source, launch_arguments=pairs)])
)
status = service.run()
print('afterwards:', [os.environ.get(f'FAST{n}_DEFAULT_PROFILES_FILE') for n in ('RTPS', 'DDS')])
sys.exit(status)
"""


@pytest.fixture(scope='module')
def launch(start_node, tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """Return a function that launches with arguments; the package is as colcon would install it."""
    prefix = tmp_path_factory.mktemp('prefix')
    share, lib = prefix / 'share' / 'hart_ros', prefix / 'lib' / 'hart_ros'
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    for folder in (share, lib, index):
        folder.mkdir(parents=True)
    (index / 'hart_ros').touch()
    for name in ('config', 'launch', 'package.xml'):
        (share / name).symlink_to(ROOT / name)
    for name in ('tracker_node', 'player_node', 'select_box_node'):
        says = 'echo "profile: $FASTRTPS_DEFAULT_PROFILES_FILE"'
        run = f'exec "{sys.executable}" -m hart_ros.nodes.{name} "$@"'
        (lib / name).write_text(f'#!/bin/sh\n{says}\n{run}\n')
        (lib / name).chmod(0o755)
    program = prefix / 'launch_it.py'
    program.write_text(LAUNCH)
    file = share / 'launch' / 'tracker.launch.py'

    @contextlib.contextmanager
    def start(*arguments: str, **variables: str):
        command = (str(program), str(prefix), str(file), *arguments)
        with start_node(*command, **variables) as launched:
            try:
                yield launched
            finally:
                if launched.process.poll() is None:  # killed after a failure, it would leave nodes
                    launched.stop(signal.SIGINT)

    return start


@pytest.fixture(scope='module')
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey video of 30 frames at 10 Hz."""
    path = tmp_path_factory.mktemp('launch') / '0007.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 10.0, (96, 64))
    for _ in range(30):
        writer.write(np.full((64, 96, 3), 128, np.uint8))
    writer.release()
    return path


def test_player_and_tracker_in_a_namespace(launch, peer, clip, tmp_path):
    parameters = tmp_path / 'mine.yaml'
    parameters.write_text('/**/player:\n  ros__parameters:\n    rate: 20\n    frame_id: mine\n')
    detections = peer.collect(Detection2D, '/left/hart/detection')
    infos = peer.collect(CameraInfo, '/left/cam/camera_info')
    with launch(
        f'play:={clip}',
        'namespace:=left',
        'image:=cam/image_raw',
        'init_box:=30,20,24,16.5',
        'loop:=true',
        f'params_file:={parameters}',
    ) as launched:
        peer.wait_for(lambda: len(detections) >= 35, what='detections of more than one lap')
        assert detections[0].header.frame_id == 'mine'
        assert {(d.header.stamp.sec, d.header.stamp.nanosec) for d in detections} <= {
            (i.header.stamp.sec, i.header.stamp.nanosec) for i in infos
        }
        launched.stop(signal.SIGINT)
    assert 'Traceback' not in launched.output
    assert launched.output.count('process has finished cleanly') == 2


def test_only_the_mouse_chooses_where_it_selects(launch, peer, user, virtual_display):
    boxes = peer.collect(Detection2D, '/hart/init_box')
    detections = peer.collect(Detection2D, '/hart/detection')
    arguments = ('play:=synthetic', 'loop:=true', 'select:=true', 'use_sim_time:=true')
    with launch(*arguments, DISPLAY=virtual_display) as launched:

        def draw() -> list:
            user('mousemove', 100, 50, 'mousedown', 1, 'mousemove', 120, 60)
            peer.spin(3.0)  # longer than frames are kept where nobody draws
            user('mousemove', 199, 149, 'mouseup', 1)
            peer.spin(0.5)
            return boxes

        for node in ('hart', 'select_box'):
            launched.wait_for_output(rf'\[{node}\]: .*subscribed')
        peer.wait_for(draw, what='a box')
        peer.wait_for(lambda: detections, what='a detection')
        assert detections[0].id in {box.id for box in boxes}
        assert all(box.id.startswith('selected') for box in (*boxes, *detections))
        launched.stop(signal.SIGINT)
    assert 'Traceback' not in launched.output


def test_compressed_images_reach_tracker_and_window(launch, peer, virtual_display):
    arguments = ('image:=cam', 'select:=true', 'image_transport:=compressed')
    with launch(*arguments, DISPLAY=virtual_display) as launched:
        peer.publisher(CompressedImage, '/cam/compressed')
        for node in ('hart', 'select_box'):
            launched.wait_for_output(rf'\[{node}\]: /cam/compressed: subscribed')
        launched.stop(signal.SIGINT)


SHIPPED = {'buffer_seconds': 2.0, 'buffer_megabytes': 200.0}
DRAWING = {'buffer_seconds': 10.0, 'buffer_megabytes': 1000.0}


@pytest.mark.parametrize(
    ('select', 'mine', 'expected'),
    [
        ('false', '', SHIPPED),
        ('true', '', DRAWING),
        ('true', 'buffer_seconds: 3.0', {**DRAWING, 'buffer_seconds': 3.0}),
        ('true', 'init_box: [9.0, 9.0, 9.0, 9.0]', DRAWING),
    ],
)
def test_frames_are_kept_while_a_box_is_drawn(launch, peer, tmp_path, select, mine, expected):
    arguments = [f'select:={select}', 'init_box:=1,2,30,40']
    if mine:
        parameters = tmp_path / 'mine.yaml'
        parameters.write_text(f'/**/hart:\n  ros__parameters:\n    {mine}\n')
        arguments.append(f'params_file:={parameters}')
    with launch(*arguments, DISPLAY='') as launched:
        request = GetParameters.Request(names=list(expected))
        response = peer.call(GetParameters, '/hart/get_parameters', request)
        assert [value.double_value for value in response.values] == list(expected.values())
        # What launch is told counts more than any file.
        request = GetParameters.Request(names=['init_box'])
        [box] = peer.call(GetParameters, '/hart/get_parameters', request).values
        assert list(box.double_array_value) == [1, 2, 30, 40]
        launched.stop(signal.SIGINT)


def test_the_file_counts_where_launch_is_told_nothing(launch, peer, tmp_path):
    parameters = tmp_path / 'mine.yaml'
    parameters.write_text(
        '/**/player:\n  ros__parameters:\n    loop: true\n'
        '    publish_clock: true\n    wait_for_subscribers: 9\n'
        '/**/hart:\n  ros__parameters:\n    use_sim_time: true\n'
    )
    arguments = ('play:=synthetic', f'params_file:={parameters}', 'log_level:=debug')
    with launch(*arguments) as launched:
        for node, expected in (
            ('hart', {'use_sim_time': True}),
            ('player', {'loop': True, 'publish_clock': True}),
        ):
            request = GetParameters.Request(names=list(expected))
            response = peer.call(GetParameters, f'/{node}/get_parameters', request)
            assert [value.bool_value for value in response.values] == list(expected.values())
        request = GetParameters.Request(names=['wait_for_subscribers'])
        [waits] = peer.call(GetParameters, '/player/get_parameters', request).values
        assert waits.integer_value == 9
        launched.stop(signal.SIGINT)
    assert '[rcl]' not in launched.output


def test_what_launch_is_told_counts_more_than_the_file(launch, peer, tmp_path):
    parameters = tmp_path / 'mine.yaml'
    parameters.write_text('/**/player:\n  ros__parameters:\n    loop: true\n')
    arguments = ('play:=synthetic', f'params_file:={parameters}', 'loop:=False')
    with launch(*arguments, 'use_sim_time:=True') as launched:
        names = ['loop', 'publish_clock', 'wait_for_subscribers']
        request = GetParameters.Request(names=names)
        loop, clock, waits = peer.call(GetParameters, '/player/get_parameters', request).values
        assert (loop.bool_value, clock.bool_value, waits.integer_value) == (False, True, 1)
        launched.stop(signal.SIGINT)


def test_the_profile_is_for_our_nodes_alone(launch):
    with launch(WITHOUT=PROFILES) as launched:
        launched.wait_for_output(r'profile: \S+/share/hart_ros/config/fastdds.xml')
        launched.stop(signal.SIGINT)
    assert re.search(r'afterwards: \[None, None\]', launched.output)


def test_the_window_has_a_place_in_the_file(launch, tmp_path, virtual_display):
    text = (ROOT / 'config' / 'tracker.yaml').read_text()
    parameters = tmp_path / 'copy.yaml'
    parameters.write_text(text.replace('image_transport: raw', 'image_transport: compressed'))
    arguments = ('image:=cam', 'select:=true', f'params_file:={parameters}')
    with launch(*arguments, DISPLAY=virtual_display) as launched:
        launched.wait_for_output(r'\[select_box\]: nobody publishes /cam/compressed')
        launched.stop(signal.SIGINT)


PROFILES = 'FASTRTPS_DEFAULT_PROFILES_FILE FASTDDS_DEFAULT_PROFILES_FILE'


@pytest.mark.parametrize(
    ('distribution', 'without', 'profile'),
    [
        ('humble', PROFILES, ''),
        ('jazzy', PROFILES, r'\S+/share/hart_ros/config/fastdds.xml'),
        ('humble', '', r'\S+/fastdds.xml'),  # the test's own, which is the user's
    ],
)
def test_on_humble_no_profile_undoes_localhost_only(launch, distribution, without, profile):
    variables = {'ROS_DISTRO': distribution, 'ROS_LOCALHOST_ONLY': '1', 'WITHOUT': without}
    with launch(**variables) as launched:
        launched.wait_for_output(rf'profile: {profile}\s*\n')
        launched.stop(signal.SIGINT)
    assert ('config/fastdds.xml is not loaded' in launched.output) == (profile == '')


def test_the_tracker_runs_on_where_no_window_opens(launch, peer, clip):
    detections = peer.collect(Detection2D, '/hart/detection')
    with launch(f'play:={clip}', 'init_box:=30,20,24,16', 'select:=true', DISPLAY='') as launched:
        launched.wait_for_output('run it where there is a screen')
        peer.wait_for(lambda: detections, what='a detection')
        launched.stop(signal.SIGINT)


@pytest.mark.parametrize(
    ('argument', 'says'),
    [
        ('rviz:=maybe', 'Argument "rviz" provided value "maybe" is not valid'),
        ('image_transport:=h264', 'Argument "image_transport" provided value "h264" is not valid'),
        ('play:=synthetic image_transport:=compressed', 'play:= publishes raw images only'),
        ('init_box:=1,2,3', 'init_box:=1,2,3: give x,y,w,h in pixels'),
        ('params_file:=/no/such.yaml', 'params_file:=/no/such.yaml: no such file'),
        ('play:=/no/such.mp4', '/no/such.mp4: no such file or folder'),
    ],
)
def test_what_cannot_be_launched_ends_with_the_reason(launch, argument, says):
    with launch(*argument.split()) as launched:
        launched.wait()
    assert says in launched.output
