# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Pictures of what the tracker sees."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .types import BoxXYWH, Track

BOX = (60, 220, 60)  # BGR
UNSURE = (0, 170, 255)
GONE = (60, 60, 230)
WINDOW = (230, 160, 30)
TRUTH = (60, 60, 230)
TRAIL = (40, 200, 240)


def draw_debug(
    frame: np.ndarray,
    track: Track,
    trail: Sequence[tuple[float, float]] = (),
    label: str = '',
    truth_xywh: BoxXYWH | None = None,
    colour: tuple[int, int, int] = BOX,
) -> np.ndarray:
    """A BGR copy of the frame with box, attention window, score and trail.

    Args:
        frame: (H, W, 3) BGR or (H, W) mono, uint8.
        track: of this frame.
        trail: past centres x, y, pixels, oldest first.
        label: written before the score.
        truth_xywh: true box, pixels, drawn in red where it is known.
        colour: of box and label, BGR.
    """
    picture = _coloured(frame)
    thick = max(1, round(min(picture.shape[:2]) / 240))
    if len(trail) > 1:
        points = np.rint(np.asarray(trail)).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(picture, [points], False, TRAIL, thick, cv2.LINE_AA)
    _rectangle(picture, track.window, WINDOW, thick)
    if truth_xywh is not None:
        _rectangle(picture, truth_xywh, TRUTH, thick)
    _rectangle(picture, track.box, colour, 2 * thick)
    _write(picture, f'{label} {track.score:.2f}'.strip(), track.box, colour)
    return picture


def draw_nothing(frame: np.ndarray, text: str) -> np.ndarray:
    """A BGR copy of the frame, (H, W, 3) or (H, W) uint8, with a text in the corner."""
    picture = _coloured(frame)
    _write(picture, text, (0, 0, 0, 0), GONE)
    return picture


def glimpse_panel(track: Track, size: int = 256) -> np.ndarray:
    """The glimpse beside the glimpse under its appearance mask: (size, 2 * size, 3), BGR."""
    glimpse = cv2.resize(track.glimpse, (size, size), interpolation=cv2.INTER_CUBIC)
    mask = cv2.resize(track.mask, (size, size), interpolation=cv2.INTER_LINEAR)
    masked = (glimpse * (0.1 + 0.9 * mask[..., None])).astype(np.uint8)
    return np.hstack((glimpse, masked))


def _coloured(frame: np.ndarray) -> np.ndarray:
    mono = frame.ndim == 2 or frame.shape[2] == 1
    return cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR) if mono else frame.copy()


def _rectangle(
    picture: np.ndarray, box: BoxXYWH, colour: tuple[int, int, int], thickness: int
) -> None:
    x, y, w, h = box
    first, last = (round(x), round(y)), (round(x + w) - 1, round(y + h) - 1)
    cv2.rectangle(picture, first, last, colour, thickness)


def _write(picture: np.ndarray, text: str, box: BoxXYWH, colour: tuple[int, int, int]) -> None:
    """Text on a dark ground above the box, or inside it at the top of the picture."""
    scale = max(0.4, min(picture.shape[:2]) / 800)
    (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    left = int(np.clip(box[0], 0, max(0, picture.shape[1] - width)))
    top = int(np.clip(box[1] - height - base, 0, picture.shape[0] - height - base))
    corner = (left + width, top + height + base)
    cv2.rectangle(picture, (left, top), corner, (0, 0, 0), cv2.FILLED)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, text, (left, top + height), font, scale, colour, 1, cv2.LINE_AA)
