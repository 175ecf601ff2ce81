# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What counts as lost and as flagged, with a tracker whose scores are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scripted import Scripted, numbered_frames

from hart_ros.evaluation.losses import loss, loss_metrics
from hart_ros.evaluation.peers import Guess
from hart_ros.evaluation.protocols import NOWHERE, Step
from hart_ros.tracking.target_state import State

BOX = (1.0, 2.0, 3.0, 4.0)
FRAMES = numbered_frames(100)


class Honest(Scripted):
    """Stays where it is, with a low score in these frames."""

    def __init__(self, low: Sequence[int]) -> None:
        super().__init__(lambda frame, start: start)
        self.low = set(low)

    def update(self, frame: np.ndarray) -> Guess:
        guess = super().update(frame)
        return Guess(guess.box, 0.0 if self.seen[-1] in self.low else 1.0, True)


def steps(low: Sequence[int], absent: Sequence[int] = range(40, 70)) -> list[Step]:
    """Return the steps of a target that is out of sight for a while, at 10 frames a second."""
    boxes = dict.fromkeys(sorted(set(range(100)) - set(absent)), BOX)
    return list(loss(Honest(low), FRAMES, boxes, 10.0))


def test_every_frame_has_a_step() -> None:
    found = steps([], absent=range(40, 100))
    assert [step.frame for step in found] == list(range(1, 100))
    assert [step.iou for step in found] == [1.0] * 39 + [0.0] * 60
    assert found[-1].truth == NOWHERE


@pytest.mark.parametrize(
    ('low', 'lost_flagged', 'noticed', 'good_flagged'),
    [
        (range(40, 70), 1.0, 1.0, 1 / 69),  # found again one frame late
        ((), 0.0, 0.0, 0.0),
        (range(50, 70), 1.0, 1.0, 1 / 69),
        (range(51, 70), 19 / 20, 0.0, 1 / 69),
        (range(35, 40), 0.0, 1.0, 5 / 69),
    ],
)
def test_figures(
    low: Sequence[int], lost_flagged: float, noticed: float, good_flagged: float
) -> None:
    flagged = {'lost_flagged': lost_flagged, 'noticed': noticed, 'good_flagged': good_flagged}
    assert loss_metrics(steps(low)) == pytest.approx({**flagged, 'found_again': 1.0})
    assert loss_metrics(steps(low, absent=range(40, 100)))['found_again'] == 0.0


def test_nothing_is_said_of_what_did_not_happen() -> None:
    metrics = loss_metrics(steps([], absent=()))
    assert metrics.pop('good_flagged') == 0.0
    assert set(metrics.values()) == {None}
    boxes = dict.fromkeys(range(100), BOX)
    unsure = list(loss(Scripted(lambda frame, start: start), FRAMES, boxes, 10.0))
    assert set(loss_metrics(unsure).values()) == {None}


def test_losses_of_two_targets_are_two() -> None:
    found = steps(range(70, 100), absent=range(70, 100))
    assert all(step.state is not State.TRACKING for step in found[-30:])
    blind = steps([], absent=range(70, 100))
    assert loss_metrics([*found, *blind])['noticed'] == 0.5
    assert loss_metrics([*found, *blind])['lost_flagged'] == 0.5
