# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from hart_ros.model.boxes import (
    area,
    cxcywh_to_xywh,
    giou_xywh,
    intersection_xywh,
    iou_xywh,
    xywh_to_cxcywh,
)

PLACES = st.floats(-1e3, 1e3)
SIZES = st.floats(0.5, 1e3)
BOXES = st.builds(
    lambda *numbers: torch.tensor(numbers, dtype=torch.float64), PLACES, PLACES, SIZES, SIZES
)


@given(BOXES)
def test_conversions_are_inverse(box: Tensor) -> None:
    assert_close(cxcywh_to_xywh(xywh_to_cxcywh(box)), box)
    assert_close(xywh_to_cxcywh(cxcywh_to_xywh(box)), box)


def test_centre_of_a_box() -> None:
    assert xywh_to_cxcywh(torch.tensor([10.0, 20.0, 4.0, 6.0])).tolist() == [12, 23, 4, 6]


@given(BOXES, BOXES)
def test_iou_is_symmetric_and_a_share(a: Tensor, b: Tensor) -> None:
    iou = iou_xywh(a, b)
    assert_close(iou, iou_xywh(b, a))
    assert 0 <= iou <= 1


@given(BOXES)
def test_iou_with_itself_is_one(box: Tensor) -> None:
    assert_close(float(iou_xywh(box, box)), 1.0, atol=1e-5, rtol=0)
    assert_close(float(giou_xywh(box, box)), 1.0, atol=1e-5, rtol=0)


@given(BOXES, BOXES, PLACES, PLACES)
def test_iou_does_not_change_when_both_move(a: Tensor, b: Tensor, x: float, y: float) -> None:
    shift = torch.tensor([x, y, 0, 0], dtype=torch.float64)
    assert_close(iou_xywh(a + shift, b + shift), iou_xywh(a, b), atol=1e-7, rtol=1e-6)


@given(BOXES, BOXES)
def test_giou_is_bounded(a: Tensor, b: Tensor) -> None:
    giou, iou = giou_xywh(a, b), iou_xywh(a, b)
    assert -1 <= giou <= iou + 1e-9
    assert_close(giou, giou_xywh(b, a))


@given(BOXES, BOXES)
def test_intersection_is_within_both(a: Tensor, b: Tensor) -> None:
    shared = intersection_xywh(a, b)
    assert 0 <= shared <= torch.minimum(area(a), area(b)) * (1 + 1e-9)


def test_iou_and_giou_by_hand() -> None:
    a = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
    b = torch.tensor([[1.0, 1.0, 2.0, 2.0], [4.0, 0.0, 2.0, 2.0]])
    assert_close(iou_xywh(a, b), torch.tensor([1 / 7, 0.0]))
    assert_close(giou_xywh(a, b), torch.tensor([1 / 7 - 2 / 9, -4 / 12]))


def test_boxes_apart_are_pulled_together_by_giou_only() -> None:
    a = torch.tensor([0.0, 0.0, 2.0, 2.0], requires_grad=True)
    b = torch.tensor([5.0, 0.0, 2.0, 2.0])
    (by_iou,) = torch.autograd.grad(iou_xywh(a, b), a)
    (by_giou,) = torch.autograd.grad(giou_xywh(a, b), a)
    assert by_iou.tolist() == [0, 0, 0, 0]
    assert by_giou[0] > 0


def test_a_box_of_negative_size_has_no_area() -> None:
    box = torch.tensor([3.0, 3.0, -2.0, 4.0])
    assert area(box) == 0
    assert iou_xywh(box, torch.tensor([0.0, 0.0, 9.0, 9.0])) == 0


@given(BOXES, BOXES)
def test_gradients_are_finite(a: Tensor, b: Tensor) -> None:
    a.requires_grad_()
    (iou_xywh(a, b) + giou_xywh(a, b)).backward()
    assert a.grad is not None
    assert a.grad.isfinite().all()
