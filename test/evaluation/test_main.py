# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-evaluate from end to end on a few small frames."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from hart_ros.evaluation.main import main
from hart_ros.evaluation.tables import aligned
from hart_ros.tracking.weights import SHIPPED

PROTOCOLS = ['hart60', 'ope', 'tre', 'restart', 'realtime', 'loss']
DRIVES = ['synthetic:1', 'synthetic:2', '--size', '192x64', '--frames', '8', '--targets', '1']

pytestmark = pytest.mark.skipif(
    not hasattr(cv2, 'TrackerKCF_create'), reason='needs opencv-contrib'
)


@pytest.fixture(scope='module')
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run of two trackers under all protocols."""
    out = tmp_path_factory.mktemp('evaluation')
    arguments = [*DRIVES, '--tracker', 'hart', '--tracker', 'kcf', '--out', str(out)]
    for protocol in PROTOCOLS:
        arguments += ['--protocol', protocol]
    assert main(arguments) == 0
    return out


@pytest.fixture(scope='module')
def result(run: Path) -> dict[str, Any]:
    return json.loads((run / 'result.json').read_text())


def test_summary_has_every_tracker_and_protocol(result: dict[str, Any]) -> None:
    assert list(result['summary']) == PROTOCOLS
    for by_tracker in result['summary'].values():
        assert list(by_tracker) == ['hart', 'kcf']
    ope = result['summary']['ope']
    assert 0 < ope['hart']['iou'] <= 1
    assert 0 <= ope['hart']['calibration_error'] <= 1
    assert ope['kcf']['calibration_error'] is None
    assert result['summary']['restart']['hart']['losses'] >= 0


def test_every_frame_is_there(result: dict[str, Any]) -> None:
    assert [target['sequence'] for target in result['targets']] == ['synthetic-1', 'synthetic-2']
    for target in result['targets']:
        for protocol in ('ope', 'realtime'):
            for steps in target['results'][protocol].values():
                assert len(steps['iou']) == len(steps['box_xywh']) == target['boxes'] - 1
                assert set(steps['start']) == {target['first_frame']}
    ope = [t['results']['ope']['hart'] for t in result['targets']]
    mean = sum(steps['metrics']['iou'] for steps in ope) / 2
    assert result['summary']['ope']['hart']['iou'] == pytest.approx(mean)


def test_origin_is_said(result: dict[str, Any]) -> None:
    origin = result['origin']
    assert origin['command'].startswith('hart-evaluate synthetic:1 ')
    assert origin['threads'] == 1
    assert origin['opencv'] == cv2.__version__
    assert len(origin['weights_sha256']['hart']) == 64
    assert {'commit', 'cpu', 'torch'} <= set(origin)


def test_page_needs_nothing_else(run: Path) -> None:
    page = (run / 'report.html').read_text(encoding='utf-8')
    assert not re.search(r'(src|href)="(?!#)', page)
    assert '<script' not in page
    assert 'synthetic-2' in page
    for title in (
        'IoU over time: clips of 60 steps',
        'Success',
        'Precision',
        'Sequences: ope, IoU',
    ):
        assert f'<figcaption>{title}</figcaption>' in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    drawings = re.findall(r'<svg.*?</svg>', page, re.DOTALL)
    assert len(drawings) == 13
    for drawing in drawings:
        ElementTree.fromstring(drawing)


def test_several_weights_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = ['--tracker', 'hart', '--tracker', f'again={SHIPPED}']
    assert (
        main(['synthetic:1', *DRIVES[2:], *pair, '--protocol', 'ope', '--out', str(tmp_path)]) == 0
    )
    heading, first, second, *_ = capsys.readouterr().out.splitlines()
    assert heading.split()[:2] == ['ope', 'IoU']
    assert first.split()[1] == second.split()[1]
    assert first.split()[1].endswith('*')
    assert [first.split()[0], second.split()[0]] == ['hart', 'again']


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        (['nowhere'], 'nowhere: no such file or folder'),
        ([*DRIVES, '--tracker', 'magic'], 'magic: no such tracker; there are hart, csrt'),
        ([*DRIVES, '--tracker', 'nano'], 'nano: needs its model; give --models FOLDER'),
        ([*DRIVES, '--weights', 'nowhere'], 'no file nowhere'),
        (['.', '--split', 'validation'], 'no sequence car'),
    ],
)
def test_mistakes_are_said_in_one_line(
    arguments: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('hart-evaluate: ')
    assert says in line


def test_a_broken_frame_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'img').mkdir()
    cv2.imwrite(str(tmp_path / 'img' / '0001.png'), np.zeros((40, 60, 3), np.uint8))
    (tmp_path / 'img' / '0002.png').write_bytes(b'no image')
    (tmp_path / 'groundtruth_rect.txt').write_text('5 5 20 20\n5 5 20 20\n')
    out = str(tmp_path / 'out')
    assert main([str(tmp_path), '--tracker', 'kcf', '--protocol', 'ope', '--out', out]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith('hart-evaluate: ' + str(tmp_path))


def test_what_was_measured_before_a_broken_frame_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in 'ab':
        folder = tmp_path / name
        (folder / 'img').mkdir(parents=True)
        for number in range(3):
            image = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
            cv2.imwrite(str(folder / 'img' / f'{number}.png'), image)
        (folder / 'groundtruth_rect.txt').write_text('5 5 20 20\n' * 3)
    (tmp_path / 'b' / 'img' / '2.png').write_bytes(b'no image')
    out = tmp_path / 'out'
    arguments = ['--tracker', 'kcf', '--protocol', 'ope', '--out', str(out)]
    assert main([str(tmp_path), *arguments]) == 2
    said = capsys.readouterr()
    assert said.err.splitlines()[-1].endswith('sequence (1 of 2 targets were finished)')
    assert str(out / 'report.html') in said.out
    result = json.loads((out / 'result.json').read_text())
    assert [target['sequence'] for target in result['targets']] == ['a']
    assert '1 of 2' in result['origin']['stopped']


def test_columns_are_aligned() -> None:
    assert aligned([['a', 'IoU'], ['long', '0.5*']]) == 'a      IoU\nlong  0.5*'
