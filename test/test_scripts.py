# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The two commands are executable, and say in one line why they cannot go on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KEPT = ('HOME', 'LANG', 'PATH')


@pytest.mark.parametrize(
    'name', ['.ci/run', 'scripts/demo.sh', 'scripts/setup.sh', 'scripts/test.sh']
)
def test_script_is_executable(name: str) -> None:
    assert os.access(ROOT / name, os.X_OK)
    subprocess.run(['bash', '-n', str(ROOT / name)], check=True)


def test_developers_tools_are_no_part_of_what_users_get() -> None:
    names = {
        kind: set(re.findall(r'^([\w.-]+)==', (ROOT / 'scripts' / name).read_text(), re.MULTILINE))
        for kind, name in (
            ('users', 'requirements.txt'),
            ('ROS', 'requirements-ros.txt'),
            ('tests', 'requirements-test.txt'),
        )
    }
    assert {'mypy', 'pytest', 'ruff'} <= names['tests']
    assert not names['tests'] & (names['users'] | names['ROS'])
    setup = (ROOT / 'scripts' / 'setup.sh').read_text()
    add_tests = re.search(r'^add_tests\(\) \{.*?^\}', setup, re.DOTALL | re.MULTILINE)
    assert add_tests is not None
    elsewhere = setup.replace(add_tests[0], '')
    assert re.findall(r'.*requirements-test.*', elsewhere) == re.findall(
        r'^tests_fingerprint.*', elsewhere, re.MULTILINE
    )


def test_the_tests_bring_their_tools_themselves() -> None:
    for name in ('scripts/test.sh', '.github/workflows/ci.yaml'):
        calls = re.findall(r'bash \S*setup\.sh.*', (ROOT / name).read_text())
        assert calls, name
        assert all(call.endswith('setup.sh --tests') for call in calls), name


def test_another_argument_is_refused(bare: Path) -> None:
    assert '--test: the only argument is --tests' in set_up(bare, '--test')


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a copy of the repository in which nothing has been set up."""
    shutil.copytree(ROOT / 'scripts', tmp_path / 'scripts')
    for name in ('setup.py', 'setup.cfg', 'package.xml'):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def set_up(root: Path, *arguments: str, **environment: str) -> str:
    """Run a set-up that has to fail, without a distribution; return its one line."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    done = subprocess.run(
        ['bash', str(root / 'scripts' / 'setup.sh'), *arguments],
        env={**kept, 'PYTHON': sys.executable, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert not (root / '.venv' / 'hart_ros.stamp').exists()
    (line,) = done.stderr.splitlines()
    return line


def test_missing_python_is_said(bare: Path) -> None:
    assert 'sudo apt install python3 python3-venv' in set_up(bare, PYTHON='/nowhere/python3')


@pytest.mark.skipif(platform.machine() != 'x86_64', reason='wheels exist for x86-64 only')
def test_missing_compiler_is_said(bare: Path) -> None:
    assert 'sudo apt install build-essential' in set_up(bare, CXX='/nowhere/c++')


@pytest.mark.skipif(platform.machine() != 'x86_64', reason='wheels exist for x86-64 only')
def test_failed_download_is_said(bare: Path) -> None:
    offline = {'PIP_NO_INDEX': '1', 'PIP_FIND_LINKS': '', 'PIP_CONFIG_FILE': os.devnull}
    line = set_up(bare, **offline)
    assert 'download failed' in line
    assert 'torch' in line
    assert not (bare / '.venv' / 'installing').exists()
