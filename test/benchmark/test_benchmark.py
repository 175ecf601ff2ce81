# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-benchmark with next to nothing to do; what it measures is another matter."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from hart_ros.benchmark.contenders import Clip, inset, synthetic_clip
from hart_ros.benchmark.main import main
from hart_ros.benchmark.speed import Timing, compare, ratio
from hart_ros.data.source import BoxXYWH

TINY = ['--frames', '3', '--rounds', '1', '--threads', '1', '--targets', '1', '2']


def test_a_tiny_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trackers = ['--trackers', 'hart', 'hart_2017, plain', 'mosse']
    sizes = ['--sizes', '160x96', '320x192']
    assert main([*TINY, *trackers, *sizes, '--markdown', '--out', str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert '| hart_2017, plain |' in printed
    assert '| --- | ---: |' in printed
    result = json.loads((tmp_path / 'result.json').read_text())
    rows = result['trackers']
    assert [(row['size'], row['tracker']) for row in rows] == [
        (size, name) for size in ('160x96', '320x192', '160x96 in 320x192') for name in trackers[1:]
    ]
    assert all(row['frames'] == 2 and 0 < row['median'] <= row['p99'] for row in rows)
    assert [row['ratio'] for row in rows if row['tracker'] == 'hart'] == [1.0] * 3
    assert [row['targets'] for row in result['targets']] == [1, 2]
    assert min(result['memory'].values()) > 10
    assert result['memory']['mosse'] < result['memory']['hart'], 'peers come without torch'
    (stages,) = result['stages'].values()
    assert list(stages)[:5] == ['glimpse', 'V1', 'streams', 'LSTM', 'readout']
    (floor,) = result['floors'].values()
    assert 1e8 < floor['network_flop'] < 1e9
    assert (tmp_path / 'speed.png').read_bytes()[1:4] == b'PNG'


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--trackers', 'yolo'], 'yolo'),
        (['--source', 'absent.mp4'], 'absent.mp4'),
        (['--weights', 'absent.safetensors'], 'absent.safetensors'),
        (['--out', '/dev/null/there'], '/dev/null'),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ['--sizes', '160x96']
    assert main([*TINY, *sizes, '--out', str(tmp_path), *arguments]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith('hart-benchmark: ')
    assert words in line


def test_trackers_take_turns_on_the_same_frames() -> None:
    clip = Clip('1x1', [np.full((1, 1, 3), i, np.uint8) for i in range(3)], [(0, 0, 1, 1)] * 3)
    seen: list[tuple[str, int]] = []

    class Tracker:
        def __init__(self, name: str) -> None:
            self.name = name

        def start(self, frame: np.ndarray, box_xywh: BoxXYWH) -> None:
            seen.append((self.name, int(frame[0, 0, 0])))

        def update(self, frame: np.ndarray) -> BoxXYWH:
            seen.append((self.name, int(frame[0, 0, 0])))
            return 0, 0, 1, 0.5

    timings = compare({'a': Tracker('a'), 'b': Tracker('b')}, clip, rounds=2)
    once = [('a', 0), ('a', 1), ('a', 2), ('b', 0), ('b', 1), ('b', 2)]
    assert seen == 3 * once  # the first round is not counted
    assert timings['a'].seconds.shape == (2, 2)
    assert timings['a'].iou == pytest.approx(0.5)


def test_ratios_are_of_medians_of_the_same_round() -> None:
    drifting = np.array([[1.0, 1.0, 50.0], [3.0, 3.0, 3.0], [9.0, 9.0, 0.0]])
    assert ratio(Timing(2 * drifting, None), Timing(drifting, None)) == pytest.approx(2.0)
    assert Timing(drifting, None).median == pytest.approx(3000)
    assert Timing(drifting, None).fps == pytest.approx(1 / 3)


def test_the_target_of_the_synthetic_clip_moves_and_stays() -> None:
    clip = synthetic_clip((310, 94), 5)
    assert clip.name == '310x94'
    assert len(clip.frames) == 5
    assert all(box is not None for box in clip.boxes)
    assert 0.05 < clip.start[2] / 310 < 0.2
    assert not math.isclose(clip.boxes[-1][0], clip.start[0])  # type: ignore[index]


def test_an_inset_clip_has_the_same_target_in_larger_frames() -> None:
    small, large = synthetic_clip((160, 96), 2), synthetic_clip((320, 192), 2)
    clip = inset(small, large)
    assert clip.name == '160x96 in 320x192'
    assert clip.start == (small.start[0] + 80, small.start[1] + 48, *small.start[2:])
    np.testing.assert_array_equal(clip.frames[1][48:144, 80:240], small.frames[1])
    np.testing.assert_array_equal(clip.frames[1][:48], large.frames[1][:48])
