# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is seen of a run: the debug image with the glimpse in a corner, and a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from hart_ros.demo.recorder import Record

TRUTH = (60, 60, 230)  # BGR; as in hart_ros.tracking.draw
TEXT = (235, 235, 235)
SMALLEST = 640  # pixels of width; smaller pictures are enlarged
GLIMPSE_SHARE = 0.36  # of the picture's height


def compose(debug: np.ndarray, glimpse: np.ndarray | None, record: Record) -> np.ndarray:
    """Return the debug image with true box, caption and glimpse, (H, W, 3) BGR.

    Args:
        debug: (H, W, 3) BGR, of the tracker.
        glimpse: (h, w, 3) BGR, of the tracker, where it came.
        record: of the same frame.
    """
    scale = max(1, math.ceil(SMALLEST / debug.shape[1]))
    picture = cv2.resize(debug, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    if record.truth is not None:
        x, y, w, h = (round(value * scale) for value in record.truth)
        cv2.rectangle(picture, (x, y), (x + w - 1, y + h - 1), TRUTH, 1)
    if glimpse is not None:
        _inset(picture, glimpse, record, scale)
    _caption(picture, record.caption)
    return picture


def contact_sheet(pictures: Sequence[np.ndarray], columns: int = 3, width: int = 640) -> np.ndarray:
    """Return pictures of one size side by side, left to right, top to bottom, (H, W, 3) BGR."""
    height = round(pictures[0].shape[0] * width / pictures[0].shape[1])
    small = [cv2.resize(p, (width, height), interpolation=cv2.INTER_AREA) for p in pictures]
    small += [np.zeros_like(small[0])] * (-len(small) % columns)
    rows = [np.hstack(small[i : i + columns]) for i in range(0, len(small), columns)]
    return np.vstack(rows)


def _inset(picture: np.ndarray, glimpse: np.ndarray, record: Record, scale: int) -> None:
    """Draw the glimpse into the upper corner that the target is not in."""
    height = round(picture.shape[0] * GLIMPSE_SHARE)
    width = round(glimpse.shape[1] * height / glimpse.shape[0])
    if width > picture.shape[1] // 2:
        height, width = round(height * picture.shape[1] / 2 / width), picture.shape[1] // 2
    left = picture.shape[1] - width
    if record.box is not None:
        x, y, w, _ = (value * scale for value in record.box)
        if y < height and x + w > left:
            left = 0
    small = cv2.resize(glimpse, (width, height), interpolation=cv2.INTER_AREA)
    picture[:height, left : left + width] = small
    cv2.rectangle(picture, (left, 0), (left + width - 1, height - 1), TEXT, 1)


def _caption(picture: np.ndarray, text: str) -> None:
    """Write along the lower edge, on a dark ground."""
    scale = max(0.45, picture.shape[0] / 900)
    (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    bottom = picture.shape[0]
    cv2.rectangle(picture, (0, bottom - height - 2 * base), (width + 12, bottom), (0, 0, 0), -1)
    place = (6, bottom - base)
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, TEXT, 1, cv2.LINE_AA)
