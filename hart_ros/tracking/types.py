# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What goes into a tracker and what comes out, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BoxXYWH = tuple[float, float, float, float]
BACKENDS = ('auto', 'onnx', 'int8', 'torch')  # what computes, see `select_backend`
MIN_VISIBLE = 2.0  # pixels of a box's side that must lie on the frame


class InvalidBoxError(ValueError):
    """A box that no target can be started from; the message names the field and what to do."""


class InvalidFrameError(ValueError):
    """An array that is no camera frame; the message names the field and what to do."""


@dataclass(frozen=True)
class Track:
    """Where the target is in one frame, and what the tracker looked at to say so."""

    box: BoxXYWH  # x, y, w, h, pixels of the input frame
    score: float  # in [0, 1], predicted IoU of `box` with the target
    window: BoxXYWH  # x, y, w, h, the attention window that was read; may hang over the frame
    glimpse: np.ndarray  # (G, G, 3) uint8, BGR, as read; hart's is black outside the frame
    mask: np.ndarray  # (G, G) float32 in [0, 1], appearance attention enlarged to the glimpse


def check_frame(frame: np.ndarray) -> None:
    """Raises InvalidFrameError unless frame is uint8, (H, W), (H, W, 1) or (H, W, 3), BGR."""
    if not isinstance(frame, np.ndarray):
        raise InvalidFrameError(f'frame: need a numpy array, got {type(frame).__name__}')
    if frame.dtype != np.uint8:
        raise InvalidFrameError(f'frame: need dtype uint8, got {frame.dtype}; convert it first')
    if frame.ndim not in (2, 3) or (frame.ndim == 3 and frame.shape[2] not in (1, 3)):
        raise InvalidFrameError(
            f'frame: need shape (H, W), (H, W, 1) or (H, W, 3), got {frame.shape}'
        )
    if min(frame.shape[:2]) < 2:
        raise InvalidFrameError(f'frame: need at least 2 x 2 pixels, got {frame.shape}')


def check_box(box_xywh: Sequence[float], frame_shape: Sequence[int]) -> BoxXYWH:
    """The box clipped to a frame of shape (H, W, ...).

    Args:
        box_xywh: x, y, w, h, pixels.
        frame_shape: shape of the frame that the box lies in.

    Raises:
        InvalidBoxError: not four numbers, NaN or infinite, no size, or less than 2 x 2 pixels on
            the frame.
    """
    try:
        x, y, w, h = (float(value) for value in box_xywh)
    except (TypeError, ValueError):
        raise InvalidBoxError(f'box: need four numbers x, y, w, h, got {box_xywh!r}') from None
    for name, value in zip('xywh', (x, y, w, h), strict=True):
        if not math.isfinite(value):
            raise InvalidBoxError(f'box: {name} is {value}; need a finite number of pixels')
    if w <= 0 or h <= 0:
        raise InvalidBoxError(f'box: width {w:g} and height {h:g} must be positive, in pixels')
    height, width = frame_shape[:2]
    left, top = max(x, 0.0), max(y, 0.0)
    clipped_w, clipped_h = min(x + w, width) - left, min(y + h, height) - top
    if clipped_w < MIN_VISIBLE or clipped_h < MIN_VISIBLE:
        raise InvalidBoxError(
            f'box: x {x:g}, y {y:g}, w {w:g}, h {h:g} has less than {MIN_VISIBLE:g} x '
            f'{MIN_VISIBLE:g} pixels on the {width} x {height} frame; give pixels of this frame'
        )
    return left, top, clipped_w, clipped_h
