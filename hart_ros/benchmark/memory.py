# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How much memory a tracker takes, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np

from .contenders import Choice, Clip, make
from .speed import shown

FRAMES = 3


def peak_memory(name: str, choice: Choice, clip: Clip) -> float:
    """MB that a process takes at most which imports, starts and updates one tracker."""
    order = {
        'name': name,
        'weights': {network: str(path) for network, path in choice.weights.items()},
        'models': str(choice.models) if choice.models else None,
        'backend': choice.backend,
        'boxes': clip.boxes[:FRAMES],
    }
    pixels = BytesIO()
    np.save(pixels, np.stack(clip.frames[:FRAMES]))
    done = subprocess.run(
        [sys.executable, '-m', __name__],
        input=json.dumps(order).encode() + b'\n' + pixels.getvalue(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(done.stdout)


def main() -> None:
    """Take an order from standard input, print MB."""
    order = json.loads(sys.stdin.buffer.readline())
    frames = np.load(BytesIO(sys.stdin.buffer.read()))
    models = Path(order['models']) if order['models'] else None
    choice = Choice({k: Path(v) for k, v in order['weights'].items()}, models, order['backend'])
    boxes = [tuple(box) if box else None for box in order['boxes']]
    shown(make(order['name'], choice, 1), Clip('', frames, boxes))
    status = Path('/proc/self/status').read_text().splitlines()
    (peak,) = (line.split()[1] for line in status if line.startswith('VmHWM'))
    print(float(peak) / 1024)


if __name__ == '__main__':
    main()
