# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-trax speaks TraX: its text, its sessions over pipes, and with the VOT toolkit itself."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.apps.trax import converse
from hart_ros.apps.trax_protocol import (
    Message,
    ProtocolError,
    box_of,
    image_of,
    parse,
    region_of,
    text_of,
)
from hart_ros.data.source import first_box, open_source
from hart_ros.evaluation.metrics import iou_xywh

COMMAND = [sys.executable, '-m', 'hart_ros.apps.trax']
PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)  # BGR

arguments = st.lists(st.text(st.characters(codec='utf-8', exclude_characters='=\r')), max_size=3)
keys = st.from_regex(r'[A-Za-z0-9._]{1,64}', fullmatch=True)


@given(arguments, st.dictionaries(keys, st.text(st.characters(codec='utf-8')), max_size=3))
def test_any_message_comes_back(words: list[str], properties: dict[str, str]) -> None:
    text = text_of(Message('frame', words, properties))
    assert text.count('\n') == 1
    assert parse(text) == Message('frame', words, properties)


def test_what_clients_write_is_read() -> None:
    assert parse('@@TRAX:frame file:///tmp/a.jpg') == Message('frame', ['file:///tmp/a.jpg'])
    assert parse('@@TRAX:quit\r\n') == Message('quit', [])
    assert parse('@@TRAX:frame "/tmp/a b.jpg" "time=1.5" \n') == Message(
        'frame', ['/tmp/a b.jpg'], {'time': '1.5'}
    )
    assert parse('loading the model ...') is None
    with pytest.raises(ProtocolError, match='dance'):
        parse('@@TRAX:dance')


def encoded(pixels: np.ndarray) -> str:
    return base64.b64encode(pixels.tobytes()).decode()


def test_images_of_all_kinds(tmp_path: Path) -> None:
    path = tmp_path / 'a picture=1.png'
    cv2.imwrite(str(path), PIXELS)
    png = base64.b64encode(path.read_bytes()).decode()
    colours = [
        str(path),
        f'file://{path}',
        f'data:image/png;{png}',
        f'data:image/png;base64;{png}',
        f'image:4;2;rgb;{encoded(PIXELS[..., ::-1])}',
    ]
    for text in colours:
        (argument,) = parse(text_of(Message('frame', [text]))).arguments
        np.testing.assert_array_equal(image_of(argument), PIXELS)
    grey = np.arange(8, dtype=np.uint8).reshape(2, 4)
    np.testing.assert_array_equal(image_of(f'image:4;2;gray8;{encoded(grey)}'), grey)
    deep = grey.astype('<u2') * 256 + 7
    np.testing.assert_array_equal(image_of(f'image:4;2;gray16;{encoded(deep)}'), grey)


@pytest.mark.parametrize(
    'text',
    ['file:///nowhere.png', 'image:4;2;rgb;AAAA', 'image:4;2;hsv;', 'data:image/png;!!', 'data:'],
)
def test_images_that_are_none(text: str) -> None:
    with pytest.raises(ProtocolError):
        image_of(text)


def test_regions_are_rectangles() -> None:
    assert box_of(region_of((1.5, -2.0, 30.25, 4.0))) == (1.5, -2.0, 30.25, 4.0)
    with pytest.raises(ProtocolError, match='rectangle'):
        box_of('1,2,3,4,5,6')


class Still:
    """A tracker whose targets stay where they are."""

    def init(self, frame: np.ndarray, box: Sequence[float]) -> SimpleNamespace:
        return SimpleNamespace(box=tuple(box))

    def update_many(self, frame: np.ndarray, states: Sequence[SimpleNamespace]) -> list:
        return [(SimpleNamespace(box=state.box, score=0.5), state) for state in states]


def said(*messages: Message) -> list[str]:
    """The regions and scores that a tracker answers with."""
    answers = converse(Still(), map(text_of, messages))
    assert next(answers).kind == 'hello'
    return [f'{a.kind} {a.arguments[0]} {a.properties["confidence"]}' for a in answers]


IMAGE = f'image:4;2;rgb;{encoded(PIXELS)}'
FIRST, SECOND = '1.0000,0.0000,2.0000,2.0000', '0.0000,0.0000,3.0000,2.0000'


def start(*regions: str) -> list[Message]:
    return [Message('initialize', [region]) for region in regions]


def test_objects_join_and_are_forgotten() -> None:
    frame = Message('frame', [IMAGE])
    assert said(*start(FIRST), frame, frame) == [f'state {FIRST} 1.0000', f'state {FIRST} 0.5000']
    both = [f'state {FIRST} 1.0000', f'state {SECOND} 1.0000']
    assert said(*start(FIRST, SECOND), frame) == both
    late = [both[0], f'state {FIRST} 0.5000', both[1]]
    assert said(*start(FIRST), frame, *start(SECOND), frame) == late
    anew = said(*start(FIRST), frame, Message('initialize'), *start(SECOND), frame)
    assert anew == both


@pytest.mark.parametrize('messages', [[Message('frame', [IMAGE])], [Message('frame', [])]])
def test_what_makes_no_sense_ends_the_session(messages: list[Message]) -> None:
    with pytest.raises(ProtocolError):
        said(*messages)


def write_frames(folder: Path, seed: int, count: int) -> tuple[list[Path], list[tuple]]:
    """A drive as JPEG files, and the boxes of its first track."""
    source = open_source(f'synthetic:{seed}', size=(320, 96), frames=count)
    _, track, _ = first_box(source)
    folder.mkdir(parents=True)
    paths = [folder / f'{index + 1:08d}.jpg' for index in range(count)]
    boxes = []
    for path, frame in zip(paths, source, strict=True):
        cv2.imwrite(str(path), frame.image)
        boxes.append(frame.boxes.get(track, (0.0, 0.0, 1.0, 1.0)))
    return paths, boxes


def test_over_pipes(tmp_path: Path) -> None:
    """A client without any library, as the protocol's text describes one."""
    paths, boxes = write_frames(tmp_path / 'drive', 0, 4)
    lines = [Message('initialize', [region_of(boxes[0])])]
    lines += [Message('frame', [f'file://{path}']) for path in paths]
    done = subprocess.run(
        COMMAND,
        input=''.join(map(text_of, [*lines, Message('quit')])),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    hello, *states = [parse(line) for line in done.stdout.splitlines()]
    assert hello.properties['trax.version'] == '4'
    assert [state.kind for state in states] == ['state'] * 4
    assert box_of(states[0].arguments[0]) == pytest.approx(boxes[0], abs=1e-3)
    for state, (x, y, w, h) in zip(states, boxes, strict=True):
        found = box_of(state.arguments[0])
        assert abs(found[0] + found[2] / 2 - x - w / 2) < w / 2  # it follows
        assert abs(found[1] + found[3] / 2 - y - h / 2) < h / 2


def test_the_client_is_told_what_is_wrong() -> None:
    lines = [*start(FIRST), Message('frame', ['file:///nowhere.png'])]
    done = subprocess.run(
        COMMAND, input=''.join(map(text_of, lines)), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    last = parse(done.stdout.splitlines()[-1])
    assert last.kind == 'quit'
    assert '/nowhere.png' in last.properties['trax.reason']
    assert 'Traceback' not in done.stderr


def write_vot(folder: Path, seeds: Sequence[int], count: int) -> dict[str, list[tuple]]:
    """A data set in the format of the VOT challenge; returns its boxes."""
    truth = {}
    for seed in seeds:
        sequence = folder / f'drive{seed}'
        _, boxes = write_frames(sequence / 'color', seed, count)
        truth[sequence.name] = boxes
        lines = [','.join(f'{number:.2f}' for number in box) for box in boxes]
        (sequence / 'groundtruth.txt').write_text('\n'.join(lines) + '\n')
        (sequence / 'sequence').write_text(
            'channels.color=color/%08d.jpg\nfps=10\nformat=default\nname=' + sequence.name + '\n'
        )
    (folder / 'list.txt').write_text(''.join(f'{name}\n' for name in truth))
    return truth


def test_vot_toolkit_runs_it(tmp_path: Path) -> None:
    """Its own loader, client and experiment, on two sequences."""
    try:
        from vot.region.io import read_trajectory
    except Exception as error:  # its attributee 0.1.10 raises TypeError from Python 3.11 on
        pytest.skip(f'needs the VOT toolkit (pip install vot-toolkit attributee==0.1.9): {error}')
    count = 8
    truth = write_vot(tmp_path / 'sequences', (0, 1), count)
    (tmp_path / 'stack.yaml').write_text(
        'title: two drives\nexperiments:\n  baseline:\n    type: unsupervised\n    repetitions: 1\n'
    )
    (tmp_path / 'config.yaml').write_text('stack: ./stack.yaml\nregistry: [./trackers.ini]\n')
    (tmp_path / 'trackers.ini').write_text(
        f'[HART]\nlabel = HART\nprotocol = trax\ncommand = {" ".join(COMMAND)}\n'
    )
    done = subprocess.run(
        [sys.executable, '-m', 'vot', 'evaluate', '--workspace', str(tmp_path), 'HART'],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout
    for name, boxes in truth.items():
        results = tmp_path / 'results' / 'HART' / 'baseline' / name
        assert results.is_dir(), done.stdout
        regions = read_trajectory(str(results / f'{name}_001.bin'))[1:]  # the first says: started
        found = [(r.x, r.y, r.width, r.height) for r in regions]
        assert len(found) == count - 1
        assert all(iou_xywh(*pair) > 0.5 for pair in zip(found, boxes[1:], strict=True))
        scores = (results / f'{name}_001_confidence.value').read_text().split()
        assert all(0 <= float(score) <= 1 for score in scores[1:])
