# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Start the tracker; on request a player in place of the camera, and rviz.

ros2 launch hart_ros tracker.launch.py image:=/camera/image_raw
ros2 launch hart_ros tracker.launch.py play:=synthetic loop:=true rviz:=true
"""

from __future__ import annotations

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    LogInfo,
    OpaqueFunction,
    Shutdown,
)
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

BOOLEAN = ['true', 'false', 'True', 'False']
DDS_PROFILE_VARIABLES = (
    'FASTRTPS_DEFAULT_PROFILES_FILE',  # Fast DDS 2: Humble, Jazzy
    'FASTDDS_DEFAULT_PROFILES_FILE',  # Fast DDS 3: Kilted and later
)

NO_DDS_PROFILE = (
    'ROS_LOCALHOST_ONLY=1: config/fastdds.xml is not loaded, for with it nodes of Humble would '
    'announce themselves in the network; without it large images may get lost, see '
    'docs/deployment.md of hart_ros'
)
# A box is drawn on an image that stands still: its frame has to be there when the button goes up.
BUFFER_WHILE_DRAWING = {'buffer_seconds': 10.0, 'buffer_megabytes': 1000.0}


def generate_launch_description() -> LaunchDescription:
    """Describe arguments, environment and nodes; called by `ros2 launch`."""
    return LaunchDescription(
        [
            *declare_arguments(),
            OpaqueFunction(function=say_without_dds_profile),
            OpaqueFunction(function=check_params_file),
            OpaqueFunction(function=start_tracker),
            OpaqueFunction(function=start_player),
            OpaqueFunction(function=start_select_box),
            OpaqueFunction(function=start_rviz),
        ]
    )


def declare_arguments() -> list[DeclareLaunchArgument]:
    """Everything that can be said on the command line, for `--show-args`."""
    return [
        DeclareLaunchArgument(
            'image',
            default_value='image_raw',
            description='Topic of the images to track in. A relative name lies in `namespace`.',
        ),
        DeclareLaunchArgument(
            'image_transport',
            default_value='',
            choices=['', 'raw', 'compressed'],
            description='compressed: sensor_msgs/CompressedImage on `image` + "/compressed"; not '
            'with `play`, and rviz shows the raw topic all the same. Empty: as `params_file` says, '
            'else raw.',
        ),
        DeclareLaunchArgument(
            'init_box',
            default_value='',
            description='Box to start on, as x,y,w,h in pixels of the first image. Empty: wait for '
            'a box on hart/init_box, which a played source with boxes publishes itself.',
        ),
        DeclareLaunchArgument(
            'select',
            default_value='false',
            choices=BOOLEAN,
            description='Open a window in which the target is drawn with the mouse. A played '
            'source then sends none of its own boxes. The tracker keeps frames of 10 s, in at most '
            '1 GB, unless a `params_file` of your own sets `buffer_seconds` and '
            '`buffer_megabytes`.',
        ),
        DeclareLaunchArgument(
            'params_file',
            default_value=in_package('config', 'tracker.yaml'),
            description='YAML file with the parameters of the nodes hart, player and select_box.',
        ),
        DeclareLaunchArgument(
            'namespace',
            default_value='',
            description='Namespace of all nodes: one for each camera.',
        ),
        DeclareLaunchArgument(
            'use_sim_time',
            default_value='',
            choices=['', *BOOLEAN],
            description='Take the time from /clock. A played source then publishes /clock. Empty: '
            'as `params_file` says, else false.',
        ),
        DeclareLaunchArgument(
            'rviz',
            default_value='false',
            choices=BOOLEAN,
            description='Show camera, debug image and glimpse in rviz.',
        ),
        DeclareLaunchArgument(
            'play',
            default_value='',
            description='Play this in place of a camera: a video file, a bag, a folder of images, '
            'video with boxes.csv, KITTI or OTB, or `synthetic` or `synthetic:SEED`. Empty: no '
            'player.',
        ),
        DeclareLaunchArgument(
            'sequence',
            default_value='',
            description='Sequence to play where `play` holds several: 0003 of KITTI, or the topic '
            'of the images in a bag. Empty: as `params_file` says.',
        ),
        DeclareLaunchArgument(
            'loop',
            default_value='',
            choices=['', *BOOLEAN],
            description='Play again from the start, with the first box, whenever the end is '
            'reached. Otherwise the service player/restart does. Empty: as `params_file` says, '
            'else false.',
        ),
        DeclareLaunchArgument(
            'log_level',
            default_value='info',
            choices=['debug', 'info', 'warn', 'error', 'fatal'],
            description='Least severe messages that the nodes log; debug: of these nodes, not of '
            'the libraries under them.',
        ),
    ]


def dds_profile() -> dict[str, str]:
    """Variables by which Fast DDS has shared memory for images, unless users name a profile.

    For our nodes alone: set for the whole launch, it would be the profile of all nodes after them.
    """
    users = [name for name in DDS_PROFILE_VARIABLES if name in os.environ]
    if not users and is_humble_on_localhost():
        return {}
    profile = os.environ[users[-1]] if users else in_package('config', 'fastdds.xml')
    return dict.fromkeys(DDS_PROFILE_VARIABLES, profile)


def say_without_dds_profile(context: LaunchContext) -> list[LogInfo]:
    """Say so where there is none."""
    return [] if dds_profile() else [LogInfo(msg=NO_DDS_PROFILE)]


def is_humble_on_localhost() -> bool:
    """Whether a profile would undo ROS_LOCALHOST_ONLY: Humble restricts only transports of its own.

    Nodes of Jazzy that keep to this machine announce themselves nowhere else, with it either.
    """
    distribution, alone = (os.environ.get(n) for n in ('ROS_DISTRO', 'ROS_LOCALHOST_ONLY'))
    return distribution == 'humble' and alone == '1'


def check_params_file(context: LaunchContext) -> None:
    """Stop at a file that is not there: launch itself would go on with the defaults."""
    path = LaunchConfiguration('params_file').perform(context)
    if not Path(path).is_file():
        raise RuntimeError(f'params_file:={path}: no such file')


def start_tracker(context: LaunchContext) -> list[Node]:
    """The node `hart`, whose private topics are hart/init_box, hart/detection and so on."""
    from_player = bool(LaunchConfiguration('play').perform(context))
    file = LaunchConfiguration('params_file').perform(context)
    buffer = BUFFER_WHILE_DRAWING if is_true('select', context) else {}
    arguments, files = common_arguments('hart', context), [file]
    if file == in_package('config', 'tracker.yaml'):
        files.append(buffer)
    else:  # before the user's file, and for any node: of one node what came first would count least
        for name, value in buffer.items():
            arguments['ros_arguments'] += ['-p', f'{name}:={value}']
    return [
        Node(
            package='hart_ros',
            executable='tracker_node',
            name='hart',
            parameters=[
                *files,
                *given('use_sim_time', 'use_sim_time', context),
                # With a player the box comes from there, with the stamp of its frame.
                *([] if from_player else init_box_parameter(context)),
                *transport_parameter(context),
            ],
            **arguments,
        )
    ]


def start_player(context: LaunchContext) -> list[Node]:
    """The node `player`, or nothing without the argument `play`."""
    if not LaunchConfiguration('play').perform(context):
        return []
    arguments = common_arguments('player', context)
    # No frame before the tracker is there, unless the file says so; before it, as above.
    arguments['ros_arguments'] += ['-p', 'wait_for_subscribers:=1']
    sequence = ParameterValue(LaunchConfiguration('sequence'), value_type=str)
    has_sequence = bool(LaunchConfiguration('sequence').perform(context))
    return [
        Node(
            package='hart_ros',
            executable='player_node',
            name='player',
            parameters=[
                LaunchConfiguration('params_file'),
                # Text, also where YAML would read a number (a folder named 0001).
                {'source': ParameterValue(LaunchConfiguration('play'), value_type=str)},
                *([{'sequence': sequence}] if has_sequence else []),
                *given('loop', 'loop', context),
                *given('use_sim_time', 'publish_clock', context),
                *init_box_parameter(context),
                *([{'publish_init': False}] if is_selected(context) else []),
            ],
            on_exit=Shutdown(reason='the player ended'),  # by itself only if it cannot play
            **arguments,
        )
    ]


def given(argument: str, parameter: str, context: LaunchContext) -> list[dict[str, bool]]:
    """An argument of `BOOLEAN` as a parameter; an empty list where it was not given."""
    if not LaunchConfiguration(argument).perform(context):
        return []
    return [{parameter: is_true(argument, context)}]


def is_selected(context: LaunchContext) -> bool:
    """Whether the mouse alone chooses the target: no box comes from the player, in no lap."""
    return is_true('select', context) and not init_box_parameter(context)


def is_true(argument: str, context: LaunchContext) -> bool:
    """Whether an argument of `BOOLEAN` is true."""
    return LaunchConfiguration(argument).perform(context).lower() == 'true'


def start_select_box(context: LaunchContext) -> list[Node]:
    """The window in which the target is drawn; tracking goes on when it is closed."""
    return [
        Node(
            package='hart_ros',
            executable='select_box_node',
            name='select_box',
            parameters=[LaunchConfiguration('params_file'), *transport_parameter(context)],
            condition=IfCondition(LaunchConfiguration('select')),
            **common_arguments('select_box', context),
        )
    ]


def start_rviz(context: LaunchContext) -> list[Node]:
    """Rviz on config/tracker.rviz, whose topics are absolute: map them to where ours are."""
    return [
        Node(
            package='rviz2',
            executable='rviz2',
            namespace=LaunchConfiguration('namespace'),
            arguments=['-d', in_package('config', 'tracker.rviz')],
            parameters=given('use_sim_time', 'use_sim_time', context),
            remappings=[
                ('/image_raw', LaunchConfiguration('image')),
                ('/hart/debug_image', 'hart/debug_image'),
                ('/hart/glimpse', 'hart/glimpse'),
            ],
            additional_env=dds_profile(),
            condition=IfCondition(LaunchConfiguration('rviz')),
        )
    ]


def common_arguments(name: str, context: LaunchContext) -> dict:
    """What our nodes share as arguments of `Node`; `name` is the node's."""
    namespace = LaunchConfiguration('namespace').perform(context)
    level = LaunchConfiguration('log_level').perform(context)
    if level == 'debug':  # of everything, it is hundreds of lines a second
        logger = '.'.join([*filter(None, namespace.split('/')), name])
        level = f'{logger}:=debug'
    return {
        'namespace': namespace,
        'remappings': [('image', LaunchConfiguration('image'))],
        'ros_arguments': ['--log-level', level],
        'additional_env': dds_profile(),
        'output': 'screen',
        'emulate_tty': True,
    }


def init_box_parameter(context: LaunchContext) -> list[dict[str, list[float]]]:
    """The argument `init_box` as a parameter; an empty list where it was not given."""
    text = LaunchConfiguration('init_box').perform(context)
    if not text:
        return []
    try:
        x, y, w, h = (float(number) for number in text.strip('[]').split(','))
    except ValueError:
        raise RuntimeError(f'init_box:={text}: give x,y,w,h in pixels, as 412,180,96,64') from None
    return [{'init_box': [x, y, w, h]}]


def transport_parameter(context: LaunchContext) -> list[dict[str, str]]:
    """The argument `image_transport` as a parameter; an empty list where nothing asks for one."""
    transport = LaunchConfiguration('image_transport').perform(context)
    if LaunchConfiguration('play').perform(context):
        if transport == 'compressed':
            raise RuntimeError('image_transport:=compressed: play:= publishes raw images only')
        transport = 'raw'  # whatever params_file says
    return [{'image_transport': transport}] if transport else []


def in_package(*path: str) -> str:
    """A file of the installed package."""
    return str(Path(get_package_share_directory('hart_ros'), *path))
