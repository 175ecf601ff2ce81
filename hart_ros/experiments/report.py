# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Published against reproduced: what an experiment leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hart_ros.evaluation.origin import origin
from hart_ros.evaluation.tables import aligned
from hart_ros.training.checkpoint import write_json

HEADINGS = [
    'experiment',
    'mean IoU, %',
    'test',
    'published',
    'reproduced',
    'seed',
    'trained',
    'time',
    'commit',
]


@dataclass(frozen=True)
class Row:
    """A figure beside the published one, both in percent."""

    what: str
    tested: int  # videos
    published: float | None
    reproduced: float


@dataclass(frozen=True)
class Result:
    """All of an experiment."""

    name: str
    rows: Sequence[Row]
    seed: int
    trained: str  # how long, in words
    seconds: float  # that it took

    def write(self, file: Path, command: str) -> None:
        """Writes it as JSON, with where it comes from."""
        content = {**asdict(self), 'origin': {'command': command, **origin()}}
        write_json(file, content)

    def cells(self) -> list[list[str]]:
        """A row of cells each, under `HEADINGS`."""
        commit = origin()['commit'] or ''
        return [
            [
                self.name,
                row.what,
                str(row.tested),
                '' if row.published is None else f'{row.published:.2f}',
                f'{row.reproduced:.2f}',
                str(self.seed),
                self.trained,
                _duration(self.seconds),
                commit,
            ]
            for row in self.rows
        ]

    def table(self) -> str:
        """For a terminal."""
        return aligned([HEADINGS, *self.cells()])

    def markdown(self) -> str:
        """The rows for the table of docs/experiments.md."""
        return '\n'.join(f'| {" | ".join(cells)} |' for cells in self.cells())


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f'{minutes // 60} h {minutes % 60} min' if minutes >= 60 else f'{minutes} min'
