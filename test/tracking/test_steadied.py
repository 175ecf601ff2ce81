# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The box's shape is held back from one frame to the next."""

from __future__ import annotations

import numpy as np
import torch
from torch.testing import assert_close

from hart_ros.model.boxes import xywh_to_cxcywh
from hart_ros.tracking import HartTracker
from hart_ros.tracking.networks import ASPECT_PULL, SHAPE_STEP, aspect_of, steadied

BEFORE = torch.tensor([[10.0, 20.0, 40.0, 20.0]])


def test_what_stays_is_left_alone() -> None:
    assert_close(steadied(BEFORE, BEFORE, aspect_of(BEFORE)), BEFORE)


def test_the_centre_follows_at_once() -> None:
    after = torch.tensor([[30.0, 0.0, 50.0, 60.0]])
    box = steadied(BEFORE, after, aspect_of(BEFORE))
    assert_close(xywh_to_cxcywh(box)[:, :2], xywh_to_cxcywh(after)[:, :2])


def test_the_size_follows_with_a_delay() -> None:
    after = torch.tensor([[0.0, 15.0, 60.0, 30.0]])  # half as large again, of the same aspect
    box = steadied(BEFORE, after, aspect_of(BEFORE))
    assert_close(box[:, 2:], BEFORE[:, 2:] * 1.5**SHAPE_STEP)


def test_the_aspect_leans_towards_the_first() -> None:
    aspect = torch.log(torch.tensor([1.0]))
    box = steadied(BEFORE, BEFORE, aspect)
    assert_close(aspect_of(box), (1 - ASPECT_PULL) * aspect_of(BEFORE))
    assert_close(box[:, 2:].prod(), BEFORE[:, 2:].prod())


def test_a_frame_of_another_shape_has_another_aspect() -> None:
    tracker = HartTracker(device='cpu')
    frame = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    state = tracker.init(frame, (60, 40, 32, 24))
    _, state = tracker.update(np.ascontiguousarray(frame[:, ::2]), state)
    assert_close(state.recurrent.aspect, aspect_of(torch.tensor([[30.0, 40.0, 16.0, 24.0]])))
