# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Writes the tables of reference.md: of nodes as they run, and of the launch file as it is written.

python docs/make_reference.py            needs ROS 2; test/nodes/test_reference.py runs it
python docs/make_reference.py --check    only says whether reference.md is current
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import rclpy
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from hart_ros.nodes import player, select_box
from hart_ros.nodes.node import TrackerNode
from hart_ros.nodes.parameters import SPECS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / 'docs' / 'reference.md'
LAUNCH = ROOT / 'launch' / 'tracker.launch.py'
NAMESPACE = '/here'  # by which relative names are told from absolute ones
OF_ROS = ('rcl_interfaces/', 'lifecycle_msgs/', 'type_description_interfaces/')
PLAYED = ('size:=320x96', 'frames:=2', 'start_paused:=true', 'publish_clock:=true')
LARGEST = 2**31 - 1  # for ROS, no limit

# What no type says of topics and services, which have to be these.
ABOUT = {
    'hart': {
        'image': 'Camera; remap it. Subscribed as its publishers offer it: reliably if all do. '
        'With `image_transport: compressed`, `CompressedImage` on `image/compressed`',
        '~/init_box': 'The target: a box in pixels (of a rotated one the upright box around it); '
        '`id` names it. Its stamp ties it to a frame, also a past one (a slow detector) that is '
        'still kept: `buffer_seconds`, in at most `buffer_megabytes`; stamp zero: the next frame. '
        'A new box replaces the target, and of those of `~/init_boxes` the one with its `id`',
        '~/init_boxes': 'Several targets, each with an `id` of its own, at most `max_targets`. One '
        'whose `id` is followed already starts again there; the others go on',
        '~/detection': 'The target of `~/init_box` in each tracked frame: header of its image, '
        'box, `id`, one hypothesis whose score in [0, 1] is the IoU that the tracker expects',
        '~/detections': 'All targets of a frame in one message, that of `~/detection` among them',
        '~/state': '`IDLE`, `TRACKING`, `UNCERTAIN` or `LOST`, at each change: of the target of '
        '`~/init_box`; without one, the worst of the others. Each has its own in `/diagnostics`. '
        'While the node is disabled or inactive the last one stays: `/diagnostics` says whether it '
        'works',
        '~/debug_image': 'The frame with box (green, amber while `UNCERTAIN`, red while `LOST`), '
        'attention window, score and trail; once without them when there is no target any more',
        '~/glimpse': 'The glimpse, beside it the glimpse under its appearance mask',
        '/diagnostics': 'Once a second: state, what became of the last box, fps, latency, frames '
        'received, tracked, dropped; what is missing, in words',
        '~/reset': 'Forgets all targets',
        '~/enable': 'Stops (false) and resumes (true) work',
    },
    'player': {
        'image': 'The frames; remap it',
        'camera_info': 'Beside `image`, wherever that is remapped to. Uncalibrated (zeros) where '
        'the source does not say',
        'hart/init_box': 'The box of the target in its first frame; the present one to a tracker '
        'that comes late, but a box given by hand (`init_box`) goes out in the first frame only: '
        '`wait_for_subscribers:=1` waits for the tracker. Name: parameter `init_topic`',
        '~/ground_truth': 'The true box of each frame, where the source knows it',
        '/clock': 'With `publish_clock`',
        '~/play': 'Plays (true), pauses (false)',
        '~/restart': 'Starts again at the first frame, with the first box',
    },
    'select_box': {
        'image': 'Camera; remap it as for the tracker',
        'hart/detection': 'Drawn into the window',
        'hart/init_box': 'The box, with the header of the frame that it was drawn on; `id`: '
        '`selected`, `selected_2` and so on',
    },
}


def main() -> int:
    """Write or check the page; return the exit status."""
    text = made = PAGE.read_text(encoding='utf-8')
    for name, table in tables().items():
        start, end = f'<!-- {name}: made by make_reference.py -->\n\n', '\n<!-- end -->'
        pattern = re.compile(re.escape(start.rstrip()) + '.*?' + end, re.DOTALL)
        if len(pattern.findall(made)) != 1:
            raise SystemExit(f'{PAGE}: needs the lines {start.strip()} and {end.strip()}, once')
        made = pattern.sub(lambda _, new=start + table + end: new, made)
    if '--check' in sys.argv[1:]:
        sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), made.splitlines(True)))
        return int(made != text)
    PAGE.write_text(made, encoding='utf-8')
    return 0


def tables() -> dict[str, str]:
    """Everything that is made, by the name of its place."""
    made = {'launch arguments': markdown(('argument', 'default', 'what'), launch_arguments())}
    values = [part for value in PLAYED for part in ('-p', value)]
    rclpy.init(args=['--ros-args', '-r', f'__ns:={NAMESPACE}', *values])
    try:
        for make in (make_tracker, player.PlayerNode, make_select_box):
            with declarations() as declared:
                node = make()
            made |= tables_of(node, declared)
    finally:
        rclpy.try_shutdown()
    return made


def make_tracker() -> Node:
    """The tracker, active."""
    node = TrackerNode()
    assert node.start(), node.failure
    return node


def make_select_box() -> Node:
    """The node `select_box`, without its window."""
    with mock.patch.object(select_box, 'BoxWindow'):
        return select_box.SelectBoxNode()


@contextlib.contextmanager
def declarations() -> Iterator[list[tuple]]:
    """Name, default and descriptor of all parameters that are declared meanwhile."""
    declare, declared = Node.declare_parameter, []

    def spy(node: Node, name: str, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        declared.append((name, default, args[0] if args else ParameterDescriptor()))
        return declare(node, name, default, *args, **kwargs)

    with mock.patch.object(Node, 'declare_parameter', spy):
        yield declared


def tables_of(node: Node, declared: list[tuple]) -> dict[str, str]:
    """What there is to say of a node, which is ended."""
    name = node.get_name()
    topics, services = list(topics_of(node)), list(services_of(node))
    differing = {row[0] for row in topics + services} ^ set(ABOUT[name])
    if differing:
        raise SystemExit(f'{name}: ABOUT says nothing of, or only ABOUT names {differing}')
    if hasattr(node, 'close'):
        node.close()
    node.destroy_node()
    order = list(ABOUT[name])
    topics.sort(key=lambda row: order.index(row[0]))
    made = {}
    if topics:
        rows = ((f'`{topic}`', *rest, ABOUT[name][topic]) for topic, *rest in topics)
        made[f'topics of {name}'] = markdown(('topic', '', 'type', 'QoS', 'what'), rows)
    if services:
        rows = ((f'`{service}`', kind, ABOUT[name][service]) for service, kind in services)
        made[f'services of {name}'] = markdown(('service', 'type', 'what'), rows)
    head = ('parameter', 'default', 'allowed', 'takes effect', 'what')
    made[f'parameters of {name}'] = markdown(head, parameters_of(name, declared))
    return made


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ('---',) * len(head), *rows]
    return ''.join('| ' + ' | '.join(cells) + ' |\n' for cells in lines)


def topics_of(node: Node) -> Iterator[tuple[str, ...]]:
    """Name, direction, type and quality of service of each topic."""
    name, space = node.get_name(), node.get_namespace()
    heard = node.get_subscriber_names_and_types_by_node(name, space)
    told = node.get_publisher_names_and_types_by_node(name, space)
    for side, found, infos_of in (
        ('subscribed', heard, node.get_subscriptions_info_by_topic),
        ('published', told, node.get_publishers_info_by_topic),
    ):
        for topic, (kind,) in found:
            if topic in ('/rosout', '/parameter_events') or kind.startswith(OF_ROS):
                continue
            (qos,) = (i.qos_profile for i in infos_of(topic) if i.node_name == name)
            yield short(topic, node), side, f'`{kind}`', quality(qos)


def services_of(node: Node) -> Iterator[tuple[str, ...]]:
    """Name and type of each service."""
    found = node.get_service_names_and_types_by_node(node.get_name(), node.get_namespace())
    for service, (kind,) in found:
        if not kind.startswith(OF_ROS):
            yield short(service, node), f'`{kind}`'


def short(name: str, node: Node) -> str:
    """A name as in the code: relative, private or absolute."""
    private = f'{NAMESPACE}/{node.get_name()}/'
    return name.replace(private, '~/').removeprefix(f'{NAMESPACE}/')


def quality(qos: QoSProfile) -> str:
    """The policies that decide who hears whom."""
    reliable = qos.reliability == ReliabilityPolicy.RELIABLE
    latched = qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
    return ('reliable' if reliable else 'best effort') + (', latched' if latched else '')


def parameters_of(node: str, declared: list[tuple]) -> Iterator[tuple[str, ...]]:
    """All but those that every node has."""
    for name, default, about in declared:
        if name == 'use_sim_time' or name.startswith(('qos_overrides.', 'start_type_')):
            continue
        when = 'at once'
        if about.read_only:
            when = 'at the start'
        elif node == 'hart' and SPECS[name].fixed:
            when = 'when configured'
        yield f'`{name}`', shown(default), allowed(about), when, about.description.rstrip('.')


def shown(value: Any) -> str:
    """A value as YAML would have it."""
    text = str(value).lower() if isinstance(value, bool) else value
    text = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else text
    return f'`{text}`' if text != '' else ''


def allowed(about: ParameterDescriptor) -> str:
    """Range or choices."""
    for limits in (*about.integer_range, *about.floating_point_range):
        if limits.to_value == LARGEST:
            return f'from {limits.from_value:g} on'
        return f'{limits.from_value:g} to {limits.to_value:g}'
    return about.additional_constraints.removeprefix('one of ')


def launch_arguments() -> Iterator[tuple[str, ...]]:
    """Name, default and description of each argument of the launch file."""
    for call in ast.walk(ast.parse(LAUNCH.read_text(encoding='utf-8'))):
        if isinstance(call, ast.Call) and getattr(call.func, 'id', '') == 'DeclareLaunchArgument':
            given = {word.arg: word.value for word in call.keywords}
            default = given['default_value']
            if isinstance(default, ast.Call):  # in_package('config', 'tracker.yaml')
                value = '/'.join(ast.literal_eval(part) for part in default.args)
            else:
                value = ast.literal_eval(default)
            name = ast.literal_eval(call.args[0])
            yield f'`{name}`', shown(value), ast.literal_eval(given['description']).rstrip('.')


if __name__ == '__main__':
    sys.exit(main())
