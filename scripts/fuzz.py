# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Gives one kind of input random damage, guided by coverage. Needs atheris (pip install atheris).

python scripts/fuzz.py labels --seconds 60

What it finds is in `crash-*`, in the current folder, and ends it with a status other than 0.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'bad_inputs'))


def main() -> None:
    """Run until the time is over or something is found."""
    import atheris

    with atheris.instrument_imports(include=['hart_ros']):
        from fuzz_targets import TARGETS, seeds

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('target', choices=TARGETS)
    parser.add_argument('--seconds', type=int, default=60, help='60')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as corpus:
        for k, seed in enumerate(seeds(options.target)):
            (Path(corpus) / str(k)).write_bytes(seed)
        limits = [f'-max_total_time={options.seconds}', '-timeout=10', '-rss_limit_mb=4096']
        atheris.Setup([sys.argv[0], *limits, corpus], TARGETS[options.target])
        atheris.Fuzz()


if __name__ == '__main__':
    main()
