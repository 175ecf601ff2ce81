# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Plots of a run as SVG text. Needs matplotlib."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .metrics import (
    IOU_THRESHOLDS,
    NORMALISED_THRESHOLDS,
    PIXEL_THRESHOLDS,
    centre_errors,
    normalised_centre_errors,
    precision_curve,
    success_curve,
)
from .protocols import STEPS, Step
from .summary import (
    COLUMNS,
    PROTOCOLS,
    TargetResult,
    by_sequence,
    sequence_names,
    target_weights,
)

PARTS = 20  # of a sequence, in the figure of one pass over time
SIZE = (5.6, 3.6)  # inches


def draw(results: Sequence[TargetResult]) -> dict[str, str]:
    """Title -> SVG, of all plots that the protocols of the run allow."""
    return {title: _svg(figure, title) for title, figure in _figures(results).items()}


def draw_over_steps(results: Sequence[TargetResult]) -> str:
    """SVG of the IoU over the steps of `hart60`, a line a tracker: the poster's figure."""
    return _svg(_over_steps(results), 'IoU over steps')


def _figures(results: Sequence[TargetResult]) -> dict[str, Figure]:
    drawn: dict[str, Figure] = {}
    protocols = results[0].steps
    if 'hart60' in protocols:
        drawn['IoU over time: clips of 60 steps'] = _over_steps(results)
    if 'ope' in protocols:
        drawn['IoU over time: one pass'] = _over_parts(results)
        drawn['Success'] = _curve(results, 'IoU above', IOU_THRESHOLDS, _success)
        drawn['Precision'] = _curve(
            results, 'centre off by at most, pixels', PIXEL_THRESHOLDS, _precision
        )
        drawn['Normalised precision'] = _curve(
            results,
            'centre off by at most, share of the box',
            NORMALISED_THRESHOLDS,
            _normalised_precision,
        )
    for protocol in ('ope', 'hart60'):
        scored = _scored(results, protocol) if protocol in protocols else {}
        if scored:
            drawn[f'What a score means: {protocol}'] = _reliability(scored)
    for protocol in protocols:
        heading = COLUMNS[PROTOCOLS[protocol][0]][0]
        drawn[f'Sequences: {protocol}, {heading}'] = _bars(results, protocol)
    return drawn


def _over_steps(results: Sequence[TargetResult]) -> Figure:
    """Mean IoU at each step after the start, over all clips: the poster's figure."""
    figure, axes = _axes('steps since the start', 'mean IoU')
    for name, steps in _pooled(results, 'hart60').items():
        offsets = np.array([step.frame - step.start for step in steps])
        ious = np.array([step.iou for step in steps])
        present = np.unique(offsets)
        axes.plot(present, [np.mean(ious[offsets == k]) for k in present], label=name)
    axes.set(xlim=(0, STEPS), ylim=(0, 1))
    return figure


def _over_parts(results: Sequence[TargetResult]) -> Figure:
    """Mean IoU in each twentieth of a sequence, over all targets."""
    figure, axes = _axes('share of the sequence', 'mean IoU')
    for name in results[0].steps['ope']:
        sums, counts = np.zeros(PARTS), np.zeros(PARTS)
        for result in results:
            steps = result.steps['ope'][name]
            frames = np.array([step.frame - step.start for step in steps])
            part = np.minimum(frames * PARTS // (frames[-1] + 1), PARTS - 1)
            number = np.bincount(part, minlength=PARTS)
            total = np.bincount(part, [step.iou for step in steps], PARTS)
            sums += np.divide(total, number, out=np.zeros(PARTS), where=number > 0)
            counts += number > 0
        with np.errstate(invalid='ignore'):
            axes.plot((np.arange(PARTS) + 0.5) / PARTS, sums / counts, label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    return figure


def _success(steps: Sequence[Step]) -> np.ndarray:
    return success_curve([step.iou for step in steps])


def _precision(steps: Sequence[Step]) -> np.ndarray:
    errors = centre_errors([step.box for step in steps], [step.truth for step in steps])
    return precision_curve(errors, PIXEL_THRESHOLDS)


def _normalised_precision(steps: Sequence[Step]) -> np.ndarray:
    boxes, truths = [step.box for step in steps], [step.truth for step in steps]
    return precision_curve(normalised_centre_errors(boxes, truths), NORMALISED_THRESHOLDS)


def _curve(
    results: Sequence[TargetResult],
    label: str,
    thresholds: np.ndarray,
    measure: Callable[[Sequence[Step]], np.ndarray],
) -> Figure:
    """Share of frames over a threshold, mean over sequences as in the table."""
    figure, axes = _axes(label, 'share of frames')
    weights = target_weights(results)
    for name in results[0].steps['ope']:
        curves = [measure(result.steps['ope'][name]) for result in results]
        axes.plot(thresholds, weights @ np.array(curves), label=name)
    axes.set(xlim=(0, thresholds[-1]), ylim=(0, 1))
    return figure


def _reliability(scored: Mapping[str, Sequence[Step]]) -> Figure:
    """Mean IoU of the frames of each tenth of the score; on the diagonal the score is right."""
    figure, axes = _axes('score', 'mean IoU')
    axes.plot((0, 1), (0, 1), color='0.7', linestyle=':')
    for name, steps in scored.items():
        scores, ious = np.array([(step.score, step.iou) for step in steps]).T
        bins = np.minimum((scores * 10).astype(int), 9)
        present = np.unique(bins)
        means = [(scores[bins == k].mean(), ious[bins == k].mean()) for k in present]
        axes.plot(*zip(*means), marker='o', label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    return figure


def _bars(results: Sequence[TargetResult], protocol: str) -> Figure:
    """The first figure of a protocol, a group of bars a sequence."""
    names, trackers = sequence_names(results), list(results[0].steps[protocol])
    column = PROTOCOLS[protocol][0]
    figure, axes = _axes('', COLUMNS[column][0], max(SIZE[0], 0.25 * len(names) * len(trackers)))
    places, width = np.arange(len(names)), 0.8 / len(trackers)
    for number, tracker in enumerate(trackers):
        values = [metrics[column] for metrics in by_sequence(results, protocol, tracker)]
        heights = [0.0 if value is None else value for value in values]
        axes.bar(places + (number + 0.5) * width - 0.4, heights, width, label=tracker)
    axes.set_xticks(places)
    axes.set_xticklabels(names, rotation=30, ha='right')
    axes.set(ylim=(0, 1))
    return figure


def _pooled(results: Sequence[TargetResult], protocol: str) -> dict[str, list[Step]]:
    return {
        name: [step for result in results for step in result.steps[protocol][name]]
        for name in results[0].steps[protocol]
    }


def _scored(results: Sequence[TargetResult], protocol: str) -> dict[str, list[Step]]:
    """The steps of the trackers that have a score."""
    pooled = _pooled(results, protocol)
    return {k: s for k, s in pooled.items() if s and s[0].score is not None}


def _axes(x: str, y: str, width: float = SIZE[0]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, SIZE[1]))
    axes = figure.add_subplot()
    axes.set(xlabel=x, ylabel=y)
    axes.grid(True, color='0.9')
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Figure, title: str) -> str:
    """The figure as an `svg` element; ids depend on the title, so that one page may hold all."""
    axes = figure.axes[0]
    columns = min(len(axes.get_legend_handles_labels()[0]), 6)
    axes.legend(
        loc='lower center', bbox_to_anchor=(0.5, 1.0), ncol=columns, frameon=False, fontsize='small'
    )
    figure.tight_layout()
    text = io.StringIO()
    with matplotlib.rc_context({'svg.fonttype': 'none', 'svg.hashsalt': title}):
        figure.savefig(text, format='svg', metadata={'Date': None})
    svg = text.getvalue()
    svg = svg[svg.index('<svg') :]
    svg = re.sub(r'<metadata>.*?</metadata>', '', svg, flags=re.DOTALL)
    return re.sub(r' id="[A-Za-z.0-9]+_\d+"', '', svg)  # names of groups, which nothing refers to
