# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What a case of bad input is, and how it stands in docs/bad_inputs.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / 'docs' / 'bad_inputs.md'


@dataclass(frozen=True)
class Case:
    """One bad input."""

    what: str  # in the words of a reader
    # Gives it, in a folder of its own: raises, or returns the line that is logged. It also checks
    # what it can of what survives.
    give: Callable[[Path], Any]
    survives: str = ''  # if not what the group says
    elide: str = ''  # regular expression: what versions of other packages word differently


@dataclass(frozen=True)
class Group:
    """Bad inputs of one kind: a table of the document."""

    title: str
    text: str
    error: type[Exception]
    survives: str
    cases: Sequence[Case] = field(default_factory=tuple)


def message(case: Case, error: type[Exception], folder: Path) -> str:
    """Give a case in an empty folder; return the line that users see."""
    try:
        said = case.give(folder)
    except error as caught:
        said = str(caught)
    assert isinstance(said, str), f'{case.what}: nothing was said'
    assert '\n' not in said, f'more than a line: {said}'
    said = said.replace(f'{folder}/', '').replace(str(folder), 'FOLDER')
    return re.sub(case.elide, '…', said) if case.elide else said


def row(group: Group, case: Case, said: str) -> str:
    """The row of a case."""
    quotes = '``' if '`' in said else '`'
    cells = (case.what, f'{quotes}{said}{quotes}', case.survives or group.survives)
    return '| ' + ' | '.join(cell.replace('|', '\\|') for cell in cells) + ' |'


def heading(group: Group) -> list[str]:
    """What stands before the rows of a group."""
    return [
        '',
        f'## {group.title}',
        '',
        group.text,
        '',
        '| given | said | survives |',
        '| --- | --- | --- |',
    ]
