# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The command hart-demo as users run it; how well it tracks does not matter here."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

ROOT = Path(__file__).resolve().parents[2]
SMALL = ('--size', '320x96')


@contextlib.contextmanager
def demo(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the demo; it finds a domain of its own."""
    environment = {k: v for k, v in os.environ.items() if k != 'ROS_DOMAIN_ID'}
    process = subprocess.Popen(
        [sys.executable, '-u', '-m', 'hart_ros.demo.main', *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for_line(process: subprocess.Popen[str], pattern: str) -> None:
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if re.search(pattern, line):
            return
    pytest.fail(f'no {pattern!r} in:\n{"".join(seen)}')


def children(process: subprocess.Popen[str]) -> dict[str, int]:
    """Return process ids of the nodes by module."""
    found = {}
    for pid in Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split():
        command = Path(f'/proc/{pid}/cmdline').read_text().split('\0')
        if '-m' in command:
            found[command[command.index('-m') + 1].rpartition('.')[2]] = int(pid)
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(') ')[2][0] != 'Z'
    except OSError:
        return False


def test_writes_video_contact_sheet_and_figures(tmp_path):
    with demo(*SMALL, '--frames', '15', '--out', str(tmp_path / 'out')) as process:
        output, _ = process.communicate(timeout=180)
    assert process.returncode == 0, output
    assert re.search(r'frame +15/15  IoU \d\.\d\d', output)
    assert re.search(r'mean IoU  \d', output)

    out = tmp_path / 'out'
    result = json.loads((out / 'result.json').read_text())
    summary, frames = result['summary'], result['frames']
    assert [frame['index'] for frame in frames] == list(range(15))
    assert summary['frames_played'] == 15
    # The first frame may arrive before the tracker hears it, and a busy machine drops some.
    assert 2 <= summary['frames_tracked'] <= 15
    assert summary['frames_dropped'] <= 15 - summary['frames_tracked']
    tracked = [frame for frame in frames if frame['box_xywh']]
    assert tracked[0]['box_xywh'] == pytest.approx(tracked[0]['truth_xywh'], abs=0.02)
    overlaps = [frame['iou'] for frame in tracked[1:] if frame['iou'] is not None]
    assert summary['mean_iou'] == pytest.approx(np.mean(overlaps), abs=1e-3)
    assert result['data']['source'] == 'synthetic'
    assert result['origin']['torch']

    video = cv2.VideoCapture(str(out / 'demo.mp4'))
    assert video.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    pictures = 0
    while True:
        good, picture = video.read()
        if not good:
            break
        pictures += 1
        assert picture.shape == (192, 640, 3)
    assert 2 <= pictures <= 15
    sheet = cv2.imread(str(out / 'contact_sheet.png'))
    assert sheet.shape[1] == 3 * 640
    assert (out / 'tracker_node.log').read_text().count('tracking') >= 1


def test_a_box_outside_the_picture_fails_with_the_trackers_reason(tmp_path):
    film = tmp_path / '[7] the: film.mp4'  # no name is too odd
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*'mp4v'), 10.0, (64, 48))
    for _ in range(5):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    arguments = ('--video', str(film), '--init', '500,500,20,20', '--out', str(tmp_path / 'out'))
    with demo(*arguments) as process:
        output, _ = process.communicate(timeout=180)
    assert process.returncode == 1
    assert 'nothing was tracked' in output
    assert 'on the 64 x 48 frame' in output


def test_ctrl_c_ends_everything_and_keeps_what_there_is(tmp_path):
    with demo(*SMALL, '--out', str(tmp_path)) as process:
        wait_for_line(process, 'frame +1/')
        nodes = children(process)
        assert set(nodes) == {'tracker_node', 'player_node'}
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert 'Traceback' not in output
    assert not any(map(is_running, nodes.values()))
    assert json.loads((tmp_path / 'result.json').read_text())['frames']


def test_a_tracker_that_dies_is_an_error_and_nothing_stays_behind(tmp_path):
    with demo(*SMALL, '--out', str(tmp_path)) as process:
        wait_for_line(process, 'frame +1/')
        nodes = children(process)
        os.kill(nodes['tracker_node'], signal.SIGKILL)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert 'tracker_node ended with status -9' in output
    assert "tracking '0'" in output  # its last lines
    assert not is_running(nodes['player_node'])


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux tells children of the end')
def test_nodes_end_with_a_demo_that_is_killed(tmp_path):
    with demo(*SMALL, '--out', str(tmp_path)) as process:
        wait_for_line(process, 'starting')
        deadline = time.monotonic() + 60
        while len(nodes := children(process)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.kill()
        process.wait()
    while any(map(is_running, nodes.values())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['--play', '/no/such'], '/no/such: no such file or folder'),
        (['--play', 'synthetic:x'], 'the seed is a whole number'),
        (['--init', '1,2,3'], "'1,2,3' is not x,y,w,h"),
        (['--frames', '1'], 'no number of frames'),
        (['--rate', '-1'], 'no rate'),
        (['--size', '3'], 'give WIDTHxHEIGHT'),
        (['--sequence', '0003'], 'takes no option sequence'),
    ],
)
def test_wrong_arguments_are_status_2_and_a_reason(capsys, monkeypatch, tmp_path, arguments, says):
    from hart_ros.demo.main import main

    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
