# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Image messages to arrays and back, for anything with the fields of ``sensor_msgs/Image``.

Needs no ROS. ``bgr8`` and ``mono8`` become views of the message's own memory, row padding
included; everything else is converted once.
"""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

import cv2
import numpy as np

from hart_ros.data import image_file


class ImageError(ValueError):
    """An image message that cannot be used; the text names the field and what to do."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f'{field}: {problem}; {remedy}')
        self.field = field


class _Format(NamedTuple):
    """How an encoding lays out its pixels and how they become 8-bit BGR or mono."""

    channels: int
    depth: int  # bytes a channel
    to_bgr: int | None = None  # OpenCV's conversion code; None: BGR or mono already
    even_width: bool = False  # two pixels share their colour
    stretch: bool = False  # no white is defined: the frame's own range becomes 0..255


_UYVY = _Format(2, 1, cv2.COLOR_YUV2BGR_UYVY, even_width=True)
_YUYV = _Format(2, 1, cv2.COLOR_YUV2BGR_YUY2, even_width=True)

_FORMATS: dict[str, _Format] = {
    'bgr8': _Format(3, 1),
    'rgb8': _Format(3, 1, cv2.COLOR_RGB2BGR),
    'bgra8': _Format(4, 1, cv2.COLOR_BGRA2BGR),
    'rgba8': _Format(4, 1, cv2.COLOR_RGBA2BGR),
    'mono8': _Format(1, 1),
    'bgr16': _Format(3, 2),
    'rgb16': _Format(3, 2, cv2.COLOR_RGB2BGR),
    'bgra16': _Format(4, 2, cv2.COLOR_BGRA2BGR),
    'rgba16': _Format(4, 2, cv2.COLOR_RGBA2BGR),
    'mono16': _Format(1, 2),
    '8UC1': _Format(1, 1),
    '8UC3': _Format(3, 1),
    '8UC4': _Format(4, 1, cv2.COLOR_BGRA2BGR),
    '16UC1': _Format(1, 2, stretch=True),  # depth or thermal
    'uyvy': _UYVY,
    'yuv422': _UYVY,
    'yuyv': _YUYV,
    'yuv422_yuy2': _YUYV,
}
# ROS names a Bayer pattern by its first row, OpenCV by the second row's second and third pixel.
for _name, _code in (
    ('rggb', cv2.COLOR_BayerBG2BGR),
    ('bggr', cv2.COLOR_BayerRG2BGR),
    ('gbrg', cv2.COLOR_BayerGR2BGR),
    ('grbg', cv2.COLOR_BayerGB2BGR),
):
    _FORMATS[f'bayer_{_name}8'] = _Format(1, 1, _code)
    _FORMATS[f'bayer_{_name}16'] = _Format(1, 2, _code)

ENCODINGS = tuple(_FORMATS)
MOST_PIXELS = 1 << 26  # of a compressed image: a few damaged bytes may promise gigabytes


def check(msg: Any) -> None:
    """Raise `ImageError` unless the fields of an Image message fit together. Touches no pixel."""
    fmt = _FORMATS.get(msg.encoding)
    if fmt is None:
        raise ImageError(
            'encoding',
            f'{msg.encoding!r} is not supported',
            'let the camera driver publish bgr8, rgb8, mono8 or another of '
            + ', '.join(name for name in ENCODINGS if name not in ('bgr8', 'rgb8', 'mono8')),
        )
    if msg.height < 1 or msg.width < 1:
        raise ImageError(
            'height/width',
            f'the image is empty ({msg.width} x {msg.height})',
            'check the camera driver; such frames are skipped',
        )
    if fmt.even_width and msg.width % 2:
        raise ImageError(
            'width',
            f'{msg.width} is odd, but {msg.encoding} stores pixels in pairs',
            'correct width or encoding',
        )
    row = msg.width * fmt.channels * fmt.depth
    if msg.step < row:
        raise ImageError(
            'step',
            f'{msg.step} bytes are fewer than the {row} of {msg.width} {msg.encoding} pixels',
            'correct step, width or encoding',
        )
    if len(msg.data) != msg.step * msg.height:
        raise ImageError(
            'data',
            f'{len(msg.data)} bytes, but step x height is {msg.step} x {msg.height} = '
            f'{msg.step * msg.height}',
            'correct step or height, or send the whole image',
        )


def decode(msg: Any) -> np.ndarray:
    """Return the pixels of an Image message as uint8, (H, W, 3) BGR or (H, W) mono.

    16-bit colour and mono are scaled by 255/65535 as cv_bridge does; 16UC1, which has no
    defined white, by the smallest and largest value of the frame. The result may be a view of
    the message's memory: do not write to it.

    Raises:
        ImageError: the encoding is unknown, or the fields do not fit together.
    """
    check(msg)
    fmt = _FORMATS[msg.encoding]
    pixels = _view(msg, fmt)
    try:
        if fmt.depth == 2:  # OpenCV reads the machine's byte order only
            pixels = np.ascontiguousarray(pixels, dtype=np.uint16)
        if fmt.to_bgr is not None:
            pixels = cv2.cvtColor(pixels, fmt.to_bgr)
        return _to_8_bit(pixels, fmt.stretch)
    except cv2.error as error:
        raise ImageError(
            'data',
            f'OpenCV cannot convert {msg.width} x {msg.height} {msg.encoding} ({error.err})',
            'check the camera driver',
        ) from error


def _view(msg: Any, fmt: _Format) -> np.ndarray:
    """Lay (H, W[, C]) over the message's memory; `step` skips the padding of each row."""
    dtype = np.dtype(f'{">" if msg.is_bigendian else "<"}u{fmt.depth}')
    data = msg.data
    if isinstance(data, (list, tuple)):  # messages made by hand, never by rclpy
        data = bytes(data)
    shape: tuple[int, ...] = (msg.height, msg.width)
    strides: tuple[int, ...] = (msg.step, fmt.channels * fmt.depth)
    if fmt.channels > 1:
        shape, strides = (*shape, fmt.channels), (*strides, fmt.depth)
    return np.ndarray(shape, dtype, data, strides=strides)


def _to_8_bit(pixels: np.ndarray, stretch: bool) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return pixels
    if stretch:
        low, high = int(pixels.min()), int(pixels.max())
        scale = 255.0 / max(high - low, 1)
        return cv2.convertScaleAbs(pixels, alpha=scale, beta=-low * scale)
    return cv2.convertScaleAbs(pixels, alpha=255.0 / 65535.0)


def encode(msg: Any, pixels: np.ndarray) -> Any:
    """Write uint8 pixels, (H, W, 3) BGR or (H, W) mono, into an Image message and return it.

    rclpy takes an `array` as it is, but walks through `bytes` one by one.
    """
    pixels = np.ascontiguousarray(pixels)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (3,)):
        raise ValueError(f'expected uint8 (H, W, 3) or (H, W), not {pixels.dtype} {pixels.shape}')
    data = array('B')
    if pixels.size:
        data.frombytes(pixels.data.cast('B'))
    msg.height, msg.width = pixels.shape[:2]
    msg.encoding = 'bgr8' if pixels.ndim == 3 else 'mono8'
    msg.is_bigendian = 0
    msg.step = pixels.nbytes // max(msg.height, 1)
    msg.data = data
    return msg


def check_compressed(msg: Any) -> None:
    """Raise `ImageError` if a CompressedImage message is surely of no use. Decodes nothing."""
    if 'compressedDepth' in msg.format:
        raise ImageError(
            'format',
            f'{msg.format!r} is the compressedDepth transport',
            'subscribe the raw topic, or republish it as raw',
        )
    if len(msg.data) == 0:
        raise ImageError('data', 'the compressed image is empty', 'check the camera driver')


def decode_compressed(msg: Any) -> np.ndarray:
    """Return the pixels of a CompressedImage message as uint8, (H, W, 3) BGR or (H, W) mono.

    Raises:
        ImageError: empty, damaged, or neither JPEG nor PNG.
    """
    check_compressed(msg)
    data = bytes(msg.data)
    kind = image_file.kind_of(data)
    if kind and not image_file.is_whole(data):
        raise ImageError(
            'data',
            f'the {kind} breaks off after {len(data)} bytes',
            'the frame is skipped; look for a full disk or a lossy link',
        )
    width, height = image_file.stated_size(data)
    if width * height > MOST_PIXELS:
        raise ImageError(
            'data',
            f'the header says {width} x {height} pixels, more than {MOST_PIXELS}',
            'check that the data arrive whole, or publish smaller images',
        )
    try:
        # Nothing else is tried: what OpenCV guesses at is not made for damaged data.
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if kind else None
        if pixels is not None and pixels.dtype in (np.uint8, np.uint16):
            if pixels.ndim == 3 and pixels.shape[2] == 4:
                pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR)
            if pixels.shape[2:] in ((), (3,)):
                return _to_8_bit(pixels, stretch=msg.format.startswith('16UC1'))
    except cv2.error:
        pass  # the same report as for None: OpenCV's versions differ in which of the two it is
    raise ImageError(
        'data',
        f'{len(data)} bytes of format {msg.format!r} are no whole JPEG or PNG image',
        'publish JPEG or PNG, and check that the data arrive whole',
    )
