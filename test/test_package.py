# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The package is one that ROS 2 and pip accept, and it says the same everywhere."""

from __future__ import annotations

import importlib.util
import json
import re
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

import hart_ros

ROOT = Path(__file__).resolve().parents[1]
OURS = ['hart_ros', 'launch', 'config', 'docs', 'resource', 'scripts', 'test', '.ci', '.github']
DETECTION_HASH = 'RIHS01_0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea'
COMMANDS = re.findall(r"'([\w-]+) = hart_ros", (ROOT / 'setup.py').read_text())


def files(*suffixes: str) -> list[Path]:
    """Return our own files, without what tools leave between them."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in OURS:
        found += [path for path in (ROOT / folder).rglob('*') if path.is_file()]
    ours = (p for p in found if not any('cache' in part for part in p.relative_to(ROOT).parts))
    return sorted(p for p in ours if p.suffix in suffixes)


def test_package_xml_is_valid() -> None:
    catkin_package = pytest.importorskip('catkin_pkg.package', reason='needs catkin_pkg')
    warnings: list[str] = []
    package = catkin_package.parse_package(str(ROOT), warnings=warnings)
    package.validate(warnings=warnings)
    assert not warnings
    assert package.package_format == 3
    assert package.name == 'hart_ros'
    assert package.get_build_type() == 'ament_python'
    assert package.licenses == ['Apache-2.0']
    assert (ROOT / package.licenses[0].file).is_file()


def test_version_is_the_same_everywhere() -> None:
    manifest = ElementTree.parse(ROOT / 'package.xml').getroot().findtext('version')
    setup = re.search(r"^    version='(.+)',$", (ROOT / 'setup.py').read_text(), re.MULTILINE)
    assert setup is not None
    assert hart_ros.__version__ == manifest == setup[1]
    assert re.fullmatch(r'\d+\.\d+\.\d+', manifest)  # semver, as bloom wants it
    assert re.search(
        rf'^(Forthcoming|{re.escape(hart_ros.__version__)} \(\d{{4}}-\d\d-\d\d\))\n-+$',
        (ROOT / 'CHANGELOG.rst').read_text(),
        re.MULTILINE,
    )


def test_workflow_runs_what_readme_promises() -> None:
    workflow = yaml.safe_load((ROOT / '.github' / 'workflows' / 'ci.yaml').read_text())
    jobs = workflow['jobs']
    distributions = jobs['colcon']['strategy']['matrix']['distribution']
    *others, last = (name.capitalize() for name in distributions)
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    assert f'with ROS 2 {", ".join(others)} or {last} sourced' in readme
    for step in (step for job in jobs.values() for step in job['steps']):
        for script in re.findall(r'(?:scripts|\.ci)/[\w.]+', step.get('run', '')):
            assert (ROOT / script).is_file(), script


def test_every_file_says_whose_it_is_and_under_which_licence() -> None:
    header = '# SPDX-License-Identifier: Apache-2.0\n# Copyright 2026 the hart_ros authors\n'
    silent = []
    for path in files('.py', '.sh'):
        text = path.read_text(encoding='utf-8')
        if text.startswith('#!'):
            text = text.partition('\n')[2]
        if text and not text.startswith(header):
            silent.append(str(path.relative_to(ROOT)))
    assert not silent


def test_no_package_registry_is_named() -> None:
    """Where packages come from is the user's configuration of pip and apt, not ours."""
    hosts = ['pypi' + '.org', 'python' + 'hosted', 'download.' + 'pytorch', 'conda' + '.anaconda']
    named = [
        f'{path.relative_to(ROOT)}: {host}'
        for path in files('.py', '.sh', '.txt', '.cfg', '.toml', '.md', '.rst', '.xml', '.yaml', '')
        for host in hosts
        if host in path.read_text(encoding='utf-8')
    ]
    assert not named


def test_weights_and_their_card_are_shipped() -> None:
    assert (ROOT / 'hart_ros' / 'weights' / 'hart.safetensors').stat().st_size < 20e6
    card = ROOT / 'hart_ros' / 'weights' / 'MODEL_CARD.md'
    assert 'hart-train' in card.read_text(encoding='utf-8')


@pytest.mark.parametrize('name', COMMANDS)
def test_command_can_be_imported(name: str) -> None:
    needs = ['rclpy', 'vision_msgs'] if name.endswith('_node') else ['torch']
    missing = [module for module in needs if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f'needs {" and ".join(missing)}: bash scripts/setup.sh, or source a distro')
    found = [p for p in entry_points(group='console_scripts', name=name) if 'hart_ros' in p.value]
    assert found, 'hart_ros is not installed: bash scripts/setup.sh'
    assert callable(found[0].load())


def test_detection_has_upstreams_type_hash() -> None:
    """With another hash, nobody else's subscriber would receive our detections."""
    index = pytest.importorskip('ament_index_python.packages', reason='needs ROS 2')
    share = Path(index.get_package_share_directory('vision_msgs'))
    description = share / 'msg' / 'Detection2D.json'
    if not description.is_file():
        pytest.skip('this distribution has no type hashes (Humble)')
    hashes = {
        h['type_name']: h['hash_string'] for h in json.loads(description.read_text())['type_hashes']
    }
    assert hashes['vision_msgs/msg/Detection2D'] == DETECTION_HASH
