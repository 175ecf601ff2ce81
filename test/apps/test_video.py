# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Videos are what OpenCV reads back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hart_ros.apps.video import Video, pick_encoder


@pytest.mark.parametrize('encoder', ['mp4v', 'best'])
def test_videos_of_odd_size_with_repeated_pictures(tmp_path, encoder):
    video = Video(
        tmp_path / 'x.mp4', 12.5, (65, 49), pick_encoder() if encoder == 'best' else encoder
    )
    for value in (0, 80, 160):
        video.write(np.full((49, 65, 3), value, np.uint8), times=2)
    video.close()
    assert video.frames == 6
    capture = cv2.VideoCapture(str(video.path))
    means = []
    while (read := capture.read())[0]:
        assert read[1].shape == (48, 64, 3)
        means.append(read[1].mean())
    assert means == pytest.approx([0, 0, 80, 80, 160, 160], abs=6)
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)


@pytest.mark.parametrize('fps', [119.9987, 239.7627, 1000.0])
def test_any_rate_can_be_written(tmp_path, fps):
    video = Video(tmp_path / 'x.mp4', fps, (64, 48), 'mp4v')
    video.write(np.zeros((48, 64, 3), np.uint8))
    video.close()
    capture = cv2.VideoCapture(str(video.path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(fps, rel=1e-3)


def test_a_picture_of_another_size_is_scaled(tmp_path):
    video = Video(tmp_path / 'x.mp4', 10, (64, 48), 'mp4v')
    for width, height in ((64, 48), (32, 24), (128, 96), (64, 48)):
        picture = np.zeros((height, width, 3), np.uint8)
        picture[:, width // 2 :] = 200
        video.write(picture)
    video.close()
    capture = cv2.VideoCapture(str(video.path))
    for _ in range(4):
        _, frame = capture.read()
        assert frame[:, :28].mean() == pytest.approx(0, abs=8)
        assert frame[:, 36:].mean() == pytest.approx(200, abs=8)


def test_a_video_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(OSError, match=r'nowhere/x\.mp4'):
        Video(tmp_path / 'nowhere' / 'x.mp4', 10, (64, 48), 'mp4v')


def test_looking_for_encoders_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv('TMPDIR', str(tmp_path))
    pick_encoder()
    assert list(tmp_path.iterdir()) == []
