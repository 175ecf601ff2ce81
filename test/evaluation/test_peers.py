# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""OpenCV's trackers behind our interface."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hart_ros.evaluation.metrics import iou_xywh
from hart_ros.evaluation.peers import CLASSES, Peer, PeerError
from hart_ros.tracking import InvalidBoxError

MODELS = Path(__file__).resolve().parents[3] / 'shared' / 'peers'
CLASSICAL = ['csrt', 'kcf', 'mosse', 'medianflow']


def peer(name: str) -> Peer:
    if name == 'nano' and not MODELS.is_dir():
        pytest.skip(f'no models in {MODELS}')
    try:
        return Peer(name, MODELS)
    except PeerError as error:
        if 'install opencv-contrib' not in str(error):
            raise
        pytest.skip(str(error))


def picture(x: int, mono: bool = False) -> np.ndarray:
    """A textured square, 40 pixels wide, at x, 50 on a grey textured ground."""
    random = np.random.default_rng(0)
    frame = random.integers(90, 130, (160, 240, 3), np.uint8)
    square = np.kron(random.integers(0, 256, (8, 8, 3), np.uint8), np.ones((5, 5, 1), np.uint8))
    frame[50:90, x : x + 40] = square
    return frame[..., 0].copy() if mono else frame


@pytest.mark.parametrize('mono', [False, True])
@pytest.mark.parametrize('name', [*CLASSICAL, 'nano'])
def test_follows_a_square(name: str, mono: bool) -> None:
    tracker = peer(name)
    tracker.init(picture(60, mono), (60.0, 50.0, 40.0, 40.0))
    for x in range(62, 80, 2):
        guess = tracker.update(picture(x, mono))
    assert guess.found
    assert iou_xywh(guess.box, (78, 50, 40, 40)) > 0.6
    assert (guess.score is not None) == (name == 'nano')


@pytest.mark.parametrize('name', CLASSICAL)
def test_can_be_started_again(name: str) -> None:
    tracker = peer(name)
    for x in (20, 150):
        tracker.init(picture(x), (x, 50, 40, 40))
        assert iou_xywh(tracker.update(picture(x)).box, (x, 50, 40, 40)) > 0.8


def test_keeps_its_last_box_when_it_fails() -> None:
    tracker = peer('mosse')
    tracker.init(picture(60), (60, 50, 40, 40))
    box = tracker.update(picture(60)).box
    guess = tracker.update(np.zeros((160, 240, 3), np.uint8))
    assert not guess.found
    assert guess.box == box


def test_failing_in_opencv_is_failing() -> None:
    class Raises:
        def update(self, frame: np.ndarray) -> None:
            raise cv2.error('the box left the frame')

    tracker = peer('mosse')
    tracker.init(picture(60), (60, 50, 40, 40))
    tracker._tracker = Raises()
    guess = tracker.update(picture(60))
    assert not guess.found
    assert guess.box == (60, 50, 40, 40)


def test_a_box_that_opencv_cannot_start_on_is_kept() -> None:
    tracker = peer('csrt')
    frame = np.random.default_rng(0).integers(0, 256, (375, 1242, 3), np.uint8)
    tracker.init(frame, (1240, 100, 2, 100))
    guess = tracker.update(frame)
    if guess.found:
        pytest.skip('this OpenCV can')
    assert guess.box == (1240, 100, 2, 100)
    tracker.init(picture(60), (60, 50, 40, 40))
    assert tracker.update(picture(60)).found


@pytest.mark.parametrize('name', CLASSICAL)
def test_takes_a_box_that_hangs_over_the_frame(name: str) -> None:
    tracker = peer(name)
    tracker.init(picture(60), (-10.4, 50.6, 40.0, 300.0))
    tracker.update(picture(60))


def test_a_box_beside_the_frame_is_refused() -> None:
    with pytest.raises(InvalidBoxError):
        peer('kcf').init(picture(60), (500, 500, 10, 10))


def test_says_when_opencv_lacks_a_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (cv2, getattr(cv2, 'legacy', None)):
        for name in ('TrackerMOSSE', 'TrackerMOSSE_create'):
            monkeypatch.delattr(module, name, raising=False)
    with pytest.raises(PeerError, match='no TrackerMOSSE; install opencv-contrib'):
        Peer('mosse')


def test_says_when_models_are_missing(tmp_path: Path) -> None:
    if not hasattr(cv2, CLASSES['nano']):
        pytest.skip('this OpenCV has no NanoTrack')
    with pytest.raises(PeerError, match='give --models FOLDER'):
        Peer('nano')
    with pytest.raises(PeerError, match=r'no file \*backbone\*.onnx in'):
        Peer('nano', tmp_path)
    for name in ('backbone.onnx', 'head.onnx'):
        (tmp_path / name).write_bytes(b'not a network')
    with pytest.raises(PeerError, match='nano: OpenCV .* cannot load its model'):
        Peer('nano', tmp_path)
    (tmp_path / 'other_backbone.onnx').touch()
    with pytest.raises(PeerError, match='give a folder with one of them'):
        Peer('nano', tmp_path)


def test_says_which_trackers_there_are() -> None:
    with pytest.raises(PeerError, match='no such tracker; there are hart, csrt'):
        Peer('magic')
