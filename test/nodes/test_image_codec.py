# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Every encoding against OpenCV or by hand; padding, byte order, bad fields. Needs no ROS."""

from __future__ import annotations

from array import array
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.nodes import cv_bridge_support
from hart_ros.nodes.image_codec import (
    ENCODINGS,
    ImageError,
    check,
    decode,
    decode_compressed,
    encode,
)

HEIGHT, WIDTH = 6, 8
CHANNELS = {
    'bgr': 3, 'rgb': 3, 'bgra': 4, 'rgba': 4, 'mono': 1, 'bayer': 1, 'yuv422': 2, 'yuyv': 2,
    'uyvy': 2, '8UC1': 1, '8UC3': 3, '8UC4': 4, '16UC1': 1,
}  # fmt: skip
OPENCV = {
    'rgb8': cv2.COLOR_RGB2BGR,
    'bgra8': cv2.COLOR_BGRA2BGR,
    'rgba8': cv2.COLOR_RGBA2BGR,
    '8UC4': cv2.COLOR_BGRA2BGR,
    'yuv422': cv2.COLOR_YUV2BGR_UYVY,
    'uyvy': cv2.COLOR_YUV2BGR_UYVY,
    'yuyv': cv2.COLOR_YUV2BGR_YUYV,
    'yuv422_yuy2': cv2.COLOR_YUV2BGR_YUYV,
}


def channels_of(encoding: str) -> int:
    name = encoding if encoding in CHANNELS else encoding.rstrip('0123456789').split('_')[0]
    return CHANNELS[name]


def depth_of(encoding: str) -> int:
    return 2 if encoding.startswith('16U') or encoding.endswith('16') else 1


def message(
    pixels: np.ndarray, encoding: str, padding: int = 0, bigendian: bool = False
) -> SimpleNamespace:
    """An Image message of pixels (H, W[, C]) in the machine's byte order."""
    height, width = pixels.shape[:2]
    rows = pixels.astype(pixels.dtype.newbyteorder('>' if bigendian else '<'))
    rows = np.frombuffer(rows.tobytes(), np.uint8).reshape(height, -1)
    rows = np.hstack((rows, np.full((height, padding), 0xAA, np.uint8)))
    return SimpleNamespace(
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(bigendian),
        step=rows.shape[1],
        data=array('B', rows.tobytes()),
    )


def some_pixels(encoding: str, seed: int = 0) -> np.ndarray:
    channels, depth = channels_of(encoding), depth_of(encoding)
    shape = (HEIGHT, WIDTH, channels) if channels > 1 else (HEIGHT, WIDTH)
    dtype = np.uint16 if depth == 2 else np.uint8
    return np.random.default_rng(seed).integers(0, 256**depth, shape, dtype=dtype)


@pytest.mark.parametrize('encoding', ['bgr8', '8UC3', 'mono8', '8UC1'])
def test_tracker_formats_come_through_as_views(encoding: str) -> None:
    pixels = some_pixels(encoding)
    msg = message(pixels, encoding, padding=5)
    decoded = decode(msg)
    assert np.array_equal(decoded, pixels)
    assert np.shares_memory(decoded, np.frombuffer(msg.data, np.uint8))


@pytest.mark.parametrize('encoding', OPENCV)
@pytest.mark.parametrize('padding', [0, 3])
def test_colour_is_what_opencv_makes_of_it(encoding: str, padding: int) -> None:
    pixels = some_pixels(encoding)
    decoded = decode(message(pixels, encoding, padding))
    assert np.array_equal(decoded, cv2.cvtColor(pixels, OPENCV[encoding]))


def test_red_is_red_in_every_order() -> None:
    red = {'bgr8': (0, 0, 200), 'rgb8': (200, 0, 0), 'bgra8': (0, 0, 200, 9)}
    red['rgba8'] = (200, 0, 0, 9)
    for encoding, colour in red.items():
        decoded = decode(message(np.full((2, 2, len(colour)), colour, np.uint8), encoding))
        assert (decoded == (0, 0, 200)).all(), encoding


def test_grey_yuv_is_grey_in_both_orders() -> None:
    for encoding, pair in (('yuyv', (126, 128)), ('uyvy', (128, 126))):
        decoded = decode(message(np.full((2, 2, 2), pair, np.uint8), encoding))
        assert decoded.min() == decoded.max() == round((126 - 16) * 255 / 219)


@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
@pytest.mark.parametrize('bits', [8, 16])
def test_bayer_patterns_are_named_by_their_first_row(pattern: str, bits: int) -> None:
    """A scene of one colour, seen through the filter, is of that colour again."""
    scale = 257 if bits == 16 else 1
    levels = {'r': 200 * scale, 'g': 120 * scale, 'b': 40 * scale}
    tile = np.array([levels[c] for c in pattern]).reshape(2, 2)
    pixels = np.tile(tile, (4, 5)).astype(np.uint16 if bits == 16 else np.uint8)
    decoded = decode(message(pixels, f'bayer_{pattern}{bits}', padding=2))
    assert decoded.shape == (8, 10, 3)
    assert (np.abs(decoded[2:-2, 2:-2].astype(int) - (40, 120, 200)) <= 1).all()


@pytest.mark.parametrize('encoding', ['mono16', 'rgb16', 'bgr16', 'rgba16', 'bgra16'])
@pytest.mark.parametrize('bigendian', [False, True])
@pytest.mark.parametrize('padding', [0, 4])
def test_16_bits_are_scaled_by_their_range(encoding: str, bigendian: bool, padding: int) -> None:
    pixels = some_pixels(encoding)
    decoded = decode(message(pixels, encoding, padding, bigendian))
    expected = np.rint(pixels / 257.0).astype(int)
    if encoding.startswith('rgb'):
        expected = expected[..., [2, 1, 0]]
    elif encoding.startswith('bgra'):
        expected = expected[..., :3]
    assert decoded.dtype == np.uint8
    assert np.abs(decoded - expected).max() <= 1


@pytest.mark.parametrize('bigendian', [False, True])
def test_16uc1_is_stretched_to_its_own_range(bigendian: bool) -> None:
    pixels = np.array([[500, 1500], [1000, 1500]], np.uint16)
    decoded = decode(message(pixels, '16UC1', bigendian=bigendian))
    assert decoded[0].tolist() == [0, 255]
    assert decoded[1, 0] in (127, 128)
    flat = decode(message(np.full((3, 3), 700, np.uint16), '16UC1'))
    assert flat.min() == flat.max()


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_every_encoding_gives_8_bit_bgr_or_mono(encoding: str) -> None:
    decoded = decode(message(some_pixels(encoding), encoding, padding=6))
    assert decoded.dtype == np.uint8
    assert decoded.shape in ((HEIGHT, WIDTH), (HEIGHT, WIDTH, 3))


@pytest.mark.parametrize('encoding', ENCODINGS)
def test_smallest_images_do_not_crash(encoding: str) -> None:
    for height, width in ((1, 1), (1, 2), (2, 1), (2, 2)):
        shape = (height, width, channels_of(encoding))
        dtype = np.uint16 if depth_of(encoding) == 2 else np.uint8
        try:
            assert decode(message(np.zeros(shape, dtype), encoding)).shape[:2] == (height, width)
        except ImageError:
            alone = height == width == 1  # OpenCV 4.5.4 refuses a single pixel of colour
            assert alone or encoding.startswith(('yuv', 'yuyv', 'uyvy', 'bayer'))


@pytest.mark.parametrize(
    ('fields', 'named'),
    [
        ({'encoding': 'jpeg'}, 'encoding'),
        ({'encoding': '32FC1'}, 'encoding'),
        ({'width': 0}, 'height/width'),
        ({'height': 0}, 'height/width'),
        ({'step': 23}, 'step'),
        ({'step': 25}, 'data'),
        ({'data': b''}, 'data'),
        ({'data': bytes(143)}, 'data'),
        ({'data': bytes(145)}, 'data'),
        ({'encoding': 'yuyv', 'width': 7}, 'width'),
    ],
)
def test_bad_fields_are_named(fields: dict[str, Any], named: str) -> None:
    msg = message(some_pixels('bgr8'), 'bgr8')
    vars(msg).update(fields)
    with pytest.raises(ImageError, match=f'^{named}: ') as caught:
        decode(msg)
    assert caught.value.field == named
    assert '; ' in str(caught.value)  # what to do


@given(
    encoding=st.sampled_from((*ENCODINGS, '', 'mono32')),
    height=st.integers(0, 9),
    width=st.integers(0, 9),
    step=st.integers(0, 80),
    length=st.one_of(st.none(), st.integers(0, 400)),
    bigendian=st.integers(0, 255),
)
def test_no_message_gives_another_error(
    encoding: str, height: int, width: int, step: int, length: int | None, bigendian: int
) -> None:
    msg = SimpleNamespace(
        encoding=encoding,
        height=height,
        width=width,
        step=step,
        is_bigendian=bigendian,
        data=bytes(step * height if length is None else length),
    )
    try:
        check(msg)
        decoded = decode(msg)
    except ImageError:
        return
    assert decoded.shape[:2] == (height, width)
    assert decoded.dtype == np.uint8


@pytest.mark.parametrize('shape', [(5, 7), (5, 7, 3), (1, 1), (1, 1, 3)])
def test_encoded_images_are_decoded_alike(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    msg = encode(SimpleNamespace(), pixels)
    assert isinstance(msg.data, array)  # rclpy takes it without a look at each byte
    assert np.array_equal(decode(msg), pixels)
    cut = encode(SimpleNamespace(), pixels[::2, ::-1])
    assert np.array_equal(decode(cut), pixels[::2, ::-1])


def test_only_8_bit_images_are_encoded() -> None:
    for pixels in (np.zeros((4, 4)), np.zeros((4, 4, 2), np.uint8), np.zeros(4, np.uint8)):
        with pytest.raises(ValueError, match='expected uint8'):
            encode(SimpleNamespace(), pixels)


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
@pytest.mark.parametrize('mono', [False, True])
def test_compressed_images_are_what_opencv_reads(suffix: str, mono: bool) -> None:
    pixels = some_pixels('mono8' if mono else 'bgr8')
    data = cv2.imencode(suffix, pixels)[1]
    decoded = decode_compressed(SimpleNamespace(format=suffix, data=array('B', data.tobytes())))
    assert np.array_equal(decoded, cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
    assert decoded.shape == pixels.shape


def test_compressed_16_bit_and_alpha_become_8_bit_bgr() -> None:
    deep = cv2.imencode('.png', np.full((4, 4), 257 * 9, np.uint16))[1].tobytes()
    assert (decode_compressed(SimpleNamespace(format='mono16; png', data=deep)) == 9).all()
    alpha = cv2.imencode('.png', np.full((4, 4, 4), (1, 2, 3, 4), np.uint8))[1].tobytes()
    assert (decode_compressed(SimpleNamespace(format='png', data=alpha)) == (1, 2, 3)).all()


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_truncated_compressed_images_are_errors(suffix: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = cv2.imencode(suffix, pixels)[1].tobytes()
    for length in (0, 1, 3, 30, len(data) // 2, len(data) - 20):
        with pytest.raises(ImageError):
            decode_compressed(SimpleNamespace(format='', data=data[:length]))


def test_fill_bytes_before_markers_of_a_jpeg_are_no_damage() -> None:
    data = cv2.imencode('.jpg', np.full((HEIGHT, WIDTH, 3), 90, np.uint8))[1].tobytes()
    filled = data[:2] + b'\xff\xff' + data[2:]
    image = decode_compressed(SimpleNamespace(format='jpeg', data=filled))
    assert image.shape == (HEIGHT, WIDTH, 3)


def test_cv_bridge_is_used_only_for_what_it_gets_right(monkeypatch: pytest.MonkeyPatch) -> None:
    def half_broken(msg: Any, encoding: str) -> np.ndarray:
        assert encoding == 'bgr8'
        if msg.encoding != 'rgb8':
            raise TypeError('no such conversion')
        pixels = np.frombuffer(msg.data, np.uint8).reshape(msg.height, msg.width, 3)
        return pixels[..., ::-1].copy()

    trusted = {
        name for name in cv_bridge_support._CHECKED if cv_bridge_support._agrees(half_broken, name)
    }
    assert trusted == {'rgb8'}
    loaded = (half_broken, frozenset(trusted), 'cv_bridge')
    monkeypatch.setattr(cv_bridge_support, '_load', lambda: loaded)
    rgb = some_pixels('rgb8')
    assert cv_bridge_support.to_bgr(message(rgb, 'rgb8')) is not None
    assert cv_bridge_support.to_bgr(message(rgb, 'rgb8', padding=1)) is None
    for encoding in ('rgb8', 'rgba8', 'yuyv'):
        assert np.array_equal(
            decode(message(some_pixels(encoding), encoding)),
            cv2.cvtColor(some_pixels(encoding), OPENCV[encoding]),
        )
