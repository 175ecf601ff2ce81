# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The commit beside a result is that of our code, or none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hart_ros.evaluation import origin


def git(folder: Path, *arguments: str) -> str:
    who = ('-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false')
    command = ['git', '-C', str(folder), *who, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_commit_is_that_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / 'install' / 'hart_ros'
    (package / 'evaluation').mkdir(parents=True)
    (package / 'evaluation' / 'origin.py').touch()
    (tmp_path / 'notes.txt').touch()
    monkeypatch.setattr(origin, 'PACKAGE', package)
    assert origin.commit() is None  # no repository
    git(tmp_path, 'init')
    git(tmp_path, 'add', 'notes.txt')
    git(tmp_path, 'commit', '-m', 'a workspace')
    assert origin.commit() is None  # not of this one
    git(tmp_path, 'add', 'install')
    git(tmp_path, 'commit', '-m', 'ours')
    head = git(tmp_path, 'rev-parse', '--short=10', 'HEAD')
    assert origin.commit() == head
    (package / 'evaluation' / 'origin.py').write_text('changed')
    assert origin.commit() == f'{head}+changes'
