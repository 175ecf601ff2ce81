# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Metrics against those of the GOT-10k toolkit, which others report with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hart_ros.evaluation.metrics import (
    NORMALISED_THRESHOLDS,
    PIXEL_THRESHOLDS,
    centre_errors,
    iou_xywh,
    normalised_centre_errors,
    precision_curve,
    success_auc,
    success_curve,
)

theirs = pytest.importorskip('got10k.utils.metrics', reason='needs got10k')


@pytest.fixture
def otb() -> Any:
    """Return its OTB experiment without a data set."""
    module = pytest.importorskip('got10k.experiments.otb', reason='needs got10k and six')
    experiment = module.ExperimentOTB.__new__(module.ExperimentOTB)
    experiment.nbins_iou, experiment.nbins_ce = 21, 51
    return experiment


@pytest.fixture(params=[0, 1, 2])
def tracked(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes and true boxes, (300, 4), some far off, some equal."""
    random = np.random.default_rng(request.param)
    truths = random.uniform((0, 0, 5, 5), (500, 300, 120, 90), (300, 4))
    boxes = truths + random.normal(0, 1, (300, 4)) * random.choice([0, 2, 10, 60], (300, 1))
    boxes[:, 2:] = np.maximum(boxes[:, 2:], 1)
    return boxes, truths


def test_boxes(tracked: tuple[np.ndarray, np.ndarray]) -> None:
    boxes, truths = tracked
    ious = [iou_xywh(box, truth) for box, truth in zip(boxes, truths)]
    assert ious == pytest.approx(theirs.rect_iou(boxes, truths))
    assert centre_errors(boxes, truths) == pytest.approx(theirs.center_error(boxes, truths))


def test_curves(otb: Any, tracked: tuple[np.ndarray, np.ndarray]) -> None:
    boxes, truths = tracked
    ious, errors = theirs.rect_iou(boxes, truths), theirs.center_error(boxes, truths)
    success, precision = otb._calc_curves(ious, errors)
    assert success_curve(ious) == pytest.approx(success)
    assert success_auc(ious) == pytest.approx(np.mean(success))
    assert precision_curve(centre_errors(boxes, truths), PIXEL_THRESHOLDS) == pytest.approx(
        precision
    )


def test_normalised_precision(otb: Any, tracked: tuple[np.ndarray, np.ndarray]) -> None:
    """Its version on the registry has none; but it can measure boxes in units of the true ones."""
    boxes, truths = tracked
    unit = 1 / np.tile(truths[:, 2:], 2)
    errors = theirs.center_error(boxes * unit, truths * unit)
    assert normalised_centre_errors(boxes, truths) == pytest.approx(errors)
    _, precision = otb._calc_curves(np.zeros(300), 100 * errors)
    ours = precision_curve(normalised_centre_errors(boxes, truths), NORMALISED_THRESHOLDS)
    assert ours == pytest.approx(precision)
