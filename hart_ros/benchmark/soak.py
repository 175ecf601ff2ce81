# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker node for minutes or days: memory, descriptors, latency and counters stay as they are.

A camera publishes 1242x375 bgr8 at 30 Hz, reliably; every 20 s there is a new box, and subscribers
of the debug topics come and go.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hart_ros.demo.environment import private_environment
from hart_ros.evaluation.origin import origin
from hart_ros.evaluation.tables import aligned

from . import soak_report

EPILOG = """examples:
  python -m hart_ros.benchmark.soak --json soak.json
  python -m hart_ros.benchmark.soak --minutes 1440

The node runs in a DDS domain of its own. Linux only: figures are from /proc.
exit status: 0 all holds, 1 something does not or the node failed, 2 no ROS 2, 130 interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print a table and what holds, write JSON; return the exit status."""
    parser = argparse.ArgumentParser(
        'python -m hart_ros.benchmark.soak',
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--minutes', type=float, default=10.0, help='of the run (10)')
    parser.add_argument('--json', type=Path, metavar='FILE', help='write all figures')
    options = parser.parse_args(argv)
    os.environ.update(private_environment(os.environ))
    try:
        from .node_run import BenchmarkError  # only now: DDS reads its environment at import
        from .soak_run import CYCLE, Soak
    except ModuleNotFoundError as error:
        print(f'soak: {error}: needs ROS 2, see README', file=sys.stderr)
        return 2
    seconds = 60.0 * options.minutes
    with tempfile.TemporaryDirectory(prefix='hart_soak_') as logs:
        try:
            with Soak(reliable=True, logs=Path(logs)) as soak:
                samples, counts = soak.soak(seconds, _tell)
                where = {**origin(), **soak.description}
        except BenchmarkError as error:
            print(f'soak: {error}', file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
    warm_up = min(60.0, max(CYCLE, seconds / 4))
    checks = soak_report.judged(samples, warm_up, counts)
    print(aligned(soak_report.table(samples)) + '\n')
    print(aligned([[c.name, 'holds' if c.holds else 'FAILS', c.figures] for c in checks]))
    print('\n' + ', '.join(f'{name}: {value}' for name, value in where.items()))
    if options.json:
        figures = {**soak_report.as_json(samples, checks), 'warm_up': warm_up, 'origin': where}
        options.json.write_text(json.dumps(figures, indent=1) + '\n')
    return 0 if all(check.holds for check in checks) else 1


def _tell(sample: soak_report.Sample) -> None:
    print(
        f'{sample.seconds:7.0f} s  {sample.rss_mb:.1f} MB  {sample.descriptors} descriptors  '
        f'p99 {soak_report.p99([sample]):.1f} ms',
        file=sys.stderr,
        flush=True,
    )


if __name__ == '__main__':
    sys.exit(main())
