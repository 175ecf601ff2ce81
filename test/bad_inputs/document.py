# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Writes docs/bad_inputs.md: python test/bad_inputs/document.py, with ROS and torch."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bad_input import DOCUMENT, Case, Group, heading, message, row

INTRODUCTION = """# Bad inputs

What is given wrongly is named in one line that says where and what to do; nothing crashes, nothing
hangs. Every row is a test (`test/bad_inputs`), which fails when the line differs from the one here.
`test/bad_inputs/test_fuzz.py` gives what nobody thought of: damaged messages, labels, settings,
weights and checkpoints. An ellipsis stands for what other packages' versions word differently.

This file is written by `python test/bad_inputs/document.py`."""


def groups() -> Sequence[Group]:
    """All groups, in the order of the document. Needs ROS and torch."""
    import file_cases
    import message_cases
    import parameter_cases
    import training_cases

    modules = (message_cases, parameter_cases, file_cases, training_cases)
    return [group for module in modules for group in module.GROUPS]


def said(group: Group, case: Case) -> str:
    """The row of a case that is given now."""
    with tempfile.TemporaryDirectory() as folder:
        return row(group, case, message(case, group.error, Path(folder).resolve()))


def main() -> None:
    """Give all cases and write the document."""
    lines = INTRODUCTION.splitlines()
    for group in groups():
        lines += heading(group) + [said(group, case) for case in group.cases]
    DOCUMENT.write_text('\n'.join(lines) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
