# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How fast the tracker is, beside others on the same frames in the same run."""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from hart_ros.apps import arguments as kinds
from hart_ros.data.source import SourceError
from hart_ros.evaluation.origin import origin
from hart_ros.evaluation.peers import CLASSES, MODELS, Peer, PeerError
from hart_ros.model.hart import HART
from hart_ros.model.hart_2017 import HART2017
from hart_ros.model.ratm import RATM
from hart_ros.tracking import WeightsError, load_model, save_weights
from hart_ros.tracking.fast import select_backend
from hart_ros.tracking.types import BACKENDS
from hart_ros.tracking.weights import SHIPPED

from .contenders import INT8, OWN, Choice, Clip, clip_of, inset, make, synthetic_clip
from .floor import floor
from .memory import peak_memory
from .node_report import text
from .own import Hart
from .report import Results
from .speed import compare
from .stages import stage_times

SIZES = ('640x480', '1242x375', '1920x1080', '3840x2160')
PEERS = tuple(name for name in CLASSES if name not in MODELS)  # need no files
EPILOG = """examples:
  hart-benchmark --models MODELS
  hart-benchmark --sizes 1242x375 --threads 1 --trackers hart csrt --rounds 30
  hart-benchmark --source film.mp4 --init 412,180,96,64

Time is that of a whole update, from a uint8 frame to a box. "plain" is a network as it is written,
in eager PyTorch on whole frames; "int8" is hart with V1 in integers. Targets are a tenth of the
frame wide; "A in B" is the target of frames of size A in frames of size B. Trackers take turns, a
pass over the frames each. hart_2017 and ratm run with random weights, which take the same time,
unless they are given some.

exit status: 0 done, 2 wrong arguments or data, 130 interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints tables, writes JSON and a plot; returns the exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    options = _parser().parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix='hart_benchmark_') as folder:
            choice = _choice(options, Path(folder))
            options.out.mkdir(parents=True, exist_ok=True)  # before minutes of measuring
            results = _run(options, choice, _say if sys.stderr.isatty() else lambda line: None)
            where = {**origin(), 'command': shlex.join(['hart-benchmark', *arguments])}
            print(text(results.tables(), options.markdown))
            print('\n' + ', '.join(f'{name}: {value}' for name, value in where.items()))
            figures = {**results.figures(), 'origin': where}
            (options.out / 'result.json').write_text(json.dumps(figures, indent=1) + '\n')
            results.plot(options.out / 'speed.png')
    except KeyboardInterrupt:
        return 130
    except (SourceError, PeerError, WeightsError, ValueError, OSError) as error:
        print(f'hart-benchmark: {error}', file=sys.stderr)
        return 2
    print('\n'.join(str(options.out / name) for name in ('result.json', 'speed.png')))
    return 0


def _run(options: argparse.Namespace, choice: Choice, say: Callable[[str], None]) -> Results:
    names = list(dict.fromkeys(['hart', *_trackers(options)]))
    clips = {clip.name: clip for clip in _clips(options, say)}
    main_clip = clips.get(SIZES[1]) or next(iter(clips.values()))
    results = Results(main_clip.name, {}, {}, {}, {}, {})
    for threads in options.threads:
        contenders = {name: make(name, choice, threads) for name in names}
        timed = results.trackers.setdefault(threads, {})
        for clip in clips.values():
            say(f'{threads} threads, {clip.name}')
            timed[clip.name] = compare(contenders, clip, options.rounds)
        hart = contenders['hart']
        assert isinstance(hart, Hart)
        say(f'{threads} threads, targets and stages')
        many = {str(n): Hart(hart.tracker, n) for n in options.targets}
        times = compare(many, main_clip, options.rounds)
        results.targets[threads] = {int(n): timing for n, timing in times.items()}
        results.stages[threads] = stage_times(hart, main_clip, threads)
        results.floors[threads] = floor(hart.tracker, main_clip, threads)
    for name in names:
        say(f'memory of {name}')
        results.memory[name] = peak_memory(name, choice, main_clip)
    return results


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _choice(options: argparse.Namespace, folder: Path) -> Choice:
    """What to build the trackers from; random weights go into the folder."""
    weights = {'hart': options.weights or SHIPPED}
    if not isinstance(load_model(weights['hart']), HART):
        raise WeightsError(f'weights: {options.weights} is not for hart; see --weights-2017')
    torch.manual_seed(0)
    for name, given, network in (
        ('hart_2017', options.weights_2017, HART2017),
        ('ratm', options.weights_ratm, RATM),
    ):
        weights[name] = given or folder / f'{name}.safetensors'
        if given is None:
            save_weights(network(), weights[name])
    return Choice(weights, options.models, options.backend)


def _trackers(options: argparse.Namespace) -> list[str]:
    """What was asked for, else all that this OpenCV has and whose files are given."""
    if options.trackers:
        for name in options.trackers:
            if name not in OWN:
                Peer(name, options.models)  # what cannot be had is said before minutes of painting
        return list(options.trackers)
    peers = []
    for name in (*PEERS, *(MODELS if options.models else ())):
        with contextlib.suppress(PeerError):
            Peer(name, options.models)
            peers.append(name)
    has_onnx = select_backend('auto', torch.device('cpu')) == 'onnx'
    return [*(name for name in OWN if has_onnx or not name.endswith(INT8)), *peers]


def _clips(options: argparse.Namespace, say: Callable[[str], None]) -> Iterator[Clip]:
    if options.source:
        yield clip_of(options.source, options.frames, options.init)
        return
    clips = []
    for size in options.sizes:
        say(f'painting {size[0]}x{size[1]}')
        clips.append(synthetic_clip(size, options.frames))
    yield from clips
    small, large = clips[0], clips[-1]
    if all(np.less(small.frames[0].shape[:2], large.frames[0].shape[:2])):
        yield inset(small, large)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        'hart-benchmark',
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        '--trackers',
        nargs='+',
        metavar='NAME',
        help=f'{"; ".join((*OWN, *CLASSES))}: in quotes where there is a space; else all there are',
    )
    add(
        '--sizes',
        nargs='+',
        type=kinds.size,
        default=[kinds.size(s) for s in SIZES],
        metavar='WxH',
        help=f'of synthetic frames ({" ".join(SIZES)})',
    )
    add(
        '--threads',
        nargs='+',
        type=kinds.whole,
        default=[1, 2],
        metavar='N',
        help='CPU threads (1 2)',
    )
    add(
        '--targets',
        nargs='+',
        type=kinds.whole,
        default=[1, 4, 16],
        metavar='N',
        help='followed at once (1 4 16)',
    )
    add('--frames', type=kinds.frames, default=20, metavar='N', help='of the clip (20)')
    add('--rounds', type=kinds.whole, default=10, metavar='N', help='passes of each tracker (10)')
    add('--source', metavar='PLACE', help='video or sequence, in place of synthetic drives')
    add(
        '--init',
        type=kinds.box,
        metavar='X,Y,W,H',
        help='box in its first frame, where it has none',
    )
    add('--weights', type=Path, metavar='FILE', help='of hart, else the shipped ones')
    add('--weights-2017', type=Path, metavar='FILE', help='of hart_2017')
    add('--weights-ratm', type=Path, metavar='FILE', help='of ratm')
    add('--models', type=Path, metavar='FOLDER', help='with the ONNX files of nano and vit')
    add('--backend', choices=BACKENDS, default='auto', help='of the networks (auto)')
    add(
        '--out',
        type=Path,
        default=Path('runs/benchmark'),
        metavar='FOLDER',
        help='for JSON, tables and plot (runs/benchmark)',
    )
    add('--markdown', action='store_true', help='print the tables as Markdown')
    return parser


if __name__ == '__main__':
    sys.exit(main())
