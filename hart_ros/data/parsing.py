# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What people type for boxes, sizes and sources. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hart_ros.data.source import BoxXYWH, is_synthetic


def parse_box(value: Any, name: str) -> BoxXYWH | None:
    """Read a box from a list of numbers or from text such as 'x,y,w,h'; nothing, or all 0, is None.

    Raises:
        ValueError: it is neither, or the box has no size.
    """
    items: Sequence[Any]
    if isinstance(value, str):
        items = [part for part in value.strip('[] ').split(',') if part.strip()]
    else:
        items = [] if value is None else list(value)
    if not items:
        return None
    try:
        x, y, w, h = (float(item) for item in items)
    except (TypeError, ValueError):
        raise ValueError(
            f'{name}: {value!r} is not x,y,w,h; give four numbers of pixels, e.g. 412,180,96,64'
        ) from None
    if (x, y, w, h) == (0, 0, 0, 0):
        return None
    if not (w > 0 and h > 0 and max(map(abs, (x, y, w, h))) < 1e6):
        raise ValueError(f'{name}: {value!r} needs a positive width and height, in pixels')
    return x, y, w, h


def parse_size(text: str, name: str) -> tuple[int, int]:
    """Read '640x192' as (640, 192). Raises ValueError."""
    width, _, height = text.partition('x')
    if not (width.isdecimal() and height.isdecimal() and int(width) >= 32 and int(height) >= 32):
        raise ValueError(f'{name}: {text!r} is no size; give WIDTHxHEIGHT in pixels, e.g. 640x192')
    return int(width), int(height)


def source_options(
    source: str, sequence: str, size: tuple[int, int] | None, frames: int
) -> dict[str, Any]:
    """Return what `open_source` takes besides the path; nothing for what was not given.

    Args:
        source: path, or synthetic[:SEED].
        sequence: of a folder with several; '' if not given.
        size: width and height of synthetic frames, pixels.
        frames: so many are wanted; a synthetic drive is made that long. 0: not given.
    """
    length = frames if is_synthetic(source) else 0
    options = {'sequence': sequence, 'size': size, 'frames': length}
    return {name: value for name, value in options.items() if value}
