# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""hart-benchmark-node: from a published image to the detection, through real processes.

A camera in this process publishes to the tracker node and, in turns, to a node that answers each
image with an empty detection: what the two differ by is what tracking costs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hart_ros.apps.arguments import count, positive, whole
from hart_ros.demo.environment import private_environment
from hart_ros.evaluation.origin import origin

EPILOG = """examples:
  hart-benchmark-node --json node.json
  hart-benchmark-node --rates 30 --rounds 1 --starts 0
  RMW_IMPLEMENTATION=rmw_cyclonedds_cpp hart-benchmark-node --markdown

The nodes run in a DDS domain of their own; Fast DDS gets config/fastdds.xml unless the environment
names another profile.

exit status: 0 done, 1 a node failed, 2 no ROS 2 or nowhere to write, 130 interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print tables, write JSON; return the exit status."""
    options = _parser().parse_args(argv)
    if options.json and not options.json.absolute().parent.is_dir():
        print(
            f'hart-benchmark-node: {options.json}: no such folder; make it first', file=sys.stderr
        )
        return 2
    os.environ.update(private_environment(os.environ))
    try:
        from . import node_report  # only now: DDS reads its environment when it is loaded
        from .node_run import Bench, BenchmarkError
    except ModuleNotFoundError as error:
        print(f'hart-benchmark-node: {error}: needs ROS 2, see README', file=sys.stderr)
        return 2

    with tempfile.TemporaryDirectory(prefix='hart_benchmark_') as logs:
        try:
            with Bench(options.reliable, Path(logs)) as bench:
                starts = [bench.start() for _ in range(options.starts)]
                results = bench.compare(options.rates, options.rounds, options.seconds)
        except BenchmarkError as error:
            print(f'hart-benchmark-node: {error}', file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
    where = {**origin(), **bench.description}
    tables = [node_report.latency_rows(results), node_report.overhead_rows(results)]
    if starts:
        tables.append(node_report.start_rows(starts))
    print(node_report.text(tables, options.markdown))
    print('\n' + ', '.join(f'{name}: {value}' for name, value in where.items()))
    if options.json:
        figures: dict[str, Any] = {**node_report.as_json(results, starts), 'origin': where}
        options.json.write_text(json.dumps(figures, indent=1) + '\n')
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        'hart-benchmark-node',
        description='Latency, losses and CPU share of the tracker node over DDS, and its start-up.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--rates',
        type=positive,
        nargs='+',
        default=[10.0, 30.0, 60.0],
        metavar='HZ',
        help='of the camera (10 30 60)',
    )
    add('--seconds', type=positive, default=6.0, help='of a block: one node, one rate (6)')
    add('--rounds', type=whole, default=3, help='blocks of each node and rate, in turns (3)')
    add('--starts', type=count, default=5, help='of the process, for the start-up time (5)')
    add('--reliable', action='store_true', help='the camera publishes reliably, not best effort')
    add('--json', type=Path, metavar='FILE', help='write all figures')
    add('--markdown', action='store_true', help='print the tables as Markdown')
    return parser


if __name__ == '__main__':
    sys.exit(main())
