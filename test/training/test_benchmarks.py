# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""KITTI and KTH from the commands of README, in miniature: hart-train, then hart-evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hart_ros.evaluation.main import main as evaluate
from hart_ros.training.main import main as train

PUBLISHED = Path(__file__).resolve().parents[2] / 'config' / 'hart_2017.yaml'
REAL = Path(__file__).resolve().parents[3] / 'shared' / 'data' / 'kitti_labels'
FRAMES = 20
TINY = ['model.glimpse_size=32', 'model.hidden=16', 'model.v1_widths=[8, 8, 8, 8, 8, 8]']
SHORT = ['curriculum.stages=[[0, 2]]', 'clips.skips=[1]', 'clips.composed=0']

WRITTEN = '\n'.join(
    line
    for k in range(FRAMES)
    for line in (
        f'{k} -1 DontCare -1 -1 -10 {100 + k} 80 300 250 -1 -1 -1 -1000 -1000 -1000 -10',
        f'{k} 0 Car 0 {k % 3} -1.5 {400 + 3 * k} 160 {520 + 3 * k} 240 1.5 1.6 4 -2 1.7 12 -1.6',
        f'{k} 3 Pedestrian {k // 18} 0 0.3 {800 - 4 * k} 150 {850 - 4 * k} 290 1.8 0.6 1 3 1.6 8 0',
    )
)


@pytest.fixture(params=['written', 'real'])
def kitti(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The beginnings of two sequences: labels, and images of boxes of their colours."""
    if request.param == 'real' and not REAL.is_dir():
        pytest.skip(f'no labels of KITTI in {REAL}')
    root = tmp_path / 'KITTI' / 'training'
    for name in ('0003', '0012'):
        text = WRITTEN if request.param == 'written' else (REAL / f'{name}.txt').read_text()
        lines = [line for line in text.splitlines() if int(line.split()[0]) < FRAMES]
        (root / 'label_02').mkdir(parents=True, exist_ok=True)
        (root / 'label_02' / f'{name}.txt').write_text('\n'.join(lines) + '\n')
        images = root / 'image_02' / name
        images.mkdir(parents=True)
        for k in range(FRAMES):
            image = np.full((375, 1242, 3), 90, np.uint8)
            for fields in (line.split() for line in lines):
                if int(fields[0]) == k and fields[2] != 'DontCare':
                    x0, y0, x1, y1 = (round(float(v)) for v in fields[6:10])
                    shade = (60 + 40 * int(fields[1])) % 256
                    cv2.rectangle(image, (x0, y0), (x1, y1), (shade, 255 - shade, 200), -1)
            assert cv2.imwrite(str(images / f'{k:06d}.png'), image)
    return root.parent


def trained(data: Path, *options: str) -> Path:
    """Two steps of a tiny network; the folder of the run."""
    out = data.parent / 'run'
    settings = [part for text in (*TINY, *SHORT) for part in ('--set', text)]
    train(
        [str(data), '--out', str(out), '--cache', str(data.parent / 'cache'), '--drives', '0']
        + ['--steps', '2', '--validate-every', '2', '--batch', '2', '--workers', '0']
        + ['--threads', '1', *settings, *options]
    )
    return out


def evaluated(data: Path, run: Path, *options: str) -> list[dict[str, Any]]:
    """What `result.json` says of each target."""
    out = data.parent / 'evaluation'
    weights = str(run / 'best.safetensors')
    assert evaluate([str(data), '--weights', weights, '--out', str(out), *options]) == 0
    return json.loads((out / 'result.json').read_text())['targets']


def validated(run: Path) -> set[str]:
    lines = [json.loads(line) for line in (run / 'log.jsonl').read_text().splitlines()]
    return {name for line in lines for name in line.get('sequences', ())}


def test_kitti_as_published(kitti: Path) -> None:
    run = trained(kitti)
    assert validated(run) == {'kitti-0003-validation', 'kitti-0012-validation'}
    options = '--split validation --protocol hart60 --targets 0 --scale 621x187'
    targets = evaluated(kitti, run, *options.split())
    wanted: dict[tuple[str, int], list[int]] = {}
    for path in sorted((kitti / 'training' / 'label_02').iterdir()):
        for frame, track, kind, cut, hidden, *_ in map(str.split, path.read_text().splitlines()):
            if kind != 'DontCare' and int(frame) >= 16 and max(int(cut), int(hidden)) <= 1:
                wanted.setdefault((path.stem, int(track)), []).append(int(frame) - 16)
    counts = {key: len(frames) for key, frames in wanted.items() if len(frames) > 1}
    assert len({name for name, _ in counts}) == 2
    found = {(t['sequence'].split('-')[1], t['track']): t['boxes'] for t in targets}
    assert found == counts
    for target in targets:
        first = wanted[target['sequence'].split('-')[1], target['track']][0]
        assert min(target['results']['hart60']['hart']['start']) == first


def test_kitti_by_the_published_network_and_settings(kitti: Path) -> None:
    out = kitti.parent / 'run'
    train(
        [str(PUBLISHED), '--out', str(out), '--cache', str(kitti.parent / 'cache')]
        + ['--set', f'data.folders=["{kitti}"]', '--set', 'model_2017.v1_widths=[8, 16, 16]']
        + ['--steps', '1', '--batch', '2', '--workers', '0', '--threads', '1']
    )
    assert validated(out) == {'kitti-0003-validation', 'kitti-0012-validation'}
    options = '--split validation --protocol hart60 --targets 0 --scale 621x187'
    assert evaluated(kitti, out, *options.split())


def test_kth_without_a_subject(tmp_path: Path) -> None:
    data = tmp_path / 'KTH'
    data.mkdir()
    for subject in (1, 2, 3):
        name = f'person{subject:02d}_walking_d1_uncomp'
        code = cv2.VideoWriter_fourcc(*'MJPG')  # type: ignore[attr-defined]
        writer = cv2.VideoWriter(str(data / f'{name}.avi'), code, 25, (160, 120))
        if not writer.isOpened():
            pytest.skip('this OpenCV cannot write videos')
        rows = ['frame,track_id,x,y,w,h']
        for k in range(12):
            image = np.full((120, 160, 3), 120, np.uint8)
            image[30:90, 20 + 5 * k : 45 + 5 * k] = 30 * subject
            writer.write(image)
            rows.append(f'{k + 1},1,{20 + 5 * k},30,25,60')
        writer.release()
        (data / f'{name}.csv').write_text('\n'.join(rows) + '\n')
    run = trained(data, '--leave-out', 'person01_*', '--validation', 'person02_*')
    assert validated(run) == {'person02_walking_d1_uncomp'}
    seen = {path.name.partition('_')[0] for path in (tmp_path / 'cache').iterdir()}
    assert seen == {'person02', 'person03'}
    options = '--sequences person01_* --protocol ope --targets 0'
    (target,) = evaluated(data, run, *options.split())
    assert target['sequence'] == 'person01_walking_d1_uncomp'
    assert len(target['results']['ope']['hart']['iou']) == 11
