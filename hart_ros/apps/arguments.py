# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Types of command-line arguments: what does not fit ends the program with one clear line."""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError, _ArgumentGroup

from hart_ros.data.parsing import parse_box, parse_size
from hart_ros.data.source import BoxXYWH


def box(text: str) -> BoxXYWH:
    """x,y,w,h in pixels."""
    try:
        found = parse_box(text, 'box')
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
    if found is None:
        raise ArgumentTypeError('the box is empty; give x,y,w,h in pixels')
    return found


def size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels."""
    try:
        return parse_size(text, 'size')
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def count(text: str) -> int:
    """A whole number from 0 on."""
    return _from(0, text, 'whole number from 0 on')


def whole(text: str) -> int:
    """A whole number from 1 on."""
    return _from(1, text, 'whole number from 1 on')


def frames(text: str) -> int:
    """A number of frames that something can be followed over."""
    return _from(2, text, 'number of frames from 2 on')


def frame_number(text: str) -> int:
    """A frame, counted from 1."""
    return _from(1, text, 'frame; they count from 1')


def _from(least: int, text: str, what: str) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ArgumentTypeError(f'{text!r} is no {what}')
    return int(text)


def positive(text: str) -> float:
    """A number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f'{text!r} is no number above 0')
    return number


def add_device(parser: ArgumentParser | _ArgumentGroup) -> None:
    """Adds the option of where the network runs."""
    parser.add_argument(
        '--device',
        choices=('auto', 'cpu', 'cuda'),
        default='auto',
        help='where the network runs; auto: CUDA where there is one (auto)',
    )
