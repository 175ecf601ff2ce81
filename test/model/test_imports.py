# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The model is torch only: no ROS, no OpenCV, no files."""

import ast
from pathlib import Path

import pytest

import hart_ros.model

FILES = sorted(Path(hart_ros.model.__file__).parent.glob('*.py'))
ALLOWED = {'__future__', 'collections', 'dataclasses', 'math', 'torch', 'typing'}


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_model_imports_torch_only(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add(str(node.module).split('.')[0])
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 1, f'{path.name} reaches out of hart_ros.model'
    assert imported <= ALLOWED
