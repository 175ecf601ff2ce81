# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What gets installed lies where ROS 2 looks for it; offline, from a copy of the sources."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ['setup.py', 'setup.cfg', 'package.xml', 'resource', 'launch', 'config', 'hart_ros']
COMMANDS = re.findall(r"'([\w-]+) = hart_ros", (ROOT / 'setup.py').read_text())


@pytest.fixture(scope='module')
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a build reads, for a build leaves files beside it."""
    copy = tmp_path_factory.mktemp('install') / 'hart_ros'
    copy.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns('__pycache__')
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, copy)
    return copy


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def check_shared_files(prefix: Path) -> Path:
    """Check what launch and ament look for; return the folder with the Python package."""
    share = prefix / 'share'
    assert (share / 'ament_index' / 'resource_index' / 'packages' / 'hart_ros').is_file()
    assert (share / 'hart_ros' / 'package.xml').is_file()
    for folder in ('launch', 'config'):
        expected = {path.name for path in (ROOT / folder).iterdir() if path.is_file()}
        found = {path.name for path in (share / 'hart_ros' / folder).iterdir()}
        assert found - {'__pycache__'} == expected
    (package,) = prefix.glob('lib/python*/*-packages/hart_ros')
    assert (package / 'weights' / 'hart.safetensors').is_file()
    assert (package / 'weights' / 'MODEL_CARD.md').is_file()
    assert (package / 'py.typed').is_file()
    installed = {path.relative_to(package) for path in package.rglob('*.py')}
    assert installed == {
        p.relative_to(ROOT / 'hart_ros') for p in (ROOT / 'hart_ros').rglob('*.py')
    }
    return package.parent


def test_pip_installs_everything(sources: Path, tmp_path: Path) -> None:
    pip = ['-m', 'pip', 'install', '--no-deps', '--no-build-isolation', '--no-index']
    run(*pip, '--ignore-installed', '--prefix', str(tmp_path), str(sources), cwd=tmp_path)
    # Debian's pip adds /local to a prefix.
    prefix = tmp_path / 'local' if (tmp_path / 'local').is_dir() else tmp_path
    check_shared_files(prefix)
    folders = {prefix / 'bin', prefix / 'lib' / 'hart_ros'}  # old setuptools follow setup.cfg
    found = {path.name for folder in folders if folder.is_dir() for path in folder.iterdir()}
    assert found >= set(COMMANDS)


def test_colcon_installs_everything(sources: Path, tmp_path: Path) -> None:
    """The very command by which colcon installs a package with a setup.py."""
    run(
        'setup.py',
        'install',
        f'--prefix={tmp_path}',
        f'--record={tmp_path / "install.log"}',
        '--single-version-externally-managed',
        cwd=sources,
        PYTHONWARNINGS='ignore',
        SETUPTOOLS_SYS_PATH_TECHNIQUE='rewrite',
    )
    prefix = tmp_path / 'local' if (tmp_path / 'local' / 'lib').is_dir() else tmp_path
    python_path = check_shared_files(prefix)
    executables = prefix / 'lib' / 'hart_ros'
    assert {path.name for path in executables.iterdir()} == set(COMMANDS)
    for path in executables.iterdir():
        assert os.access(path, os.X_OK)
        assert path.read_text().startswith('#!/usr/bin/env python3\n')
    path = os.pathsep.join([str(python_path), os.environ.get('PYTHONPATH', '')])
    assert 'usage' in run(str(executables / 'hart-train'), '--help', cwd=tmp_path, PYTHONPATH=path)
