# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Debug pictures."""

from __future__ import annotations

import numpy as np
import pytest

from hart_ros.tracking import Track
from hart_ros.tracking.draw import BOX, GONE, TRUTH, WINDOW, draw_debug, draw_nothing, glimpse_panel

MASK = np.zeros((16, 16), np.float32)
MASK[:, 8:] = 1
GLIMPSE = np.full((16, 16, 3), 200, np.uint8)


def track(box: tuple[float, float, float, float]) -> Track:
    x, y, w, h = box
    return Track(box, 0.5, (x - 10, y - 10, w + 20, h + 20), GLIMPSE, MASK)


def test_boxes_are_drawn_where_they_are() -> None:
    frame = np.zeros((120, 160, 3), np.uint8)
    picture = draw_debug(frame, track((50, 40, 30, 20)), truth_xywh=(100, 80, 20, 20))
    assert tuple(picture[50, 50]) == BOX
    assert tuple(picture[50, 40]) == WINDOW
    assert tuple(picture[90, 100]) == TRUTH
    assert frame.max() == 0  # the frame itself is left as it is


def test_the_box_has_the_colour_of_its_state() -> None:
    frame = np.zeros((120, 160, 3), np.uint8)
    picture = draw_debug(frame, track((50, 40, 30, 20)), colour=GONE)
    assert tuple(picture[50, 50]) == GONE
    assert not (picture == BOX).all(-1).any()


@pytest.mark.parametrize('shape', [(2, 2, 3), (120, 160), (120, 160, 1)])
def test_without_a_target_there_is_a_word(shape: tuple[int, ...]) -> None:
    picture = draw_nothing(np.full(shape, 99, np.uint8), 'IDLE')
    assert picture.shape == (*shape[:2], 3)
    assert (picture != 99).any()


@pytest.mark.parametrize('shape', [(2, 2, 3), (20, 30), (20, 30, 1), (500, 20, 3)])
@pytest.mark.parametrize('box', [(-500.0, -500.0, 10.0, 10.0), (0.0, 0.0, 1e4, 1e4)])
def test_any_frame_and_box_can_be_drawn(
    shape: tuple[int, ...], box: tuple[float, float, float, float]
) -> None:
    trail = [(0.0, 0.0), (1e4, -1e4)]
    picture = draw_debug(np.zeros(shape, np.uint8), track(box), trail, 'a long label')
    assert picture.shape == (*shape[:2], 3)


def test_the_panel_darkens_what_the_mask_hides() -> None:
    panel = glimpse_panel(track((0, 0, 5, 5)), 64)
    assert panel.shape == (64, 128, 3)
    assert panel[32, 32].min() == 200  # glimpse
    assert panel[32, 64 + 8].max() == 20  # hidden
    assert panel[32, 64 + 56].min() == 200  # attended
