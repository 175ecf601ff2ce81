# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Dragging a box, without a display."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.apps.drag import BoxDrag

PIXELS = st.integers(-200, 900)


def dragged(drag: BoxDrag, *places: tuple[int, int]) -> tuple | None:
    drag.press(*places[0])
    for place in places[1:-1]:
        drag.move(*place)
    return drag.release(*places[-1])


@pytest.mark.parametrize('end', [(29, 39), (10, 20), (10, 39), (29, 20)])
def test_any_direction_gives_the_box_of_all_pixels_touched(end):
    """From corner to corner: pixels 10 to 29 across and 20 to 39 down, both ends included."""
    start = (39 - end[0], 59 - end[1])
    assert dragged(BoxDrag((100, 80)), start, (50, 50), end) == (10, 20, 20, 20)


def test_screen_pixels_become_pixels_of_the_image():
    assert dragged(BoxDrag((100, 80), scale=2.0), (20, 40), (59, 79)) == (10, 20, 20, 20)
    assert dragged(BoxDrag((1000, 800), scale=0.5), (20, 40), (59, 79)) == (40, 80, 80, 80)


def test_a_click_is_no_box():
    drag = BoxDrag((100, 80))
    assert dragged(drag, (10, 20), (10, 20)) is None
    assert dragged(drag, (10, 20), (60, 20)) is None  # a line
    assert not drag.active


def test_what_hangs_over_the_image_is_cut():
    assert dragged(BoxDrag((100, 80)), (90, 70), (500, 500)) == (90, 70, 10, 10)
    assert dragged(BoxDrag((100, 80)), (-30, -5), (9, 9)) == (0, 0, 10, 10)
    assert dragged(BoxDrag((100, 80)), (200, 200), (300, 300)) is None


def test_the_box_is_known_while_it_is_drawn():
    drag = BoxDrag((100, 80))
    assert drag.box is None and not drag.active
    drag.press(10, 10)
    drag.move(19, 29)
    assert drag.active and drag.box == (10, 10, 10, 20)
    assert drag.release(19, 29) == (10, 10, 10, 20)
    assert drag.box is None


@given(PIXELS, PIXELS, PIXELS, PIXELS, st.sampled_from([0.37, 0.5, 1.0, 3.0]))
def test_every_box_lies_on_the_image(x1, y1, x2, y2, scale):
    box = dragged(BoxDrag((120, 90), scale), (x1, y1), (x2, y2))
    if box is not None:
        x, y, w, h = box
        assert x >= 0 and y >= 0 and x + w <= 120 + 1e-9 and y + h <= 90 + 1e-9
        assert w >= 2 and h >= 2
