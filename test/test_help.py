# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What every command says of itself with --help."""

from __future__ import annotations

import argparse
import re
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = re.findall(r"'(hart-[\w-]+) = ([\w.]+):main", (ROOT / 'setup.py').read_text())


class GrabbedError(Exception):
    """Carries the parser out of a command that would now read its arguments."""


def parser_of(module: str) -> argparse.ArgumentParser:
    def grab(parser: argparse.ArgumentParser, *_: object) -> None:
        raise GrabbedError(parser)

    replaced = mock.patch.object(argparse.ArgumentParser, 'parse_args', grab)
    with replaced, pytest.raises(GrabbedError) as grabbed:
        import_module(module).main([])
    return grabbed.value.args[0]


@pytest.mark.parametrize(('name', 'module'), COMMANDS)
def test_help_is_complete(name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('COLUMNS', '100')
    parser = parser_of(module)
    assert parser.prog == name
    assert re.match(r'[A-Z].*\.', parser.description or ''), 'a sentence says what it does'
    assert not [a.dest for a in parser._actions if not a.help], 'every option says what it is'
    for line in parser.format_help().splitlines():
        assert len(line) <= 100, line
