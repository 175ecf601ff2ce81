# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Each case of bad input is said as docs/bad_inputs.md says it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')

from bad_input import DOCUMENT, Case, Group, heading, message, row
from document import INTRODUCTION, groups

CASES = [
    pytest.param(group, case, id=f'{group.title}: {case.what}')
    for group in groups()
    for case in group.cases
]
LINES = DOCUMENT.read_text(encoding='utf-8').splitlines()


@pytest.mark.parametrize(('group', 'case'), CASES)
def test_it_is_said_as_documented(tmp_path: Path, group: Group, case: Case) -> None:
    assert row(group, case, message(case, group.error, tmp_path)) in LINES


def test_the_document_has_no_other_rows() -> None:
    """Title, order and number of rows are those of the lists."""
    expected = INTRODUCTION.splitlines()
    for group in groups():
        expected += heading(group) + [f'| {case.what} |' for case in group.cases]
    assert len(LINES) == len(expected)
    for line, begin in zip(LINES, expected):
        assert line.startswith(begin)
