# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What may go into a tracker."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.tracking import InvalidBoxError, InvalidFrameError, check_box, check_frame

SHAPE = (120, 160, 3)  # height, width, channels
anything = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize('shape', [(2, 2), (120, 160), (120, 160, 1), (120, 160, 3)])
def test_frames_of_the_stated_shapes_are_taken(shape: tuple[int, ...]) -> None:
    check_frame(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ('frame', 'word'),
    [
        (None, 'NoneType'),
        ([[1, 2], [3, 4]], 'list'),
        (np.zeros(SHAPE, np.float32), 'float32'),
        (np.zeros((4, 120, 160, 3), np.uint8), '(4, 120, 160, 3)'),
        (np.zeros((120, 160, 4), np.uint8), '(120, 160, 4)'),
        (np.zeros((0, 160, 3), np.uint8), '(0, 160, 3)'),
        (np.zeros(5, np.uint8), '(5,)'),
    ],
)
def test_other_frames_are_refused_by_name(frame: Any, word: str) -> None:
    with pytest.raises(InvalidFrameError, match='^frame: ') as error:
        check_frame(frame)
    assert word in str(error.value)


def test_a_box_inside_stays_as_it_is() -> None:
    assert check_box((10, 20, 30, 40), SHAPE) == (10, 20, 30, 40)


def test_a_box_that_hangs_over_is_clipped() -> None:
    assert check_box((-10, 100, 30, 40), SHAPE) == (0, 100, 20, 20)
    assert check_box((150, -5, 30, 40), SHAPE) == (150, 0, 10, 35)


@pytest.mark.parametrize(
    ('box', 'word'),
    [
        ((math.nan, 0, 5, 5), 'x is nan'),
        ((0, 0, 5, math.inf), 'h is inf'),
        ((0, 0, 0, 5), 'width 0'),
        ((0, 0, 5, -3), 'height -3'),
        ((160, 0, 20, 20), '160 x 120'),
        ((-19, 0, 20, 20), '2 x 2'),
        ((0, 0, 5), 'four numbers'),
        (None, 'four numbers'),
        ('abcd', 'four numbers'),
    ],
)
def test_other_boxes_are_refused_with_the_reason(box: Any, word: str) -> None:
    with pytest.raises(InvalidBoxError, match='^box: ') as error:
        check_box(box, SHAPE)
    assert word in str(error.value)


@given(st.tuples(anything, anything, anything, anything))
def test_a_box_is_refused_or_lies_on_the_frame(box: tuple[float, float, float, float]) -> None:
    try:
        x, y, w, h = check_box(box, SHAPE)
    except InvalidBoxError:
        return
    assert x >= 0 and x + w <= 160 * (1 + 1e-9)
    assert y >= 0 and y + h <= 120 * (1 + 1e-9)
    assert min(w, h) >= 2
