# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Trackers side by side, on the same frames from the same first boxes."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from hart_ros.apps.arguments import count, size
from hart_ros.data.source import SourceError
from hart_ros.tracking.types import BACKENDS
from hart_ros.tracking.weights import SHIPPED, WeightsError
from hart_ros.training.split import COMPARED_DRIVES, VALIDATION

from .peers import CLASSES, PeerError
from .run import DESCRIPTIONS, make_trackers, results_of
from .summary import TargetResult
from .targets import Target, choose, find_sequences, open_targets

EPILOG = """examples:
  hart-evaluate DATA --split validation --tracker hart --tracker csrt --tracker kcf
  hart-evaluate DATA --tracker hart --tracker old=old.safetensors --protocol restart
  hart-evaluate synthetic:1 synthetic:2 --size 640x192 --frames 80
  hart-evaluate KITTI --sequences 0003 0010 --tracker nano --models MODELS
  hart-evaluate KITTI --split validation --protocol hart60 --targets 0    as published
  hart-evaluate TLD --protocol loss --targets 0    is what left believed to be there?
  hart-evaluate KTH --sequences 'person01_*' --protocol ope --weights without01.safetensors

A peer that reports failure keeps its last box.

exit status: 0 done, 2 wrong arguments or data, 130 interrupted"""


def main(argv: list[str] | None = None) -> int:
    """Runs the protocols, prints tables, writes JSON and a page; returns the exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    options = _parser().parse_args(arguments)
    names, weights = _named(options.tracker or ['hart'], options.weights)
    try:
        from .report import Report, described  # needs matplotlib

        trackers = make_trackers(
            names, weights, options.models, options.device, options.threads, options.backend
        )
        targets = _targets(options)
        options.out.mkdir(parents=True, exist_ok=True)
        command = shlex.join(['hart-evaluate', *arguments])
        origin = described(command, options.threads, weights)
    except ModuleNotFoundError as error:
        print(f'hart-evaluate: {error}: sudo apt install python3-matplotlib', file=sys.stderr)
        return 2
    except (SourceError, PeerError, WeightsError, ValueError, OSError) as error:
        print(f'hart-evaluate: {error}', file=sys.stderr)
        return 2
    protocols = list(dict.fromkeys(options.protocol or ['hart60', 'ope']))
    results: list[TargetResult] = []
    failure = ''
    try:
        results.extend(results_of(trackers, protocols, targets))  # keeps what comes before an error
    except KeyboardInterrupt:
        return 130
    except SourceError as error:  # a frame that cannot be decoded: what was measured is kept
        failure = f'{error} ({len(results)} of {len(targets)} targets were finished)'
        origin['stopped'] = failure
    if results:
        report = Report(results, origin)
        print(report.text())
        print('\n'.join(['', *map(str, report.write(options.out))]))
    if failure:
        print(f'hart-evaluate: {failure}', file=sys.stderr)
        return 2
    return 0


def _named(trackers: Sequence[str], weights: Path | None) -> tuple[list[str], dict[str, Path]]:
    """Names of trackers, and the files of those that are HART."""
    files = {}
    for name, _, file in (text.partition('=') for text in trackers):
        if file or name == 'hart':
            files[name] = Path(file) if file else weights or SHIPPED
    return list(dict.fromkeys(text.partition('=')[0] for text in trackers)), files


def _targets(options: argparse.Namespace) -> list[Target]:
    """All targets that were asked for; sequences are opened, but not decoded."""
    places, names, part = options.data, options.sequences, options.split
    if part == 'validation':
        drives = [f'synthetic:{seed}' for seed in COMPARED_DRIVES]
        places = [p for place in places for p in (drives if place == 'synthetic' else [place])]
    settings = {'size': options.size, 'frames': options.frames}
    settings = {name: value for name, value in settings.items() if value}
    found = find_sequences(places, settings, part)
    if part == 'validation' and any(entry.name for entry in found):
        names = VALIDATION
    if names:
        found = choose(found, names)
    return open_targets(found, options.targets, options.scale)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        'hart-evaluate',
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        'data',
        nargs='+',
        help='sequence (folder with video.mp4 and boxes.csv, NAME.avi with NAME.csv, OTB), folder '
        'of them, root of KITTI tracking, synthetic[:SEED]',
    )
    add(
        '--tracker',
        action='append',
        metavar='NAME',
        help=f'hart, {", ".join(CLASSES)}, or NAME=FILE for HART with other weights; '
        'again for several (hart)',
    )
    add(
        '--protocol',
        action='append',
        choices=list(DESCRIPTIONS),
        help='again for several (hart60 and ope)',
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        '--sequences', nargs='+', default=(), metavar='NAME', help='only these; * is any text'
    )
    which.add_argument(
        '--split',
        choices=['validation'],
        help='only what is never trained on; of KITTI tracking the last 20%% of each sequence',
    )
    add('--targets', type=count, default=2, metavar='N', help='of a sequence; 0 for all (2)')
    add('--weights', type=Path, metavar='FILE', help='of hart, else the shipped ones')
    add('--models', type=Path, metavar='FOLDER', help='with the ONNX files of nano and vit')
    add('--device', choices=('auto', 'cpu', 'cuda'), default='cpu', help='of hart (cpu)')
    add('--backend', choices=BACKENDS, default='auto', help='of hart (auto)')
    add('--threads', type=count, default=1, metavar='N', help='CPU threads of all trackers (1)')
    add('--size', type=size, metavar='WxH', help='of synthetic frames, else 1242x375')
    add('--scale', type=size, metavar='WxH', help='scale all frames to this, as for hart_2017')
    add('--frames', type=count, metavar='N', help='of synthetic drives, else 120')
    add(
        '--out',
        type=Path,
        default=Path('runs/evaluation'),
        metavar='FOLDER',
        help='for result.json and report.html (runs/evaluation)',
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
