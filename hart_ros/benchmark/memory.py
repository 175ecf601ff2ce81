# SPDX-License-Identifier: Apache-2.0
"""How much memory a tracker takes, in a process of its own."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

from .contenders import Choice, Clip, make
from .speed import shown

FRAMES = 3


def peak_memory(name: str, choice: Choice, clip: Clip) -> float:
    """MB that a process takes at most which imports, starts and updates one tracker."""
    few = Clip(clip.name, clip.frames[:FRAMES], clip.boxes[:FRAMES])
    command = [sys.executable, '-m', __name__]
    order = pickle.dumps((name, choice, few))
    done = subprocess.run(command, input=order, stdout=subprocess.PIPE, check=True)
    return float(done.stdout)


def main() -> None:
    """Take an order from standard input, print MB."""
    name, choice, clip = pickle.load(sys.stdin.buffer)
    shown(make(name, choice, 1), clip)
    status = Path('/proc/self/status').read_text().splitlines()
    (peak,) = (line.split()[1] for line in status if line.startswith('VmHWM'))
    print(float(peak) / 1024)


if __name__ == '__main__':
    main()
