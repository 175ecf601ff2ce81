# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""`hart_ros.data.image_message`, with the colours by a sound `cv_bridge` where one is installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from hart_ros.data import image_message
from hart_ros.data.image_message import (
    ENCODINGS,
    ImageError,
    check,
    check_compressed,
    decode_compressed,
    encode,
)
from hart_ros.nodes import cv_bridge_support

__all__ = [
    'ENCODINGS',
    'ImageError',
    'check',
    'check_compressed',
    'decode',
    'decode_compressed',
    'encode',
]


def decode(msg: Any) -> np.ndarray:
    """As `image_message.decode`; cv_bridge gives the same result."""
    check(msg)
    converted = cv_bridge_support.to_bgr(msg)
    return image_message.decode(msg) if converted is None else converted
