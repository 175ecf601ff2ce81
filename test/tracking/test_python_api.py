# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The three lines that every user of OpenCV's trackers expects: they work, typed, without ROS."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hart_ros
from hart_ros import Tracker, tracking

ROOT = Path(__file__).resolve().parents[2]

WITHOUT_ROS = """
import sys


class NoRos:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {'rclpy', 'cv_bridge', 'ament_index_python'} or '_msgs' in name:
            raise AssertionError(f'{name} was imported')


sys.meta_path.insert(0, NoRos())
import numpy

from hart_ros import Tracker

frame = numpy.zeros((80, 120, 3), numpy.uint8)
t = Tracker()
t.init(frame, (10, 20, 30, 20))
t.update(frame)
"""


def readme_example() -> str:
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    (code,) = re.findall(r'```python\n(from hart_ros import Tracker\n.*?)```', text, re.DOTALL)
    return code


def test_the_example_of_the_readme_runs() -> None:
    frame = np.random.default_rng(0).integers(0, 255, (80, 120, 3), np.uint8)
    given = {'frame': frame, 'next_frame': frame, 'x': 10, 'y': 20, 'w': 30, 'h': 20}
    exec(compile(readme_example(), 'README.md', 'exec'), given)
    track = given['track']
    assert isinstance(track, hart_ros.Track)
    assert len(track.box) == 4 and 0 <= track.score <= 1


def test_no_ros_is_imported() -> None:
    subprocess.run([sys.executable, '-c', WITHOUT_ROS], check=True, cwd=ROOT, timeout=120)


@pytest.mark.parametrize('name', tracking.__all__)
def test_what_is_public_says_what_it_is(name: str) -> None:
    if name != 'BoxXYWH':  # an alias
        assert inspect.getdoc(getattr(tracking, name))


@pytest.mark.parametrize('owner', [Tracker, tracking.HartTracker])
def test_methods_are_documented_and_typed(owner: type) -> None:
    methods = {n: f for n, f in inspect.getmembers(owner, inspect.isfunction) if n[0] != '_'}
    assert {'init', 'update'} <= set(methods)
    for name, method in {'__init__': owner.__init__, **methods}.items():
        assert method.__doc__, name
        signature = inspect.signature(method)
        untyped = [p for p in list(signature.parameters.values())[1:] if p.annotation is p.empty]
        assert not untyped and signature.return_annotation is not signature.empty, name
