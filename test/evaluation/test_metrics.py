# SPDX-License-Identifier: Apache-2.0
"""Metrics against cases computed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.evaluation.metrics import iou_xywh

boxes = st.tuples(
    st.floats(-100, 100), st.floats(-100, 100), st.floats(0.1, 100), st.floats(0.1, 100)
)


@pytest.mark.parametrize(
    ('a', 'b', 'want'),
    [
        ((0, 0, 10, 10), (0, 0, 10, 10), 1.0),
        ((0, 0, 10, 10), (5, 0, 10, 10), 1 / 3),
        ((0, 0, 10, 10), (10, 0, 10, 10), 0.0),
        ((0, 0, 10, 10), (2, 2, 5, 5), 0.25),
        ((0, 0, 0, 0), (0, 0, 0, 0), 0.0),
        ((0, 0, -5, 5), (0, 0, 5, 5), 0.0),
    ],
)
def test_iou_of_known_boxes(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float], want: float
) -> None:
    assert iou_xywh(a, b) == pytest.approx(want)


@given(boxes, boxes)
def test_iou_is_symmetric_and_bounded(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> None:
    assert iou_xywh(a, b) == pytest.approx(iou_xywh(b, a))
    assert 0 <= iou_xywh(a, b) <= 1 + 1e-9
    assert iou_xywh(a, a) == pytest.approx(1)
