# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""From the steps of a run to its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .losses import loss_metrics
from .metrics import (
    NORMALISED_THRESHOLDS,
    PIXEL_THRESHOLDS,
    PRECISION_AT,
    average_precision,
    calibration_error,
    centre_errors,
    normalised_centre_errors,
    precision_curve,
    success_auc,
)
from .protocols import Step, counts_for_accuracy
from .targets import Target

Metrics = dict[str, float | None]  # None for what cannot be known

# What a column is called, and whether the highest is the best.
COLUMNS: Mapping[str, tuple[str, bool]] = {
    'iou': ('IoU', True),
    'auc': ('success', True),
    'precision': ('prec.', True),
    'normalised_precision': ('n.prec.', True),
    'accuracy': ('accuracy', True),
    'losses': ('losses', False),
    'lost_flagged': ('lost flagged', True),
    'noticed': ('noticed', True),
    'good_flagged': ('good flagged', False),
    'found_again': ('found again', True),
    'average_precision': ('score AP', True),
    'calibration_error': ('calib.', False),
    'milliseconds': ('ms', False),
}
PROTOCOLS: Mapping[str, tuple[str, ...]] = {
    'hart60': ('iou', 'average_precision', 'calibration_error', 'milliseconds'),
    'ope': (
        'iou',
        'auc',
        'precision',
        'normalised_precision',
        'average_precision',
        'calibration_error',
        'milliseconds',
    ),
    'tre': ('iou', 'average_precision', 'calibration_error', 'milliseconds'),
    'restart': ('accuracy', 'losses'),
    'realtime': ('iou',),
    'loss': ('lost_flagged', 'noticed', 'good_flagged', 'found_again'),
}
POOLED = ('average_precision', 'calibration_error', 'milliseconds')  # over all frames at once


@dataclass
class TargetResult:
    """What came of one target: protocol -> tracker -> steps."""

    target: Target
    steps: dict[str, dict[str, list[Step]]] = field(default_factory=dict)


def target_metrics(protocol: str, steps: Sequence[Step]) -> Metrics:
    """Figures of one target under one protocol; those of `POOLED` too."""
    if not steps:  # hart60 of a target with few boxes
        return dict.fromkeys(PROTOCOLS[protocol])
    if protocol == 'loss':
        return loss_metrics(steps)
    ious = np.array([step.iou for step in steps])
    if protocol == 'restart':
        counted = [step.iou for step in steps if counts_for_accuracy(step)]
        return {
            'accuracy': float(np.mean(counted)) if counted else None,
            'losses': float(np.sum(ious == 0)),
        }
    metrics: Metrics = {'iou': float(np.mean(ious))}
    if protocol == 'tre':
        starts = np.array([step.start for step in steps])
        metrics['iou'] = float(np.mean([ious[starts == s].mean() for s in np.unique(starts)]))
    if protocol == 'ope':
        boxes, truths = [step.box for step in steps], [step.truth for step in steps]
        pixels = precision_curve(centre_errors(boxes, truths), PIXEL_THRESHOLDS)
        errors = normalised_centre_errors(boxes, truths)
        normalised = precision_curve(errors, NORMALISED_THRESHOLDS)
        metrics['auc'] = success_auc(ious)
        metrics['precision'] = float(pixels[PRECISION_AT])
        metrics['normalised_precision'] = float(normalised[PRECISION_AT])
    if protocol != 'realtime':
        metrics.update(_score_quality(steps))
        metrics['milliseconds'] = 1e3 * float(np.median([step.seconds for step in steps]))
    return metrics


def summarise(results: Sequence[TargetResult]) -> dict[str, dict[str, Metrics]]:
    """Protocol -> tracker -> figures.

    Means over sequences, a sequence being the mean of its targets; but the figures of `POOLED` are
    of all frames together.
    """
    summary: dict[str, dict[str, Metrics]] = {}
    for protocol, by_tracker in results[0].steps.items():
        summary[protocol] = {}
        for tracker in by_tracker:
            per_sequence = by_sequence(results, protocol, tracker)
            pooled = [step for result in results for step in result.steps[protocol][tracker]]
            metrics = target_metrics(protocol, pooled)
            summary[protocol][tracker] = {
                name: metrics[name] if name in POOLED else _mean([m[name] for m in per_sequence])
                for name in PROTOCOLS[protocol]
            }
    return summary


def by_sequence(results: Sequence[TargetResult], protocol: str, tracker: str) -> list[Metrics]:
    """Figures of the sequences, in order; each is the mean of its targets."""
    rows: dict[str, list[Metrics]] = {}
    for result in results:
        metrics = target_metrics(protocol, result.steps[protocol][tracker])
        rows.setdefault(result.target.sequence, []).append(metrics)
    return [{name: _mean([m[name] for m in row]) for name in row[0]} for row in rows.values()]


def sequence_names(results: Sequence[TargetResult]) -> list[str]:
    """In the order of `by_sequence`."""
    return list(dict.fromkeys(result.target.sequence for result in results))


def target_weights(results: Sequence[TargetResult]) -> np.ndarray:
    """Weights of targets, (N,), sum 1: sequences weigh the same, and so do targets of one."""
    names = [result.target.sequence for result in results]
    return np.array([1 / names.count(name) for name in names]) / len(set(names))


def _score_quality(steps: Sequence[Step]) -> Metrics:
    """Of the score as a test for IoU > 0.5, and as a prediction of the IoU."""
    scored = [(step.score, step.iou) for step in steps if step.score is not None]
    if not scored:
        return {'average_precision': None, 'calibration_error': None}
    scores, ious = np.array(scored).T
    return {
        'average_precision': average_precision(scores, ious > 0.5),
        'calibration_error': calibration_error(scores, ious),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
