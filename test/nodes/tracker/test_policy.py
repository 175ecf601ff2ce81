# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The SROS 2 policy allows what the node needs, and no more."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from tracker_harness import Camera, Hart

POLICY = Path(__file__).resolve().parents[3] / 'config' / 'sros2_policy.xml'
# What a node has only under sim time, or from Iron or Jazzy on; /parameter_events is heard by some.
OPTIONAL = {'/clock', '/parameter_events', '/hart/get_type_description'}


def allowed(kind: str, way: str) -> set[str]:
    """Names that the policy allows, e.g. ('topic', 'publish')."""
    blocks = ElementTree.parse(POLICY).getroot().iter(f'{kind}s')
    return {str(e.text) for block in blocks if block.get(way) for e in block}


def test_the_policy_names_what_the_node_has(hart: Hart, camera: Camera) -> None:
    node = hart.peer.node
    for kind, way, found in (
        ('topic', 'publish', node.get_publisher_names_and_types_by_node),
        ('topic', 'subscribe', node.get_subscriber_names_and_types_by_node),
        ('service', 'reply', node.get_service_names_and_types_by_node),
    ):
        named = allowed(kind, way)

        def is_named(named: set[str] = named, found: object = found) -> bool:
            names = {name for name, _ in found('hart', '/')}  # type: ignore[operator]
            return names <= named and named - names <= OPTIONAL

        hart.peer.wait_for(
            is_named, 10.0, f'{kind}s of {way}: {sorted(named)}; {found("hart", "/")}'
        )
