# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The text of TraX, the protocol of the VOT challenge: messages, images and rectangles.

A message is a line `@@TRAX:kind "argument" ... "key=value" ...`; other lines are none. Version 4 is
spoken, https://trax.readthedocs.io/en/latest/protocol.html. Written here in place of the reference
library, whose package holds a compiled one for x86-64 alone.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from hart_ros.tracking.types import BoxXYWH

PREFIX = '@@TRAX:'
VERSION = 4  # of the protocol; from it on, several objects may be followed at once
KINDS = ('hello', 'initialize', 'frame', 'state', 'quit')

# An argument in quotes, with backslashes before quotes, backslashes and newlines; or without.
_TOKEN = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s"]+)')
_PROPERTY = re.compile(r'([A-Za-z0-9._]{1,64})=(.*)', re.DOTALL)  # base64 may end in = too
_ESCAPED = re.compile(r'\\(.)')

_PIXELS = {'rgb': ('u1', 3), 'gray8': ('u1', 1), 'gray16': ('<u2', 1)}  # type, channels


class ProtocolError(ValueError):
    """A message that makes no sense; the session ends."""


@dataclass(frozen=True)
class Message:
    """One line of the protocol."""

    kind: str  # of KINDS
    arguments: Sequence[str] = ()
    properties: Mapping[str, str] = field(default_factory=dict)


def parse(line: str) -> Message | None:
    """Read a line; None for one that is no message, as other output of a program.

    Raises:
        ProtocolError: a message of no known kind.
    """
    if not line.startswith(PREFIX):
        return None
    kind, _, rest = line[len(PREFIX) :].strip().partition(' ')
    if kind not in KINDS:
        raise ProtocolError(f'{kind!r} is no message of TraX {VERSION}')
    arguments, properties = [], {}
    for quoted, plain in _TOKEN.findall(rest):
        text = quoted or plain
        if '\\' in text:
            text = _ESCAPED.sub(lambda found: '\n' if found[1] == 'n' else found[1], text)
        pair = _PROPERTY.fullmatch(text)
        if pair:
            properties[pair[1]] = pair[2]
        else:
            arguments.append(text)
    return Message(kind, arguments, properties)


def text_of(message: Message) -> str:
    """Return a message as a line, with its end."""
    pairs = (f'{key}={value}' for key, value in message.properties.items())
    words = (re.sub(r'(["\\])', r'\\\1', text) for text in (*message.arguments, *pairs))
    quoted = ('"' + word.replace('\n', '\\n') + '"' for word in words)
    return PREFIX + ' '.join((message.kind, *quoted)) + '\n'


def image_of(text: str) -> np.ndarray:
    """Return an image given as `file://` path, `image:` (pixels) or `data:` (JPEG or PNG).

    Returns:
        (H, W, 3) BGR or (H, W), uint8; of 16 bits the upper eight.

    Raises:
        ProtocolError: it cannot be read.
    """
    scheme, _, rest = text.partition(':')
    if scheme == 'image':
        return _of_pixels(rest)
    if scheme == 'data':
        encoded = np.frombuffer(_decoded(re.split('[;,]', rest)[-1]), np.uint8)
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if encoded.size else None
        what = rest[:32]
    else:
        what = text[len('file://') :] if text.startswith('file://') else text
        image = cv2.imread(what, cv2.IMREAD_COLOR)
    if image is None:
        raise ProtocolError(f'{what}: no image that OpenCV can read')
    return image


def _of_pixels(text: str) -> np.ndarray:
    """`width;height;format;base64`."""
    try:
        width, height, name, encoded = text.split(';')
        kind, channels = _PIXELS[name]
        pixels = np.frombuffer(_decoded(encoded), kind).reshape(int(height), int(width), channels)
    except (KeyError, ValueError) as error:
        raise ProtocolError(f'image:{text[:32]}: no width;height;format;base64: {error}') from None
    if name == 'rgb':
        return np.ascontiguousarray(pixels[..., ::-1])
    return pixels[..., 0] if name == 'gray8' else (pixels[..., 0] >> 8).astype(np.uint8)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ProtocolError(f'an image in no base64: {error}') from None


def box_of(text: str) -> BoxXYWH:
    """Return a region, which has to be a rectangle `left,top,width,height` in pixels."""
    try:
        x, y, w, h = (float(number) for number in text.split(','))
    except ValueError:
        raise ProtocolError(
            f'region {text[:32]!r}: give a rectangle, left,top,width,height'
        ) from None
    return x, y, w, h


def region_of(box: BoxXYWH) -> str:
    """Return a box as a region."""
    return ','.join(f'{number:.4f}' for number in box)
