# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What a JPEG or PNG promises, read without decoding it.

A few damaged bytes may make a decoder ask for gigabytes, or fill in grey what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

_JPEG, _PNG = b'\xff\xd8', b'\x89PNG\r\n\x1a\n'
_SCAN = 0xDA  # marker in a JPEG: the pixels follow
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers in a JPEG: its size follows


def kind_of(data: bytes) -> str:
    """Return 'JPEG', 'PNG' or ''."""
    return 'JPEG' if data.startswith(_JPEG) else 'PNG' if data.startswith(_PNG) else ''


def is_whole(data: bytes) -> bool:
    """Whether a JPEG or PNG goes on to its end.

    In a JPEG the end marker follows the scan; a thumbnail before the scan has one too.
    """
    if kind_of(data) == 'PNG':
        return b'IEND' in _png_chunks(data)
    starts = [position for marker, position in _jpeg_segments(data) if marker == _SCAN]
    return bool(starts) and data.rfind(b'\xff\xd9', starts[0]) >= 0


def stated_size(data: bytes) -> tuple[int, int]:
    """Width and height that a PNG or JPEG promises; 0, 0 where it does not say."""
    if kind_of(data) == 'PNG':
        return _whole(data[16:20]), _whole(data[20:24])
    for marker, position in _jpeg_segments(data):
        if marker in _FRAMES:  # behind it length (2 bytes), precision (1), height, width
            height, width = data[position + 5 : position + 7], data[position + 7 : position + 9]
            return _whole(width), _whole(height)
    return 0, 0


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield marker and position of each segment up to the scan, which tells no length."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # any number of these may stand before a marker
            position += 1
            continue
        yield marker, position
        if marker == _SCAN:
            return
        position += 2 + _whole(data[position + 2 : position + 4])


def _png_chunks(data: bytes) -> Iterator[bytes]:
    """Yield the name of each chunk that is there in full length."""
    position = len(_PNG)
    while position + 12 <= len(data):  # length, name, checksum
        after = position + 12 + _whole(data[position : position + 4])
        if after > len(data):
            return
        yield data[position + 4 : position + 8]
        position = after


def _whole(data: bytes) -> int:
    return int.from_bytes(data, 'big')
