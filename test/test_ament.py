# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""ament's linters, where a distribution has them, for the style that scripts/ruff.toml sets.

ament_copyright has to find the copyright; of the licence it knows no SPDX lines, which
test_package.py checks. Left out is ament_xmllint, which loads its schema from the network
(test_package.py has catkin_pkg validate).
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = [str(ROOT / name) for name in ('hart_ros', 'launch', 'docs', 'setup.py')]


def test_copyright() -> None:
    parser = pytest.importorskip('ament_copyright.parser', reason='needs ament_copyright')
    paths = [Path(path) for path in OURS]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob('*.py'))]
    assert not [file for file in files if not parser.parse_file(str(file)).copyrights]


def test_flake8() -> None:
    linter = pytest.importorskip('ament_flake8.main', reason='needs ament_flake8')
    status, errors = linter.main_with_errors(['--config', str(ROOT / 'setup.cfg'), *OURS])
    assert status == 0, '\n'.join(errors)


def test_pep257() -> None:
    linter = pytest.importorskip('ament_pep257.main', reason='needs ament_pep257')
    # As scripts/ruff.toml has it: Google's, a docstring where a name does not say it all.
    ignored = ['D102', 'D103', 'D105', 'D107', 'D402', 'D403', 'D415', 'D417']
    assert linter.main(['--convention', 'google', '--add-ignore', *ignored, '--', *OURS]) == 0
