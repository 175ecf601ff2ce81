# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Metrics against cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hart_ros.evaluation.metrics import (
    IOU_THRESHOLDS,
    NORMALISED_THRESHOLDS,
    PIXEL_THRESHOLDS,
    PRECISION_AT,
    average_precision,
    calibration_error,
    centre_errors,
    iou_xywh,
    normalised_centre_errors,
    precision_curve,
    success_auc,
    success_curve,
)

Box = tuple[float, float, float, float]

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
def test_iou_of_known_boxes(a: Box, b: Box, want: float) -> None:
    assert iou_xywh(a, b) == pytest.approx(want)


@given(boxes, boxes)
def test_iou_is_symmetric_and_bounded(a: Box, b: Box) -> None:
    assert iou_xywh(a, b) == pytest.approx(iou_xywh(b, a))
    assert 0 <= iou_xywh(a, b) <= 1 + 1e-9
    assert iou_xywh(a, a) == pytest.approx(1)


def test_centre_errors() -> None:
    truth = (10.0, 10.0, 20.0, 10.0)  # centre 20, 15
    moved = (13.0, 14.0, 20.0, 10.0)  # by 3, 4
    grown = (0.0, 0.0, 40.0, 30.0)  # the same centre
    errors = centre_errors([moved, grown], [truth, truth])
    assert errors == pytest.approx([5, 0])
    assert normalised_centre_errors([moved, grown], [truth, truth]) == pytest.approx(
        [np.hypot(3 / 20, 4 / 10), 0]
    )


def test_success_counts_what_is_above_a_threshold() -> None:
    np.testing.assert_allclose(IOU_THRESHOLDS, np.arange(21) / 20)
    curve = success_curve([0.0, 0.5, 1.0])
    assert curve[0] == pytest.approx(2 / 3)  # 0 is not above 0
    assert curve[9] == pytest.approx(2 / 3)
    assert curve[10] == pytest.approx(1 / 3)  # nor 0.5 above 0.5
    assert curve[20] == 0
    assert success_auc([0.0, 0.5, 1.0]) == pytest.approx((10 + 20) / 3 / 21)
    assert success_auc([1.0]) == pytest.approx(20 / 21)


def test_precision_counts_what_is_at_a_threshold() -> None:
    curve = precision_curve([20.0, 20.5], PIXEL_THRESHOLDS)
    assert curve.shape == (51,)
    assert curve[19] == 0
    assert curve[PRECISION_AT] == 0.5
    assert curve[21] == 1
    assert NORMALISED_THRESHOLDS[PRECISION_AT] == 0.2


@pytest.mark.parametrize(
    ('scores', 'right', 'want'),
    [
        ([0.9, 0.8, 0.1], [True, True, False], 1.0),
        ([0.9, 0.8, 0.7], [True, False, True], (1 + 2 / 3) / 2),
        ([0.1, 0.9], [True, False], 0.5),
        ([0.5, 0.5, 0.5, 0.5], [True, False, False, False], 0.25),  # in whatever order
        ([0.5, 0.5, 0.5, 0.5], [False, False, False, True], 0.25),
        ([0.3], [False], None),
    ],
)
def test_average_precision(scores: list[float], right: list[bool], want: float | None) -> None:
    found = average_precision(scores, right)
    assert found == (want if want is None else pytest.approx(want))


def test_calibration_error() -> None:
    assert calibration_error([0.35, 0.75], [0.35, 0.75]) == pytest.approx(0)
    assert calibration_error([0.1, 0.9], [0.9, 0.9]) == pytest.approx(0.4)
    # One bin: what is too much here is too little there.
    assert calibration_error([0.72, 0.78], [0.62, 0.88]) == pytest.approx(0)
    assert calibration_error([1.0, 0.0], [0.5, 0.0]) == pytest.approx(0.25)  # 1 is in the last bin
