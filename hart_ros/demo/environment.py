# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The environment in which the demonstration's nodes find each other, and nobody else."""

from __future__ import annotations

import os
import random
import socket
import sysconfig
from collections.abc import Mapping
from pathlib import Path

PROFILE_VARIABLES = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')


def private_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to set, leaving alone what the user has set.

    A DDS domain of its own on this machine, and shared memory that holds whole images.
    """
    add = {'PYTHONUNBUFFERED': '1'}
    humble = environment.get('ROS_DISTRO') == 'humble'
    # Humble restricts no transport of a profile to this machine. Who asks for that gets slow images
    # rather than announcements in the network; a domain of our own has nobody in it.
    no_profile = humble and environment.get('ROS_LOCALHOST_ONLY') == '1'
    if not no_profile and not any(name in environment for name in PROFILE_VARIABLES):
        add.update(dict.fromkeys(PROFILE_VARIABLES, str(config_file('fastdds.xml'))))
    if 'ROS_DOMAIN_ID' not in environment:
        add['ROS_DOMAIN_ID'] = str(free_domain())
        if humble:
            add['ROS_LOCALHOST_ONLY'] = '1'
        else:
            add.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    return add


def config_file(name: str) -> Path:
    """Return a file of config/: as colcon installed it, as pip did, or of the checkout."""
    pip_installed = Path(sysconfig.get_path('data'), 'share', 'hart_ros')
    folders = [pip_installed, Path(__file__).resolve().parents[2]]
    try:
        from ament_index_python.packages import get_package_share_directory

        folders.insert(0, Path(get_package_share_directory('hart_ros')))
    except (ImportError, LookupError):
        pass  # not in a workspace
    paths = [folder / 'config' / name for folder in folders]
    return next((path for path in paths if path.is_file()), paths[-1])


def free_domain() -> int:
    """Return a ROS_DOMAIN_ID that nobody on this machine uses."""
    domains = random.sample(range(1, 101), 100)
    return next((domain for domain in domains if _is_free(domain)), os.getpid() % 100 + 1)


def _is_free(domain: int) -> bool:
    first = 7400 + 250 * domain  # where DDS discovery listens
    try:
        for port in (first, *range(first + 10, first + 30, 2)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(('', port))
    except OSError:
        return False
    return True
