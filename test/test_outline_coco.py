# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Outlines of COCO's annotations, drawn beside photographs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from hart_ros.training.stills import load_stills

SCRIPT = Path(__file__).parents[1] / 'scripts' / 'outline_coco.py'


def square(corner: int, side: int) -> list[float]:
    last = corner + side - 1
    return [corner, corner, last, corner, last, last, corner, last]


def thing(corner: int, side: int, crowd: int = 0) -> dict:
    outline = [square(corner, side)]
    return {'image_id': 1, 'iscrowd': crowd, 'area': side**2, 'segmentation': outline}


def test_the_smaller_thing_lies_over_the_larger(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / 'a.jpg'), np.full((200, 300, 3), 90, np.uint8))
    known = {
        'images': [
            {'id': 1, 'file_name': 'a.jpg', 'width': 300, 'height': 200},
            {'id': 2, 'file_name': 'elsewhere.jpg', 'width': 300, 'height': 200},
        ],
        'annotations': [thing(50, 30), thing(40, 100), thing(10, 150, crowd=1)],
    }
    (tmp_path / 'instances.json').write_text(json.dumps(known))
    command = [sys.executable, str(SCRIPT), str(tmp_path / 'instances.json'), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith('1 of 2 photographs outlined')
    (still,) = load_stills(tmp_path, tmp_path / 'cache', 1)
    assert still.outline is not None and still.things == (1, 2)
    mask = cv2.imread(str(still.outline), cv2.IMREAD_GRAYSCALE)
    assert (mask == 2).sum() == 30 * 30
    assert (mask == 1).sum() == 100 * 100 - 30 * 30
