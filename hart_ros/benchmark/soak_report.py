# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What a soak has to show: samples of the node's process, and the judgement of them. No ROS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_GROWTH = 0.01  # of resident memory, from the first to the last quarter after the warm-up
# The second half's p99 may be this much over the first half's: a busy machine, not a leak.
MOST_SLOWER, MOST_LATER_MS = 1.5, 5.0
ROWS = 12  # of the table
# Keys of the node's diagnostics whose sum is the number of frames received.
FATES = ('tracked', 'dropped', 'ignored_no_target')


@dataclass(frozen=True)
class Sample:
    """One block of frames, and the node's process after it."""

    seconds: float  # since the begin
    latencies_ms: Sequence[float]  # from publish to detection
    published: int
    rss_mb: float
    descriptors: int
    threads: int
    cpu: float  # percent of one core


@dataclass(frozen=True)
class Check:
    """One thing that has to hold."""

    name: str
    holds: bool
    figures: str


def judged(samples: Sequence[Sample], warm_up: float, counts: Mapping[str, str]) -> list[Check]:
    """Judge a soak.

    Args:
        samples: in order.
        warm_up: seconds that do not count.
        counts: of frames, from the node's diagnostics after the last of them.
    """
    warm = [sample for sample in samples if sample.seconds > warm_up]
    quarter, half = max(len(warm) // 4, 1), max(len(warm) // 2, 1)
    first, last = warm[:quarter], warm[-quarter:]
    before, after = (float(np.median([s.rss_mb for s in part])) for part in (first, last))
    growth = after / before - 1
    checks = [
        Check(
            'memory',
            growth < MOST_GROWTH,
            f'{before:.1f} MB, then {after:.1f} MB: {growth:+.2%}, less than {MOST_GROWTH:.0%}',
        )
    ]
    for name in ('descriptors', 'threads'):
        most = [max(getattr(sample, name) for sample in part) for part in (first, last)]
        checks.append(Check(name, most[1] <= most[0], f'at most {most[0]}, then {most[1]}'))
    early, late = p99(warm[:half]), p99(warm[-half:])
    limit = MOST_SLOWER * early + MOST_LATER_MS
    checks.append(
        Check('p99', late <= limit, f'{early:.1f} ms, then {late:.1f} ms, at most {limit:.1f} ms')
    )
    return [*checks, *_counted(samples, counts)]


def _counted(samples: Sequence[Sample], counts: Mapping[str, str]) -> list[Check]:
    """Whether the node's counters agree with what was sent to it and what came back."""
    published = sum(sample.published for sample in samples)
    answered = sum(len(sample.latencies_ms) for sample in samples)
    received, *fates = (int(counts.get(f'frames_{name}', -1)) for name in ('received', *FATES))
    summed = ' + '.join(f'{count} {name}' for count, name in zip(fates, FATES))
    return [
        Check('delivery', received == published, f'{published} published, {received} received'),
        Check('counters', received == sum(fates), f'{received} received = {summed}'),
        Check('detections', answered == fates[0], f'{fates[0]} tracked, {answered} detections'),
    ]


def p99(samples: Sequence[Sample]) -> float:
    """99th percentile of the latency, milliseconds; infinite without a detection."""
    latencies = [value for sample in samples for value in sample.latencies_ms]
    return float(np.percentile(latencies, 99)) if latencies else float('inf')


def table(samples: Sequence[Sample]) -> list[list[str]]:
    """Rows of cells: a heading, then equal parts of the time."""
    rows = [['until, s', 'memory, MB', 'descriptors', 'threads', 'median, ms', 'p99, ms', 'CPU']]
    for part in np.array_split(np.arange(len(samples)), min(ROWS, len(samples))):
        some = [samples[k] for k in part]
        latencies = [value for sample in some for value in sample.latencies_ms] or [np.inf]
        rows.append(
            [
                f'{some[-1].seconds:.0f}',
                f'{np.median([s.rss_mb for s in some]):.1f}',
                f'{max(s.descriptors for s in some)}',
                f'{max(s.threads for s in some)}',
                f'{np.median(latencies):.1f}',
                f'{p99(some):.1f}',
                f'{np.mean([s.cpu for s in some]):.0f}%',
            ]
        )
    return rows


def as_json(samples: Sequence[Sample], checks: Sequence[Check]) -> dict[str, Any]:
    """All figures for a file; of latencies those of each block."""
    return {
        'samples': [
            {
                **{k: v for k, v in vars(sample).items() if k != 'latencies_ms'},
                'answered': len(sample.latencies_ms),
                'median_ms': float(np.median(sample.latencies_ms)) if sample.latencies_ms else None,
                'p99_ms': p99([sample]) if sample.latencies_ms else None,
            }
            for sample in samples
        ],
        'checks': [vars(check) for check in checks],
    }
