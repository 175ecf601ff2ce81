# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The demo's parts without processes."""

from __future__ import annotations

import socket

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from hart_ros.demo.environment import config_file, free_domain, private_environment
from hart_ros.demo.pictures import TRUTH, compose, contact_sheet
from hart_ros.demo.recorder import Record


def test_the_environment_is_private_unless_the_user_says_otherwise():
    added = private_environment({})
    assert added['FASTRTPS_DEFAULT_PROFILES_FILE'] == str(config_file('fastdds.xml'))
    assert 1 <= int(added['ROS_DOMAIN_ID']) <= 100
    assert added['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    set_by_user = {'ROS_DOMAIN_ID': '7', 'FASTDDS_DEFAULT_PROFILES_FILE': '/mine.xml'}
    assert set(private_environment(set_by_user)) == {'PYTHONUNBUFFERED'}


def test_on_humble_no_profile_undoes_localhost_only():
    given = {'ROS_DISTRO': 'humble'}
    assert 'FASTRTPS_DEFAULT_PROFILES_FILE' in private_environment(given)
    given['ROS_LOCALHOST_ONLY'] = '1'
    assert 'FASTRTPS_DEFAULT_PROFILES_FILE' not in private_environment(given)
    assert 'FASTRTPS_DEFAULT_PROFILES_FILE' in private_environment({'ROS_LOCALHOST_ONLY': '1'})


def test_a_used_domain_is_not_free(monkeypatch):
    monkeypatch.setattr('random.sample', lambda domains, count: list(domains))
    domain = free_domain()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as user:
        user.bind(('', 7400 + 250 * domain + 10))
        assert free_domain() > domain


def test_the_config_is_there():
    assert '<segment_size>33554432<' in config_file('fastdds.xml').read_text()


def test_a_record_knows_its_overlap():
    assert Record(0, truth=(0, 0, 10, 10)).iou is None
    record = Record(4, truth=(0, 0, 10, 10), box=(5, 0, 10, 10))
    assert record.iou == pytest.approx(1 / 3)
    assert record.caption == 'frame 5  IoU 0.33'


@pytest.mark.parametrize('width', [64, 640, 1242])
@pytest.mark.parametrize('panel', [(64, 128), (512, 1024), (16, 640)])
def test_pictures_of_any_size_get_glimpse_caption_and_truth(width, panel):
    debug = np.zeros((width // 4, width, 3), np.uint8)
    glimpse = np.full((*panel, 3), (255, 0, 255), np.uint8)
    record = Record(0, truth=(0.1 * width, 0.1 * width, 20, 10.5), box=(2, 2, 5, 5))
    picture = compose(debug, glimpse, record)
    assert picture.shape[1] >= 640
    assert picture.shape[1] % width == 0
    assert (picture == TRUTH).all(-1).any()
    assert (picture[:, picture.shape[1] // 2 :] == (255, 0, 255)).all(-1).any()  # away from the box
    elsewhere = compose(debug, glimpse, Record(0, box=(width - 9, 0, 5, 5)))
    assert not (elsewhere[:, -20:] == (255, 0, 255)).all(-1).any()
    assert not debug.any()


def test_the_contact_sheet_holds_any_number_of_pictures():
    pictures = [np.full((30, 100, 3), 40 * i, np.uint8) for i in range(1, 5)]
    sheet = contact_sheet(pictures, columns=3, width=50)
    assert sheet.shape == (30, 150, 3)
    assert [sheet[7, x, 0] for x in (25, 75, 125)] == [40, 80, 120]
    assert sheet[22, 25, 0] == 160
    assert not sheet[15:, 50:].any()
