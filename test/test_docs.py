# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""README and docs name what there is: files, headings, commands, options, launch arguments."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/*.md')])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
OTHERS = {'bash', 'export', 'pip', 'python', 'ros2', 'rosdep', 'source', 'vot'}
OTHERS |= {'tensorboard', 'torchrun'}


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf'```{language}\n(.*?)```', page.read_text(encoding='utf-8'), re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """The words of each command in a page's `sh` blocks, without comments."""
    found: list[list[str]] = []
    for line in '\n'.join(blocks(page, 'sh')).replace('\\\n', ' ').splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=';&|')
        words.whitespace_split = True
        found.append([])
        for word in words:
            if set(word) <= set(';&|'):
                found.append([])
            else:
                found[-1].append(word)
    return [command for command in found if command]


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    headings = re.findall(r'^#+ (.*)$', page.read_text(encoding='utf-8'), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).replace(' ', '-') for heading in headings}


def is_option(word: str) -> bool:
    """Whether our Python files have a literal for an option such as '--out', dashed or not."""
    literals = re.compile(rf"'(--)?{re.escape(word[2:])}'")
    sources = (ROOT / 'hart_ros').rglob('*.py')
    return any(literals.search(path.read_text(encoding='utf-8')) for path in sources)


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r'\]\(([^)]+)\)', page.read_text(encoding='utf-8')):
        if link.startswith('https://'):
            continue  # tests ask nobody
        name, _, anchor = link.partition('#')
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_reached() -> None:
    text = ''.join(page.read_text(encoding='utf-8') for page in PAGES)
    names = [page.name for page in PAGES if page.name != 'README.md']
    assert not [name for name in names if not re.search(rf'\]\((\S*/)?{name}\)', text)]


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_code_is_valid(page: Path) -> None:
    for code in blocks(page, 'python'):
        compile(code, page.name, 'exec')
    for language in ('yaml', 'json'):
        for code in blocks(page, language):
            yaml.safe_load(code)
    bash = shutil.which('bash')
    assert bash
    for code in blocks(page, 'sh'):
        subprocess.run([bash, '-n'], input=code, text=True, check=True)


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_commands_exist(page: Path) -> None:
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    for program, *arguments in commands(page):
        for word in arguments:
            if word.startswith(('scripts/', 'config/', 'docs/')):
                assert (ROOT / word).is_file(), word
        if not program.startswith('hart-') and not program.endswith('_node'):
            assert program in OTHERS or '=' in program, program
            continue
        assert f"'{program} = " in setup, program
        for option in (word.partition('=')[0] for word in arguments if word.startswith('--')):
            assert is_option(option), f'{program} {option}'


@pytest.mark.parametrize('page', PAGES, ids=NAMES)
def test_launch_arguments_exist(page: Path) -> None:
    for program, *arguments in commands(page):
        if program != 'ros2' or arguments[:2] != ['launch', 'hart_ros']:
            continue
        launch = ROOT / 'launch' / arguments[2]
        declared = declared_arguments(launch)
        given = {word.partition(':=')[0] for word in arguments[3:] if ':=' in word}
        assert given <= declared


def declared_arguments(launch: Path) -> set[str]:
    text = launch.read_text(encoding='utf-8')
    return set(re.findall(r"DeclareLaunchArgument\(\s*'(\w+)'", text))


def test_troubleshooting_quotes_the_nodes() -> None:
    table = (ROOT / 'docs' / 'troubleshooting.md').read_text(encoding='utf-8').split('## ')[1]
    cells = [line.split('|')[1] for line in table.splitlines() if line.startswith('| ')]
    quoted = [text for cell in cells[1:] for text in re.findall(r'`([^`]+)`', cell)]
    assert len(quoted) > 5
    nodes = ''.join(path.read_text() for path in (ROOT / 'hart_ros' / 'nodes').glob('*.py'))
    said = re.sub(r"'\s+f?'", '', nodes)  # strings that go on in the next line
    assert not [text for text in quoted if text not in said]
