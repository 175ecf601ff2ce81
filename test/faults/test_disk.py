# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A disk that fills up while something is written: a small one, mounted for the test."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from hart_ros.apps.disk import RESERVE
from hart_ros.data.source import open_source

SIZE = RESERVE + (8 << 20)  # bytes of the disk
FRAMES = 60
BOX = ('--init', '100,100,80,60')
MEND = 'free some space, or write elsewhere'


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of some megabytes."""
    place = tmp_path / 'disk'
    place.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', f'size={SIZE}', 'tmpfs', str(place)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f'needs root, to mount a small disk: {done.stderr.strip()}')
    try:
        yield place
    finally:
        subprocess.run(['umount', '--lazy', str(place)], check=True)


@pytest.fixture(scope='module')
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise, which no encoder makes small."""
    folder = tmp_path_factory.mktemp('noise')
    random = np.random.default_rng(0)
    for number in range(8):
        noise = random.integers(0, 256, (480, 640, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{number:03d}.png'), noise)
    for number in range(8, FRAMES):
        (folder / f'{number:03d}.png').symlink_to(f'{number % 8:03d}.png')
    return folder


def fill(disk: Path, left: int) -> Path:
    """Let so many bytes be left."""
    ballast = disk / 'ballast'
    with ballast.open('wb', buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            block = bytes(size)
            try:
                while True:
                    file.write(block)
            except OSError:
                pass
        file.truncate(file.tell() - left)
    return ballast


def track(*arguments: object, largest: int = -1) -> subprocess.CompletedProcess[str]:
    """Run hart-track, where files may be no larger than so many bytes."""
    command = [sys.executable, '-m', 'hart_ros.apps.track', *map(str, arguments)]
    limit = (largest, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )


def test_a_video_stops_while_it_can_be_finished(film: Path, disk: Path) -> None:
    fill(disk, left=RESERVE + (1 << 20))
    out, boxes = disk / 'out.mp4', disk / 'boxes.csv'
    done = track(film, *BOX, '-o', out, '--csv', boxes)
    assert done.returncode == 1
    assert done.stderr == f'hart-track: {out}: No space left on device; {MEND}\n'
    (tracked,) = re.findall(r'^(\d+) frames, mean score', done.stdout)
    assert 3 < int(tracked) < FRAMES
    assert int(cv2.VideoCapture(str(out)).get(cv2.CAP_PROP_FRAME_COUNT)) == int(tracked)
    assert len(boxes.read_text().splitlines()) in (1 + int(tracked), 2 + int(tracked))


def test_a_bag_stops_while_it_can_be_finished(film: Path, disk: Path) -> None:
    pytest.importorskip('rosbags', reason="needs rosbags: pip install '.[bags]'")
    fill(disk, left=RESERVE + (3 << 20))
    out = disk / 'bag'
    done = track(film, *BOX, '--bag', out)
    assert done.returncode == 1
    assert done.stderr == f'hart-track: {out}: No space left on device; {MEND}\n'
    (tracked,) = re.findall(r'^(\d+) frames, mean score', done.stdout)
    assert len(open_source(out)) == int(tracked) > 3


def test_of_boxes_whole_lines_are_kept(film: Path, disk: Path) -> None:
    fill(disk, left=1 << 12)
    out = disk / 'boxes.txt'
    done = track(film, *BOX, '--kitti', out)
    assert done.returncode == 1
    assert done.stderr == f'hart-track: {out}: No space left on device; {MEND}\n'
    lines = out.read_bytes().splitlines(keepends=True)
    assert 3 < len(lines) < FRAMES
    assert all(len(line.split()) == 18 and line.endswith(b'\n') for line in lines)


def test_a_video_that_will_not_play_is_said(film: Path, tmp_path: Path) -> None:
    """Here files are limited in size, which OpenCV does not tell."""
    out, boxes = tmp_path / 'out.mp4', tmp_path / 'boxes.txt'
    done = track(film, *BOX, '-o', out, '--kitti', boxes, largest=1 << 19)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == f'hart-track: {out}: the video could not be finished and will not play'
    assert len(boxes.read_text().splitlines()) == FRAMES


def test_the_demo_stops_while_its_video_can_be_finished(disk: Path) -> None:
    fill(disk, left=RESERVE + (1 << 18))
    command = [sys.executable, '-m', 'hart_ros.demo.main', '--out', str(disk), '--frames', '60']
    done = subprocess.run(command, capture_output=True, text=True)
    out = disk / 'demo.mp4'
    assert done.returncode == 1
    assert done.stderr == f'hart-demo: {out}: No space left on device; {MEND}\n'
    assert cv2.VideoCapture(str(out)).read()[0]
    assert json.loads((disk / 'result.json').read_text())['summary']['frames_tracked'] > 1


def test_the_node_tracks_on_without_saving(run_tracker: Any, disk: Path) -> None:
    ballast = fill(disk, left=0)
    path = disk / 'targets.safetensors'
    with run_tracker('-p', f'restore_state:={path}') as (hart, camera):
        hart.track(camera)
        said = f'restore_state: {path} cannot be written: No space left on device; free some space'
        hart.process.wait_for_output(re.escape(f'{said}. Tracking goes on'))
        hart.wait_for_values(lambda v: v['message'] == said, 'a warning that lasts')
        for _ in range(30):
            hart.wait_for_detection(camera.publish())
        assert hart.process.output.count('cannot be written') == 1
        assert not list(disk.glob('targets*'))

        ballast.unlink()

        def mended() -> bool:
            hart.wait_for_detection(camera.publish())
            return path.exists() and hart.values()['message'] == 'tracking'

        hart.peer.wait_for(mended, what='the file, and the end of the warning')
        hart.process.wait_for_output(f'{path} is written again')
