# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The command hart-track as users run it; how well it tracks does not matter here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from hart_ros.apps.track import main
from hart_ros.data.kitti import read_labels
from hart_ros.data.otb import OtbFolder
from hart_ros.data.source import open_source

ROOT = Path(__file__).resolve().parents[2]
SMALL = ('synthetic', '--size', '320x96')


def make_film(path: Path, frames: int) -> Path:
    """A video without boxes: a square that wanders."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 20.0, (120, 80))
    for index in range(frames):
        frame = np.full((80, 120, 3), 90, np.uint8)
        left = 10 + 3 * index % 90
        frame[30:50, left : left + 20] = (40, 200, 220)
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture(scope='module')
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp('track') / 'film.mp4', 12)


def frames_of(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    return count


def test_a_video_becomes_a_video_and_boxes(film, tmp_path, capsys):
    out, csv = tmp_path / 'out.mp4', tmp_path / 'boxes.csv'
    arguments = ['--init', '10,30,20,20', '-o', str(out), '--csv', str(csv)]
    assert main([str(film), *arguments]) == 0
    assert frames_of(out) == 12
    source = open_source(film, boxes=csv)  # our own reader takes it
    assert source.boxes(0) == {1: (10, 30, 20, 20)}
    assert all(list(source.boxes(index)) == [1] for index in range(12))
    said = capsys.readouterr().out
    assert '12 frames, mean score' in said
    assert str(out) in said and str(csv) in said


def test_all_formats_hold_the_same_boxes(tmp_path):
    paths = {kind: tmp_path / f'{kind}.txt' for kind in ('csv', 'otb', 'mot', 'kitti')}
    arguments = [part for kind, path in paths.items() for part in (f'--{kind}', str(path))]
    assert main([*SMALL, '--frames', '5', *arguments]) == 0
    lines = {kind: path.read_text().splitlines() for kind, path in paths.items()}
    boxes = [[float(n) for n in line.split(',')[2:]] for line in lines['csv'][1:]]
    numbers = [line.split(',')[:2] for line in lines['csv'][1:]]
    assert numbers == [[str(index), '0'] for index in range(1, 6)]

    sequence = tmp_path / 'otb'
    (sequence / 'img').mkdir(parents=True)
    for index in range(5):
        cv2.imwrite(str(sequence / 'img' / f'{index + 1:04d}.png'), np.zeros((8, 8), np.uint8))
    paths['otb'].rename(sequence / 'groundtruth_rect.txt')
    read = OtbFolder(sequence)
    kitti = read_labels(paths['kitti'])
    for index, box in enumerate(boxes):
        assert read.boxes(index)[1] == pytest.approx(box)
        assert kitti[index][0] == pytest.approx(box, abs=0.011)  # of rounded edges
        frame, track, x, y, *others = lines['mot'][index].split(',')
        assert (frame, track) == (str(index + 1), '1')
        assert [float(x) - 1, float(y) - 1] == pytest.approx(box[:2])
        assert [float(n) for n in others[:2]] == pytest.approx(box[2:])
        assert 0 <= float(others[2]) <= 1 and others[3:] == ['-1'] * 3
    assert all(len(line.split()) == 18 for line in lines['kitti'])


def test_a_later_start_keeps_the_numbers_of_frames(film, tmp_path):
    csv, otb = tmp_path / 'boxes.csv', tmp_path / 'otb.txt'
    arguments = ['--init', '22,30,20,20', '--start', '5', '--frames', '3']
    assert main([str(film), *arguments, '--csv', str(csv), '--otb', str(otb)]) == 0
    assert [line.split(',')[0] for line in csv.read_text().splitlines()[1:]] == ['5', '6', '7']
    lines = otb.read_text().splitlines()
    assert lines[:4] == ['nan,nan,nan,nan'] * 4
    assert lines[4] == '23.00,31.00,20.00,20.00'
    assert len(lines) == 7


def test_a_later_start_on_a_drive(tmp_path):
    csv = tmp_path / 'boxes.csv'
    arguments = ['--init', '22,30,20,20', '--start', '11', '--frames', '3', '--csv', str(csv)]
    assert main([*SMALL, *arguments]) == 0
    assert [line.split(',')[0] for line in csv.read_text().splitlines()[1:]] == ['11', '12', '13']


def test_a_relative_name_with_a_colon_is_no_protocol(film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path('at 10:30.mp4').write_bytes(film.read_bytes())
    assert main(['at 10:30.mp4', '--init', '10,30,20,20', '-o', 'at 10:31.mp4']) == 0
    assert frames_of(Path('at 10:31.mp4').absolute()) == 12


def test_ctrl_c_while_the_network_loads(film, tmp_path, monkeypatch, capsys):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr('hart_ros.tracking.Tracker', interrupted)
    assert main([str(film), '--init', '10,30,20,20', '--csv', str(tmp_path / 'a.csv')]) == 130
    assert capsys.readouterr().err == ''


def test_a_box_that_is_given_is_of_no_track_of_the_source(film, tmp_path):
    (tmp_path / 'video.mp4').write_bytes(film.read_bytes())
    (tmp_path / 'boxes.csv').write_text('frame,track_id,x,y,w,h\n1,1,60,5,9,9\n')
    csv = tmp_path / 'x.csv'
    assert main([str(tmp_path), '--init', '10,30,20,20', '--csv', str(csv)]) == 0
    assert {line.split(',')[1] for line in csv.read_text().splitlines()[1:]} == {'2'}


@pytest.mark.parametrize(
    ('arguments', 'says'),
    [
        ((), 'nothing to write'),
        (('--csv', 'x.csv'), 'no boxes are known'),
        (('--init', '500,1,9,9', '--csv', 'x.csv'), 'on the 120 x 80 frame'),
        (('--init', '1,1,9,9', '--start', '99', '--csv', 'x.csv'), '--start 99 of 12 frames'),
        (('--init', '1,1,9,9', '--csv', 'nowhere/x.csv'), 'no folder'),
        (('--init', '1,1,9,9', '-o', 'x.gif'), 'written as .mp4'),
        (('--init', '1,1,9,9', '-o', 'film.mp4'), 'is the source itself'),
        (('--init', '1,1,9,9', '--csv', 'x', '--mot', 'x'), 'same name'),
        (('--init', '1,1,9,9', '--csv', 'x', '--weights', 'none.st'), 'no file none.st'),
        (('--init', '1,1,9,9', '--csv', 'x', '--sequence', '3'), 'takes no option sequence'),
        (('--track', '3', '--csv', 'x'), 'no boxes are known'),
        (('--select', '--csv', 'x'), 'ssh -X'),
    ],
)
def test_what_cannot_be_is_said_and_nothing_written(
    film, tmp_path, monkeypatch, capsys, arguments, says
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv('DISPLAY', raising=False)
    (tmp_path / 'film.mp4').write_bytes(film.read_bytes())
    if '--select' in arguments:
        pytest.importorskip('tkinter', reason='needs Tk: sudo apt install python3-tk')
    assert main(['film.mp4', *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith('hart-track: ') and says in said
    assert len(said.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ['film.mp4']
    assert (tmp_path / 'film.mp4').read_bytes() == film.read_bytes()


@pytest.mark.parametrize('output', [('-o', 'video.mp4'), ('--csv', 'boxes.csv')])
def test_nothing_of_a_folder_is_replaced(film, tmp_path, capsys, output):
    (tmp_path / 'video.mp4').write_bytes(film.read_bytes())
    (tmp_path / 'boxes.csv').write_text('frame,track_id,x,y,w,h\n1,1,10,30,20,20\n')
    option, name = output
    before = (tmp_path / name).read_bytes()
    assert main([str(tmp_path), option, str(tmp_path / name)]) == 2
    assert 'is there already, in the source' in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == before
    assert main([str(tmp_path), '--csv', str(tmp_path / 'new.csv')]) == 0


def test_a_folder_named_as_the_drives_is_not_their_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'synthetic').mkdir()
    (tmp_path / 'synthetic' / 'boxes.csv').write_text('old')
    drive = ['synthetic', '--size', '96x64', '--frames', '3']
    assert main([*drive, '--csv', 'synthetic/boxes.csv']) == 0
    assert (tmp_path / 'synthetic' / 'boxes.csv').read_text() != 'old'


def test_kitti_files_have_the_numbers_of_the_images(tmp_path):
    images = tmp_path / 'image_02' / '0003'
    images.mkdir(parents=True)
    for number in (5, 6, 8):
        cv2.imwrite(str(images / f'{number:06d}.png'), np.full((80, 120, 3), 90, np.uint8))
    out = tmp_path / 'out.txt'
    csv = tmp_path / 'out.csv'
    files = ['--kitti', str(out), '--csv', str(csv)]
    assert main([str(tmp_path), '--init', '10,30,20,20', *files]) == 0
    assert [line.split()[0] for line in out.read_text().splitlines()] == ['5', '6', '8']
    assert [line.split(',')[0] for line in csv.read_text().splitlines()[1:]] == ['1', '2', '3']


@pytest.mark.parametrize('text', ['1,2,3', '0,0,0,0', 'a,b,c,d', '1,2,-3,4'])
def test_a_box_that_is_none_is_a_wrong_argument(film, capsys, text):
    with pytest.raises(SystemExit, match='2'):
        main([str(film), f'--init={text}', '--csv', 'x.csv'])
    assert 'box' in capsys.readouterr().err


def test_a_track_has_its_own_start(tmp_path, capsys):
    assert main([*SMALL, '--start', '3', '--csv', str(tmp_path / 'x.csv')]) == 2
    assert '--start goes with --init' in capsys.readouterr().err


def test_an_error_in_the_middle_keeps_what_was_tracked(tmp_path, capsys):
    for index in range(6):
        image = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'{index}.png'), image)
    (tmp_path / '4.png').write_bytes(b'broken')
    csv, out = tmp_path / 'boxes.csv', tmp_path / 'out.mp4'
    arguments = ['--init', '20,20,20,20', '--csv', str(csv), '-o', str(out)]
    folder = tmp_path / 'images'
    folder.mkdir()
    for index in range(6):
        (tmp_path / f'{index}.png').rename(folder / f'{index}.png')
    assert main([str(folder), *arguments]) == 1
    assert len(csv.read_text().splitlines()) == 1 + 4
    assert frames_of(out) == 4
    assert '4.png' in capsys.readouterr().err


@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_whole_files(tmp_path, how):
    """As Ctrl-C does, or the end of an ssh session."""
    csv, out = tmp_path / 'boxes.csv', tmp_path / 'out.mp4'
    film = make_film(tmp_path / 'film.mp4', 4000)
    command = [sys.executable, '-m', 'hart_ros.apps.track', str(film), '--init', '10,30,20,20']
    process = subprocess.Popen(
        [*command, '--csv', str(csv), '-o', str(out)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        preexec_fn=lambda: signal.signal(how, signal.SIG_DFL),  # nohup has SIGHUP ignored
    )
    try:
        end = time.monotonic() + 60
        while not csv.is_file() or csv.read_text().count('\n') < 5:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(how)
        said, complained = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert complained == 'hart-track: interrupted\n'  # without a terminal no bar
    text = csv.read_text()
    assert text.endswith('\n')
    assert len(text.splitlines()) - 1 == frames_of(out) == int(said.split()[0])
