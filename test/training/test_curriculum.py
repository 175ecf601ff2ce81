# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Clips grow when they should."""

from __future__ import annotations

import math

import pytest

from hart_ros.training.config import CurriculumConfig
from hart_ros.training.curriculum import make_curriculum


@pytest.mark.parametrize(('share', 'length'), [(0, 4), (0.19, 4), (0.2, 8), (0.5, 12), (1, 12)])
def test_stages_follow_the_share(share: float, length: int) -> None:
    curriculum = make_curriculum(CurriculumConfig())
    assert curriculum.length == 4
    curriculum.advance(share, 0.0)
    assert curriculum.length == length
    resumed = make_curriculum(CurriculumConfig())
    resumed.restore(share, curriculum.state())
    assert resumed.length == length


def test_clips_grow_with_the_iou_after_a_while() -> None:
    config = CurriculumConfig(kind='grow', first=5, last=7, patience=10)
    curriculum = make_curriculum(config)
    lengths = []
    for _ in range(40):
        curriculum.advance(0.0, 0.8)
        lengths.append(curriculum.length)
    assert lengths == [5] * 9 + [6] * 10 + [7] * 21  # never longer than the last


def test_clips_do_not_grow_while_the_iou_is_low() -> None:
    config = CurriculumConfig(kind='grow', first=5, last=6, patience=10)
    curriculum = make_curriculum(config)
    for _ in range(50):
        curriculum.advance(0.0, 0.69)
    assert curriculum.length == 5
    for _ in range(200):
        curriculum.advance(0.0, 0.71)
    assert curriculum.length == 6


def test_a_batch_without_a_number_ends_no_growth() -> None:
    config = CurriculumConfig(kind='grow', first=5, last=6, patience=1)
    curriculum = make_curriculum(config)
    curriculum.advance(0.0, math.nan)
    for _ in range(200):
        curriculum.advance(0.0, 0.8)
    assert curriculum.length == 6


def test_the_last_length_asks_for_less() -> None:
    config = CurriculumConfig(kind='grow', first=5, last=7, patience=1)
    curriculum = make_curriculum(config)
    curriculum.advance(0.0, 0.9)
    for _ in range(9):
        curriculum.advance(0.0, 0.68)  # half-way between 0.7 and 0.65 it takes 0.675
    assert curriculum.length == 7


def test_growth_goes_on_where_it_was() -> None:
    config = CurriculumConfig(kind='grow', patience=10)
    one, other = make_curriculum(config), make_curriculum(config)
    for _ in range(15):
        one.advance(0.0, 0.8)
    other.restore(0.0, one.state())
    assert other.length == one.length == 6
    for _ in range(5):
        other.advance(0.0, 0.8)
    assert other.length == 7
