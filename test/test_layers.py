# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Imports go one way, and everything imported is declared."""

from __future__ import annotations

import ast
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / 'hart_ros').rglob('*.py'))

FILE_ACCESS = {'glob', 'io', 'os', 'pathlib', 'shutil', 'tempfile'}
ROS_LAYERS = {'nodes', 'demo', 'benchmark'}

# What package.xml and setup.py call the modules that are not named like their package.
ROSDEP = {
    'cv2': 'python3-opencv',
    'matplotlib': 'python3-matplotlib',
    'numpy': 'python3-numpy',
    'tkinter': 'python3-tk',
    'tqdm': 'python3-tqdm',
    'yaml': 'python3-yaml',
}
PIP = {'torch', 'safetensors', 'onnxruntime', 'rosbags'}


def declared() -> set[str]:
    """Every dependency that package.xml names for running."""
    package = ElementTree.parse(ROOT / 'package.xml').getroot()
    return {e.text or '' for kind in ('depend', 'exec_depend') for e in package.iter(kind)}


LAUNCHED = {'launch', 'launch_ros', 'rviz2'}  # by launch files
ROS = {name for name in declared() if not name.startswith('python3-')}


def imports_of(path: Path) -> Iterator[str]:
    """Yield what a file imports, as absolute dotted names; lazy imports too."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = '.'.join([*base, *([node.module] if node.module else [])])
            yield from (f'{module}.{alias.name}' for alias in node.names)


def layer_of(name: str) -> str:
    """`hart_ros.nodes.player_node.main` lies in `nodes`."""
    return name.split('.')[1] if name.startswith('hart_ros.') else ''


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    layer = layer_of('.'.join(path.relative_to(ROOT).with_suffix('').parts))
    imported = list(imports_of(path))
    roots = {name.split('.')[0] for name in imported}
    layers = {layer_of(name) for name in imported} - {'', '__version__'}
    if layer not in ROS_LAYERS:
        assert not roots & ROS, f'ROS in {layer}'
        assert not layers & ROS_LAYERS, f'{layer} imports nodes'
    if layer == 'model':
        assert layers <= {'model'}
        assert not roots & (FILE_ACCESS | set(ROSDEP)), 'the model is torch only'
    if layer == 'tracking':
        assert layers <= {'model', 'tracking'}


def test_every_import_is_declared() -> None:
    known = set(sys.stdlib_module_names) | {'hart_ros'} | ROS
    known |= {module for module, key in ROSDEP.items() if key in declared()}
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    known |= {module for module in PIP if f"'{module}>=" in setup}
    unknown = {
        f'{path.relative_to(ROOT)}: {name}'
        for path in FILES
        for name in imports_of(path)
        if name.split('.')[0] not in known
    }
    assert not unknown, 'declare it in package.xml, or in setup.py where rosdep has no key'


def test_every_declared_module_is_used() -> None:
    modules = {name: name for name in ROS - LAUNCHED} | {v: k for k, v in ROSDEP.items()}
    used = {name.split('.')[0] for path in FILES for name in imports_of(path)}
    unused = {key for key in declared() - LAUNCHED if modules[key] not in used}
    assert not unused


def test_import_is_light() -> None:
    """`import hart_ros` needs neither torch nor ROS, so that tools start at once."""
    names = {name.split('.')[0] for name in top_level_imports(ROOT / 'hart_ros' / '__init__.py')}
    assert names <= {'__future__', 'typing'}


def top_level_imports(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
