# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the node's benchmark measured, as figures and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hart_ros.evaluation.tables import UNKNOWN, aligned


@dataclass(frozen=True)
class Block:
    """One node at one rate for some seconds."""

    latencies_s: list[float]  # of the frames that were answered
    published: int
    cpu_share: float | None  # of one core, by the node's process
    step_s: float | None = None  # the node's own figure: to convert the image and to track


@dataclass(frozen=True)
class Latency:
    """All blocks of one node at one rate; milliseconds."""

    median: float | None
    p90: float | None
    p99: float | None
    delivered: float  # answered frames, percent of those published
    published: int
    cpu: float | None  # percent of one core


@dataclass(frozen=True)
class RateResult:
    """Tracker and pass-through node at one rate."""

    rate: float
    tracker: Latency
    pass_through: Latency
    step: float | None  # milliseconds, median of the blocks
    difference: float | None  # of the medians, milliseconds

    @property
    def overhead(self) -> float | None:
        """What the node adds to the pass-through besides its tracker's step, milliseconds."""
        if self.difference is None or self.step is None:
            return None
        return self.difference - self.step


@dataclass(frozen=True)
class Start:
    """One start of the node's process, seconds."""

    subscribed: float  # until it receives images
    detected: float  # until the first detection has arrived


def latency_of(blocks: Sequence[Block]) -> Latency:
    """Put the blocks of one node together."""
    all_ms = np.array([s for block in blocks for s in block.latencies_s]) * 1e3
    published = sum(block.published for block in blocks)
    median, p90, p99 = np.percentile(all_ms, (50, 90, 99)).tolist() if len(all_ms) else [None] * 3
    shares = [block.cpu_share for block in blocks if block.cpu_share is not None]
    return Latency(
        median,
        p90,
        p99,
        delivered=100.0 * len(all_ms) / published,
        published=published,
        cpu=100.0 * float(np.mean(shares)) if shares else None,
    )


def result_of(rate: float, tracker: Sequence[Block], pass_through: Sequence[Block]) -> RateResult:
    """Compare both nodes at one rate."""
    ours, least = latency_of(tracker), latency_of(pass_through)
    steps = [block.step_s for block in tracker if block.step_s is not None]
    difference = None
    if ours.median is not None and least.median is not None:
        difference = ours.median - least.median
    return RateResult(
        rate,
        ours,
        least,
        step=1e3 * float(np.median(steps)) if steps else None,
        difference=difference,
    )


def as_json(results: Sequence[RateResult], starts: Sequence[Start]) -> dict[str, Any]:
    """Return all figures for a file."""
    return {
        'rates': [{**asdict(r), 'overhead': r.overhead} for r in results],
        'starts': [asdict(start) for start in starts],
        'unit': 'latencies in milliseconds, starts in seconds, delivered and cpu in percent',
    }


def latency_rows(results: Sequence[RateResult]) -> list[list[str]]:
    """Rows of cells: a heading, then two nodes a rate."""
    rows = [['latency, ms', 'median', 'p90', 'p99', 'delivered', 'CPU']]
    for result in results:
        for name, latency in (('pass-through', result.pass_through), ('tracker', result.tracker)):
            times = (latency.median, latency.p90, latency.p99)
            rows.append(
                [
                    f'{result.rate:g} Hz, {name}',
                    *map(_number, times),
                    f'{latency.delivered:.1f}%',
                    _number(latency.cpu, 0, '%'),
                ]
            )
    return rows


def overhead_rows(results: Sequence[RateResult]) -> list[list[str]]:
    """Rows of cells: a heading, then a rate a row; what the tracker node adds, and to what."""
    rows = [['at the median, ms', 'difference', "tracker's step", 'node besides it']]
    for r in results:
        figures = (r.difference, r.step, r.overhead)
        rows.append([f'{r.rate:g} Hz', *map(_number, figures)])
    return rows


def start_rows(starts: Sequence[Start]) -> list[list[str]]:
    """Rows of cells: a heading, and the median of all starts."""
    subscribed = np.median([start.subscribed for start in starts])
    detected = np.median([start.detected for start in starts])
    return [
        [f'start-up, s, median of {len(starts)}', 'subscribed', 'first detection'],
        ['process start until', f'{subscribed:.2f}', f'{detected:.2f}'],
    ]


def text(tables: Sequence[list[list[str]]], markdown: bool) -> str:
    """Return tables for a terminal or for a README."""
    return '\n\n'.join(_markdown(rows) if markdown else aligned(rows) for rows in tables)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [f'| {" | ".join(row)} |' for row in rows]
    rule = '|'.join(['', ' --- ', *[' ---: '] * (len(rows[0]) - 1), ''])
    return '\n'.join([lines[0], rule, *lines[1:]])


def _number(value: float | None, digits: int = 1, unit: str = '') -> str:
    return UNKNOWN if value is None else f'{value:.{digits}f}{unit}'
