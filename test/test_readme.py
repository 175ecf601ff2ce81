# SPDX-License-Identifier: Apache-2.0
"""README names what there is: topics, parameters, launch arguments, files, commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')


def column(heading: str) -> set[str]:
    """Names in the first columns of the tables under a heading."""
    section = README.split(f'\n## {heading}')[1].split('\n## ')[0]
    cells = [line.split('|')[1] for line in section.splitlines() if line.startswith('| `')]
    return {name for cell in cells for name in re.findall(r'`([^`]+)`', cell)}


def test_all_parameters_are_named() -> None:
    document = yaml.safe_load((ROOT / 'config' / 'tracker.yaml').read_text(encoding='utf-8'))
    assert column('Node `hart`') >= set(document['/**/hart']['ros__parameters'])


def test_all_launch_arguments_are_named() -> None:
    launch = (ROOT / 'launch' / 'tracker.launch.py').read_text(encoding='utf-8')
    declared = set(re.findall(r"DeclareLaunchArgument\(\s*'(\w+)'", launch))
    assert column('Launch arguments') == declared


def test_links_lead_somewhere() -> None:
    targets = re.findall(r'\]\(([^)#]+)\)', README)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize('command', re.findall(r'bash scripts/\w+\.sh', README))
def test_scripts_exist(command: str) -> None:
    assert (ROOT / command.split()[1]).is_file()


def test_the_python_example_is_valid() -> None:
    for code in re.findall(r'```python\n(.*?)```', README, re.DOTALL):
        compile(code, 'README.md', 'exec')
