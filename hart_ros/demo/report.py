# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What came of a run, for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hart_ros.data.source import BoxXYWH
from hart_ros.demo.recorder import Record, Recorder
from hart_ros.evaluation.origin import origin


def summarise(recorder: Recorder) -> dict[str, Any]:
    """Return the figures of a run; None for what cannot be known.

    The frame with the given box counts as tracked, but not for the IoU.
    """
    records = [recorder.records[stamp] for stamp in sorted(recorder.records)]
    tracked = [record for record in records if record.box is not None]
    overlaps = [record.iou for record in tracked[1:] if record.iou is not None]
    latencies = [record.latency_ms for record in tracked[1:] if record.latency_ms is not None]
    seconds = (tracked[-1].arrived_ns - tracked[0].arrived_ns) * 1e-9 if tracked else 0.0
    return {
        'frames_played': len(records),
        'frames_received': _count(recorder, 'frames_received'),
        'frames_tracked': len(tracked),
        'frames_dropped': _count(recorder, 'frames_dropped'),
        'fps': round((len(tracked) - 1) / seconds, 2) if seconds else None,
        'latency_ms_p50': _percentile(latencies, 50),
        'latency_ms_p99': _percentile(latencies, 99),
        'mean_iou': round(float(np.mean(overlaps)), 4) if overlaps else None,
        'share_iou_over_half': round(float(np.mean(np.array(overlaps) > 0.5)), 4)
        if overlaps
        else None,
    }


def write_json(
    path: Path, recorder: Recorder, summary: dict[str, Any], data: dict[str, Any]
) -> None:
    """Write everything about a run."""
    frames = [_frame(stamp, recorder.records[stamp]) for stamp in sorted(recorder.records)]
    result = {
        'data': data,
        'origin': origin(),
        'summary': summary,
        'diagnostics': recorder.diagnostics,
        'frames': [{'index': index, **frame} for index, frame in enumerate(frames)],
    }
    path.write_text(json.dumps(result, indent=1) + '\n')


def describe(summary: dict[str, Any], files: Sequence[str]) -> str:
    """Return the summary as lines for the terminal."""

    def known(value: Any, unit: str = '') -> str:
        return 'unknown' if value is None else f'{value:g}{unit}'

    lines = [
        ('mean IoU', known(summary['mean_iou']) if summary['mean_iou'] is not None else 'no truth'),
        ('speed', f'{known(summary["fps"])} frames/s'),
        (
            'latency',
            f'{known(summary["latency_ms_p50"], " ms")} (median), '
            f'{known(summary["latency_ms_p99"], " ms")} (99 %), camera to detection',
        ),
        (
            'frames',
            f'{summary["frames_played"]} played, {known(summary["frames_received"])} received, '
            f'{summary["frames_tracked"]} tracked, {known(summary["frames_dropped"])} dropped',
        ),
        *((('files' if number == 0 else ''), file) for number, file in enumerate(files)),
    ]
    return '\n'.join(f'{name:>9}  {text}' for name, text in lines)


def _frame(stamp: int, record: Record) -> dict[str, Any]:
    return {
        'stamp_ns': stamp,
        'box_xywh': _rounded(record.box),
        'truth_xywh': _rounded(record.truth),
        'iou': None if record.iou is None else round(record.iou, 4),
        'score': None if record.score is None else round(record.score, 4),
        'latency_ms': None if record.latency_ms is None else round(record.latency_ms, 2),
    }


def _rounded(box: BoxXYWH | None) -> list[float] | None:
    return None if box is None else [round(value, 2) for value in box]


def _count(recorder: Recorder, name: str) -> int | None:
    value = recorder.diagnostics.get(name, '')
    return int(value) if value.isdecimal() else None


def _percentile(values: Sequence[float], share: float) -> float | None:
    return round(float(np.percentile(values, share)), 1) if values else None
