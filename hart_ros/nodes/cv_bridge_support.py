# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""`cv_bridge` where it is installed and proves sound; never a reason to fail.

Its binary part is built against one NumPy: under another major version the import may print
pages or end the process. So it is tried in a process of its own first when NumPy is 2 or
newer, and its answers are compared with OpenCV's before it is trusted.
"""

from __future__ import annotations

import functools
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np

# What it is used for: 8-bit colour conversions. Its 16-bit and byte-order paths depend on the
# version, and it knows no conversion for types such as 16UC1.
_CHECKED = {
    'rgb8': (3, cv2.COLOR_RGB2BGR),
    'bgra8': (4, cv2.COLOR_BGRA2BGR),
    'rgba8': (4, cv2.COLOR_RGBA2BGR),
    'yuv422': (2, cv2.COLOR_YUV2BGR_UYVY),
    'yuv422_yuy2': (2, cv2.COLOR_YUV2BGR_YUY2),
    'bayer_rggb8': (1, cv2.COLOR_BayerBG2BGR),
    'bayer_bggr8': (1, cv2.COLOR_BayerRG2BGR),
    'bayer_gbrg8': (1, cv2.COLOR_BayerGR2BGR),
    'bayer_grbg8': (1, cv2.COLOR_BayerGB2BGR),
}

Convert = Callable[[Any, str], np.ndarray]


def to_bgr(msg: Any) -> np.ndarray | None:
    """Convert an 8-bit Image message to BGR (H, W, 3), or None where cv_bridge is not for it."""
    if msg.encoding not in _CHECKED:
        return None
    row_bytes = msg.width * _CHECKED[msg.encoding][0]
    convert, trusted, _ = _load()
    # With the foreign byte order it swaps bytes in a way that NumPy 2 no longer has.
    foreign = bool(msg.is_bigendian) == (sys.byteorder == 'little')
    if convert is None or msg.encoding not in trusted or msg.step != row_bytes or foreign:
        return None
    return convert(msg, 'bgr8')


def describe() -> str:
    """One line for logs and diagnostics: which of the two converts, and why."""
    return _load()[2]


@functools.lru_cache(maxsize=1)
def _load() -> tuple[Convert | None, frozenset[str], str]:
    """Return the conversion function or None, the encodings it gets right, and a description."""
    try:
        if importlib.util.find_spec('cv_bridge') is None:
            return None, frozenset(), 'numpy and OpenCV (cv_bridge is not installed)'
        if int(np.__version__.split('.')[0]) >= 2 and not _survives_import():
            return (
                None,
                frozenset(),
                (f'numpy and OpenCV (cv_bridge does not work with numpy {np.__version__})'),
            )
        from cv_bridge import CvBridge

        convert: Convert = CvBridge().imgmsg_to_cv2
        trusted = frozenset(name for name in _CHECKED if _agrees(convert, name))
    except Exception as error:  # whatever a broken installation raises
        return None, frozenset(), f'numpy and OpenCV (cv_bridge fails: {type(error).__name__})'
    if not trusted:
        return None, frozenset(), 'numpy and OpenCV (cv_bridge gives other results)'
    return convert, trusted, 'cv_bridge'


def _survives_import() -> bool:
    code = 'from cv_bridge.boost.cv_bridge_boost import getCvType; getCvType("bgr8")'
    try:
        probe = subprocess.run(
            [sys.executable, '-c', code], stdin=subprocess.DEVNULL, capture_output=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0 and b'_ARRAY_API' not in probe.stderr


def _agrees(convert: Convert, encoding: str) -> bool:
    channels, code = _CHECKED[encoding]
    pixels = np.random.default_rng(0).integers(0, 256, (8, 10, channels), dtype=np.uint8)
    msg = SimpleNamespace(
        height=8,
        width=10,
        encoding=encoding,
        is_bigendian=0,
        step=10 * channels,
        data=pixels.tobytes(),
    )
    expected = cv2.cvtColor(pixels, code)
    try:
        return np.array_equal(convert(msg, 'bgr8'), expected)
    except Exception:  # an encoding that this version does not know
        return False
