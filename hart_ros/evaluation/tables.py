# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Figures as tables of text, the best marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .summary import COLUMNS, PROTOCOLS, Metrics, TargetResult, by_sequence, sequence_names

BEST = '*'
UNKNOWN = '-'


def summary_table(protocol: str, summary: Mapping[str, Metrics]) -> list[list[str]]:
    """Rows of cells: a heading, then a tracker a row."""
    columns = []
    for name in PROTOCOLS[protocol]:
        values = [metrics[name] for metrics in summary.values()]
        if any(value is not None for value in values):
            heading, is_high_good = COLUMNS[name]
            digits = 3 if name not in ('losses', 'milliseconds') else 1
            columns.append([heading, *_marked(values, is_high_good, digits)])
    return _transposed([protocol, *summary], columns)


def sequence_table(results: Sequence[TargetResult], protocol: str) -> list[list[str]]:
    """Rows of cells: a heading, then a sequence a row; the first figure of the protocol."""
    name = PROTOCOLS[protocol][0]
    heading, is_high_good = COLUMNS[name]
    trackers = list(results[0].steps[protocol])
    figures = [[m[name] for m in by_sequence(results, protocol, t)] for t in trackers]
    rows = [_marked(row, is_high_good, 3) for row in zip(*figures)]
    names = sequence_names(results)
    return [
        [f'{protocol}, {heading}', *trackers],
        *([name, *row] for name, row in zip(names, rows)),
    ]


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """The cells as lines for a terminal: names to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return '\n'.join(
        '  '.join(
            [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]
        ).rstrip()
        for row in rows
    )


def _marked(values: Sequence[float | None], is_high_good: bool, digits: int) -> list[str]:
    """The values as text; a mark behind the best, a space behind the others. None is unknown."""
    texts = [UNKNOWN if value is None else f'{value:.{digits}f}' for value in values]
    known = [float(text) for text in texts if text != UNKNOWN]  # what looks equal is equal
    if len(values) < 2 or not known:
        return texts
    best = max(known) if is_high_good else min(known)
    return [text + (BEST if text != UNKNOWN and float(text) == best else ' ') for text in texts]


def _transposed(names: Sequence[str], columns: Sequence[Sequence[str]]) -> list[list[str]]:
    return [list(row) for row in zip(names, *columns)]
