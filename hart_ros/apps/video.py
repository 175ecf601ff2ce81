# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Writes an mp4 with the best codec that is there."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from hart_ros.apps.disk import naming, need_space

# OpenCV prints to the process's stderr when it lacks an encoder, so it is asked elsewhere.
_OPENCV_PROBE = """
import os, sys, tempfile
import cv2, numpy
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'probe.mp4')
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
FFMPEG_ENDED = 'ffmpeg could not write it, see above'  # it says why itself


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
        OutputError: the file cannot be written. A disk that fills up is noticed while what was
            written so far can be finished: close it.
    """

    def __init__(self, path: Path, fps: float, size: tuple[int, int], encoder: str) -> None:
        self.path = path
        self.codec = CODECS[encoder]
        self.frames = 0
        self._size = size
        self._width, self._height = size[0] // 2 * 2, size[1] // 2 * 2
        self._ffmpeg: subprocess.Popen[bytes] | None = None
        self._writer: cv2.VideoWriter | None = None
        with naming(path):
            if encoder == 'ffmpeg':
                self._ffmpeg = self._start_ffmpeg(fps)
                return
            code = cv2.VideoWriter.fourcc(*encoder)
            if encoder == 'mp4v':  # counts in 1/65535 s at most
                fps = round(fps, 2) if fps < 655 else round(fps)
            # A colon in a relative name would be taken for a protocol's.
            name, size = str(path.absolute()), (self._width, self._height)
            self._writer = cv2.VideoWriter(name, code, fps, size)
            if not self._writer.isOpened():
                raise OSError('OpenCV cannot write this video')

    def write(self, picture: np.ndarray, times: int = 1) -> None:
        """Append a picture, (H, W, 3) BGR uint8, a number of times; of another size, scaled."""
        if (picture.shape[1], picture.shape[0]) != self._size:  # of a folder of mixed images
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        picture = np.ascontiguousarray(picture[: self._height, : self._width])
        with naming(self.path):
            for _ in range(times):
                need_space(self.path)
                self.frames += 1
                if self._writer is not None:
                    self._writer.write(picture)
                elif self._ffmpeg is not None and self._ffmpeg.stdin is not None:
                    try:
                        self._ffmpeg.stdin.write(picture.data)
                    except BrokenPipeError:
                        raise OSError(errno.EPIPE, FFMPEG_ENDED) from None

    def close(self) -> None:
        """Finish the file."""
        with naming(self.path):
            if self._writer is not None:
                self._writer.release()
            if self._ffmpeg is not None and self._ffmpeg.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._ffmpeg.stdin.close()
                if self._ffmpeg.wait():  # moves the index to the front: minutes for a large file
                    raise OSError(errno.EPIPE, FFMPEG_ENDED)
            if not _is_whole(self.path):  # nobody tells: OpenCV has no error for it
                need_space(self.path)
                raise OSError(errno.EIO, 'the video could not be finished and will not play')

    def _start_ffmpeg(self, fps: float) -> subprocess.Popen[bytes]:
        source = f'-f rawvideo -pix_fmt bgr24 -s {self._width}x{self._height} -r {fps} -i -'
        coding = '-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -movflags +faststart'
        command = ['ffmpeg', '-y', '-loglevel', 'error', *source.split(), *coding.split()]
        return subprocess.Popen(
            [*command, str(self.path.absolute())], stdin=subprocess.PIPE, start_new_session=True
        )


def _is_whole(path: Path) -> bool:
    """Whether an mp4 has its index, which is written last."""
    size = os.path.getsize(path)
    with path.open('rb') as file:
        start = 0
        while len(header := file.read(16)) == 16:
            length, kind = struct.unpack('>I4s', header[:8])
            if length == 1:
                (length,) = struct.unpack('>Q', header[8:])
            if length < 8 or start + length > size:
                return False
            if kind == b'moov':
                return True
            start = file.seek(start + length)
    return False


def _runs(command: list[str], says: str = '') -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and says in done.stdout
