# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What came of a run: text for the terminal, JSON, and a page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2

from .figures import draw
from .origin import origin
from .page import page
from .protocols import Step
from .run import DESCRIPTIONS
from .summary import TargetResult, summarise, target_metrics
from .tables import aligned, sequence_table, summary_table


class Report:
    """Figures and origin of a run."""

    def __init__(self, results: Sequence[TargetResult], origin: Mapping[str, Any]) -> None:
        """Takes the steps of a run and what `described` said before it."""
        self.results = results
        self.protocols = list(results[0].steps)
        self.summary = summarise(results)
        self.origin = dict(origin)

    def tables(self) -> list[list[list[str]]]:
        """The means of each protocol, then the sequences of each."""
        return [
            *(summary_table(name, self.summary[name]) for name in self.protocols),
            *(sequence_table(self.results, name) for name in self.protocols),
        ]

    def text(self) -> str:
        """The tables for a terminal; the best of a column is marked."""
        return '\n\n'.join(aligned(rows) for rows in self.tables())

    def write(self, folder: Path) -> list[Path]:
        """Writes result.json and report.html; returns their paths."""
        result, html = folder / 'result.json', folder / 'report.html'
        result.write_text(json.dumps(self.as_dict(), separators=(',', ':')) + '\n')
        protocols = {name: DESCRIPTIONS[name] for name in self.protocols}
        text = page(self.tables(), draw(self.results), protocols, self.origin)
        html.write_text(text, encoding='utf-8')
        return [result, html]

    def as_dict(self) -> dict[str, Any]:
        """Everything, to be written as JSON."""
        return {
            'origin': self.origin,
            'protocols': {name: DESCRIPTIONS[name] for name in self.protocols},
            'summary': self.summary,
            'targets': [_target(result) for result in self.results],
        }


def described(command: str, threads: int, weights: Mapping[str, Path]) -> dict[str, Any]:
    """Where a run comes from. To be called before it: code and weights may change meanwhile."""
    return {
        'command': command,
        **origin(),
        'opencv': cv2.__version__,
        'threads': threads,
        'weights_sha256': {
            name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in weights.items()
        },
    }


def _target(result: TargetResult) -> dict[str, Any]:
    target = result.target
    first = min(target.boxes)
    return {
        'sequence': target.sequence,
        'track': target.track,
        'fps': target.fps,
        'frames': len(target.frames),
        'boxes': len(target.boxes),
        'first_frame': first,
        'first_box_xywh': _rounded(target.boxes[first]),
        'results': {
            protocol: {name: _steps(protocol, steps) for name, steps in by_tracker.items()}
            for protocol, by_tracker in result.steps.items()
        },
    }


def _steps(protocol: str, steps: Sequence[Step]) -> dict[str, Any]:
    """Figures, and a list entry a scored frame: `start` is the frame of the box that was given."""
    return {
        'metrics': target_metrics(protocol, steps),
        'start': [step.start for step in steps],
        'frame': [step.frame for step in steps],
        'iou': [round(step.iou, 4) for step in steps],
        'score': [None if step.score is None else round(step.score, 4) for step in steps],
        'box_xywh': [_rounded(step.box) for step in steps],
    }


def _rounded(box: Sequence[float]) -> list[float]:
    return [round(value, 2) for value in box]
