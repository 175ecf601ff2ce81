# SPDX-License-Identifier: Apache-2.0
"""ament's linters, where a distribution has them, for the style that scripts/ruff.toml sets.

Left out are ament_copyright, which knows no SPDX lines (test_package.py checks them), and
ament_xmllint, which loads its schema from the network (test_package.py has catkin_pkg validate).
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = [str(ROOT / name) for name in ('hart_ros', 'launch', 'docs', 'setup.py')]


def test_flake8() -> None:
    linter = pytest.importorskip('ament_flake8.main', reason='needs ament_flake8')
    status, errors = linter.main_with_errors(['--config', str(ROOT / 'setup.cfg'), *OURS])
    assert status == 0, '\n'.join(errors)


def test_pep257() -> None:
    linter = pytest.importorskip('ament_pep257.main', reason='needs ament_pep257')
    # As scripts/ruff.toml has it: Google's, a docstring where a name does not say it all.
    ignored = ['D102', 'D103', 'D105', 'D107', 'D402', 'D403', 'D415', 'D417']
    assert linter.main(['--convention', 'google', '--add-ignore', *ignored, '--', *OURS]) == 0
