# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The figures of the paper: frames with the rectangle of the glimpse, the glimpses beneath."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from hart_ros.model.ratm import RATM, window_of

from .videos import Clips

TILE = 96  # height of a frame in the picture, pixels
GAP = 4
RED = (40, 40, 230)  # BGR
SUBPIXEL = 4  # bits


def draw_clip(
    frames: np.ndarray, windows: np.ndarray, glimpses: np.ndarray, columns: int
) -> np.ndarray:
    """Rows of frames, and under each frame its glimpse; then the continuation.

    Args:
        frames: (T, H, W) or (T, H, W, 3) uint8 BGR.
        windows: (T, 4), xywh, pixels of the frames.
        glimpses: (T, N, M) or (T, N, M, 3) uint8.
        columns: frames in a row.

    Returns:
        BGR.
    """
    width = round(TILE * frames.shape[2] / frames.shape[1])
    rows = []
    for start in range(0, len(frames), columns):
        part = slice(start, start + columns)
        tiles = [_framed(f, w, width) for f, w in zip(frames[part], windows[part])]
        below = [_sized(g, (TILE, TILE)) for g in glimpses[part]]
        rows += [_row(tiles, width, columns), _row(below, width, columns)]
    return np.concatenate(rows)


def draw_followed(model: RATM, clips: Clips, columns: int, file: Path) -> None:
    """Writes the figure of the first of some videos as PNG.

    Raises:
        OSError: it cannot be written.
    """
    with torch.inference_mode():
        followed = model.eval()(clips.images[:1], clips.truth[:1, 0])
        windows = window_of(followed.attention[0], clips.size).numpy()
    frames, glimpses = (_bytes(x[0, :, 0].numpy()) for x in (clips.images, followed.glimpse))
    write_png(file, draw_clip(frames, windows, glimpses, columns))


def write_png(file: Path, picture: np.ndarray) -> None:
    """Writes a picture.

    Raises:
        OSError: it cannot be written.
    """
    if not cv2.imwrite(str(file), picture):
        raise OSError(f'{file}: cannot be written; give a writable --out')


def _framed(frame: np.ndarray, window: np.ndarray, width: int) -> np.ndarray:
    """A frame with the rectangle of its window in red."""
    tile = _sized(frame, (width, TILE))
    scale = np.array([width / frame.shape[1], TILE / frame.shape[0]])
    low = window[:2] * scale
    high = (window[:2] + window[2:]) * scale
    # In units of 1/16 pixel, whose origin is the centre of the first pixel.
    corners = (((np.stack((low, high)) - 0.5) * 2**SUBPIXEL).clip(-1e5, 1e5)).astype(int)
    cv2.rectangle(tile, corners[0].tolist(), corners[1].tolist(), RED, 1, cv2.LINE_AA, SUBPIXEL)
    return tile


def _sized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    colour = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return cv2.resize(colour, size, interpolation=cv2.INTER_NEAREST)


def _row(tiles: Sequence[np.ndarray], width: int, columns: int) -> np.ndarray:
    """Tiles beside each other, each in the middle of its column, on white."""
    row = np.full((TILE + GAP, columns * (width + GAP), 3), 255, np.uint8)
    for i, tile in enumerate(tiles):
        left = i * (width + GAP) + (width - tile.shape[1]) // 2
        row[:TILE, left : left + tile.shape[1]] = tile
    return row


def _bytes(images: np.ndarray) -> np.ndarray:
    return (255 * images).round().clip(0, 255).astype(np.uint8)
