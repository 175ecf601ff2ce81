# SPDX-License-Identifier: Apache-2.0
"""Writes an mp4 with the best codec that is there."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

# OpenCV prints to the process's stderr when it lacks an encoder, so it is asked elsewhere.
_OPENCV_PROBE = """
import os, sys, tempfile
import cv2, numpy
path = os.path.join(tempfile.mkdtemp(), 'probe.mp4')
writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*'avc1'), 10.0, (64, 48))
for _ in range(5):
    writer.write(numpy.zeros((48, 64, 3), numpy.uint8))
writer.release()
sys.exit(0 if os.path.exists(path) and cv2.VideoCapture(path).read()[0] else 1)
"""


CODECS = {
    'ffmpeg': 'H.264 (ffmpeg)',
    'avc1': 'H.264 (OpenCV)',
    'mp4v': 'MPEG-4 (OpenCV; no H.264 encoder found)',
}


def pick_encoder() -> str:
    """Return the best of `CODECS` here. Takes up to a second.

    H.264 plays everywhere, browsers included; MPEG-4, which OpenCV always writes, in VLC, mpv and
    most others.
    """
    ffmpeg = shutil.which('ffmpeg')
    if ffmpeg and _runs([ffmpeg, '-hide_banner', '-encoders'], 'libx264'):
        return 'ffmpeg'
    return 'avc1' if _runs([sys.executable, '-c', _OPENCV_PROBE]) else 'mp4v'


class Video:
    """A file that pictures of one size are written to.

    Args:
        path: .mp4
        fps: frames a second.
        size: width and height in pixels; odd ones lose their last pixel.
        encoder: of `pick_encoder`.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, fps: float, size: tuple[int, int], encoder: str) -> None:
        self.path = path
        self.codec = CODECS[encoder]
        self.frames = 0
        self._width, self._height = size[0] // 2 * 2, size[1] // 2 * 2
        self._ffmpeg: subprocess.Popen[bytes] | None = None
        self._writer: cv2.VideoWriter | None = None
        if encoder == 'ffmpeg':
            self._ffmpeg = self._start_ffmpeg(fps)
            return
        code = cv2.VideoWriter.fourcc(*encoder)
        self._writer = cv2.VideoWriter(str(path), code, fps, (self._width, self._height))
        if not self._writer.isOpened():
            raise OSError(f'{path}: OpenCV cannot write this video')

    def write(self, picture: np.ndarray, times: int = 1) -> None:
        """Append a picture, (H, W, 3) BGR uint8, a number of times."""
        picture = np.ascontiguousarray(picture[: self._height, : self._width])
        for _ in range(times):
            self.frames += 1
            if self._writer is not None:
                self._writer.write(picture)
            elif self._ffmpeg is not None and self._ffmpeg.stdin is not None:
                self._ffmpeg.stdin.write(picture.data)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.release()
        if self._ffmpeg is not None and self._ffmpeg.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._ffmpeg.stdin.close()
            self._ffmpeg.wait(60)

    def _start_ffmpeg(self, fps: float) -> subprocess.Popen[bytes]:
        source = f'-f rawvideo -pix_fmt bgr24 -s {self._width}x{self._height} -r {fps} -i -'
        coding = '-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -movflags +faststart'
        command = ['ffmpeg', '-y', '-loglevel', 'error', *source.split(), *coding.split()]
        return subprocess.Popen(
            [*command, str(self.path)], stdin=subprocess.PIPE, start_new_session=True
        )


def _runs(command: list[str], says: str = '') -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and says in done.stdout
