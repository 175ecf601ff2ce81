# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The pictures of README and docs can be made anew."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_pictures_are_made(tmp_path: Path) -> None:
    image = pytest.importorskip('PIL.Image', reason='needs Pillow, which matplotlib brings')
    command = [sys.executable, str(ROOT / 'docs' / 'make_pictures.py'), '--frames', '3']
    subprocess.run([*command, '--out', str(tmp_path)], check=True, timeout=120)
    with image.open(tmp_path / 'demo.webp') as film:
        assert (film.n_frames, film.size) == (3, (640, 192))
    figure = cv2.imread(str(tmp_path / 'how-it-works.png'))
    assert figure.std() > 40  # something is drawn


def test_pictures_are_small() -> None:
    assert (ROOT / 'docs' / 'demo.webp').stat().st_size < 600e3
    assert (ROOT / 'docs' / 'how-it-works.png').stat().st_size < 300e3
