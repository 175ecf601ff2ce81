# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What SECURITY.md says of the code: no pickle, no shell, no network, bounded versions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path for folder in ('hart_ros', 'launch', 'scripts') for path in (ROOT / folder).rglob('*.py')
)

RUNS_CODE = {'pickle', 'cPickle', 'dill', 'cloudpickle', 'joblib', 'marshal', 'shelve', 'code'}
NETWORK = {
    'aiohttp', 'ftplib', 'http', 'httpx', 'huggingface_hub', 'imaplib', 'requests', 'smtplib',
    'socket', 'socketserver', 'ssl', 'telnetlib', 'urllib', 'urllib3', 'websockets', 'xmlrpc',
}  # fmt: skip
BINDS_A_PORT = 'hart_ros/demo/environment.py'  # for a moment, to find a free DDS domain
CALLS = {
    'compile', 'eval', 'exec', '__import__', 'os.popen', 'os.system', 'os.startfile',
    'subprocess.getoutput', 'subprocess.getstatusoutput', 'tempfile.mktemp', 'yaml.load',
    'yaml.unsafe_load', 'yaml.full_load', 'torch.hub.load', 'torch.jit.load', 'pty.spawn',
}  # fmt: skip


def name_of(node: ast.expr) -> str:
    """`os.system` of the expression that names it."""
    if isinstance(node, ast.Attribute):
        return f'{name_of(node.value)}.{node.attr}'
    return node.id if isinstance(node, ast.Name) else ''


def dangers(path: Path) -> Iterator[str]:
    """What a file does that it should not."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [str(node.module)]
        for module in modules:
            if module.split('.')[0] in RUNS_CODE | NETWORK:
                yield f'line {node.lineno}: imports {module}'
        if not isinstance(node, ast.Call):
            continue
        name, given = name_of(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
        if name in CALLS:
            yield f'line {node.lineno}: calls {name}'
        if given.get('shell', 'False') != 'False':
            yield f'line {node.lineno}: starts a shell'
        if given.get('allow_pickle', 'False') != 'False':
            yield f'line {node.lineno}: reads pickles'
        if name == 'torch.load' and given.get('weights_only') != 'True':
            yield f'line {node.lineno}: torch.load runs what it reads'


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_dangerous_is_done(path: Path) -> None:
    found = list(dangers(path))
    if str(path.relative_to(ROOT)) == BINDS_A_PORT:
        found.remove(next(danger for danger in found if danger.endswith('imports socket')))
    assert not found


def test_the_scan_finds_what_it_looks_for(tmp_path: Path) -> None:
    path = tmp_path / 'bad.py'
    lines = [
        'import pickle',
        'from urllib.request import urlopen',
        'subprocess.run(command, shell=True)',
        'torch.load(path)',
        'np.load(path, allow_pickle=True)',
        'os.system(command)',
    ]
    path.write_text('\n'.join(lines))
    assert len(list(dangers(path))) == len(lines)


def test_versions_of_dependencies_are_bounded() -> None:
    tree = ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))
    (call,) = (n for n in ast.walk(tree) if isinstance(n, ast.Call) and name_of(n.func) == 'setup')
    given = {k.arg: k.value for k in call.keywords}
    needed = ast.literal_eval(given['install_requires'])
    extras = ast.literal_eval(given['extras_require'])
    assert 'numpy>=1.21,<3' in needed
    optional = [r for name, extra in extras.items() if name != 'test' for r in extra]
    for requirement in (*needed, *optional):
        if not requirement.startswith('setuptools'):  # the interpreter decides
            assert re.fullmatch(r'[\w-]+>=[\d.]+,<\d+', requirement)
    for path in (ROOT / 'scripts').glob('requirements*.txt'):
        for line in path.read_text(encoding='utf-8').splitlines():
            if line and not line.startswith('#'):
                assert '==' in line, f'{path.name}: {line}'
