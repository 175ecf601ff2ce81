# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""docs/faults.md: its tests exist, its quotations are what is said, and nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / 'docs' / 'faults.md').read_text(encoding='utf-8').splitlines()
ROWS = [
    [cell.strip() for cell in line.strip('|').split('|')]
    for line in LINES
    if line.startswith('| ') and not line.startswith(('| fault', '| ---'))
]


def named_in(path: Path) -> set[str]:
    """The tests of a file, as pytest names them."""
    names = re.findall(r'^def (test_\w+)', path.read_text(encoding='utf-8'), re.MULTILINE)
    return {f'{path.relative_to(ROOT)}::{name}' for name in names}


def test_each_fault_has_its_test_and_each_test_its_fault() -> None:
    assert len(ROWS) > 20
    named = {test.strip('`') for *_, test in ROWS}
    paths = {ROOT / name.partition('::')[0] for name in named}
    assert named <= {name for path in paths for name in named_in(path)}
    others = (path for path in Path(__file__).parent.glob('test_*.py') if path != Path(__file__))
    without = {name for path in others for name in named_in(path)} - named
    assert not without, 'add a row to docs/faults.md'


def test_what_is_quoted_is_said() -> None:
    sources = ''.join(path.read_text() for path in (ROOT / 'hart_ros').rglob('*.py'))
    said = re.sub(r"""['"]\s+f?['"]""", '', sources)  # strings that go on in the next line
    quoted = {text for _, seen, *_ in ROWS for text in re.findall(r'`([^`]+)`', seen)}
    assert not {text for text in quoted if text not in said and not text.startswith('/')}
