# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Trains the shipped network on video with boxes and on synthetic drives.

hart-train CONFIG.yaml takes the settings from a file (config/train.yaml has them all, explained);
hart-train DATA takes the defaults and a folder of sequences. Both go on from the last checkpoint
in the output folder. For several processes: torchrun --nproc-per-node N -m hart_ros.training.main.
"""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from hart_ros.data.source import SourceError

from .config import TrainConfig, checked, load_config, with_setting
from .group import joined
from .loop import Trainer
from .memory import keep_memory
from .settings import ConfigError, assigned
from .sources import load_sequences

# Options that are short for --set.
SHORT = {
    'out': ('out', 'checkpoints, log, curves, weights'),
    'cache': ('data.cache', 'decoded frames (several GB)'),
    'leave-out': ('data.leave_out', 'sequences to keep for a test; * is any text'),
    'validation': ('data.validation', 'more sequences to validate on; * is any text'),
    'steps': ('steps', 'optimiser steps'),
    'batch': ('batch', 'clips a step'),
    'learning-rate': ('optimiser.learning_rate', 'the highest'),
    'drives': ('data.drives', 'synthetic drives to train on; if any, others are validated on'),
    'synthetic-weight': ('data.weights.synthetic', 'of a drive against a real sequence'),
    'seed': ('seed', 'of weights and clips'),
    'threads': ('threads', 'CPU threads of the network'),
    'workers': ('workers', 'processes that cut clips'),
    'log-every': ('log_every', 'steps'),
    'save-every': ('save_every', 'steps'),
    'validate-every': ('validate_every', 'steps'),
}


def main(argv: list[str] | None = None) -> None:
    """Trains, or goes on from the last checkpoint in the output folder."""
    argv = sys.argv[1:] if argv is None else argv
    parser = command_line()
    options = parser.parse_args(argv)
    try:
        train(configured(options), shlex.join(['hart-train', *argv]))
    except (ConfigError, SourceError) as error:
        parser.error(str(error))


def train(config: TrainConfig, command: str = 'hart-train') -> Trainer:
    """Trains with a configuration, alone or in the group that torchrun started.

    Raises:
        ConfigError: settings or data with which it cannot.
    """
    torch.set_num_threads(config.threads)
    keep_memory()
    with joined(config.device) as group, tails_as_zero():
        Path(config.out).mkdir(parents=True, exist_ok=True)
        with group.first_then_others():
            training, validation = load_sequences(config.data, config.clips.whole_frames)
        if group.first:
            frames = sum(len(s.frames) for s in training)
            print(f'{len(training)} training sequences, {frames} frames; ', end='')
            print(f'{len(validation)} for validation')
        trainer = Trainer(config, group, training, validation)
        trainer.log_start(command)
        previous = {s: signal.signal(s, trainer.stop) for s in (signal.SIGINT, signal.SIGTERM)}
        trainer.run()
        for number, handler in previous.items():
            signal.signal(number, handler)
    return trainer


@contextmanager
def tails_as_zero() -> Iterator[None]:
    """Lets numbers too small for the normal format count as 0 in this thread and those it starts.

    The tails of the Gaussians are full of them, and CPUs are slow with them: a third of each step.
    Not to be left on: others count on such numbers.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def configured(options: argparse.Namespace) -> TrainConfig:
    """The settings that a command line asks for.

    Raises:
        ConfigError: an unknown key or a wrong value.
    """
    source: Path = options.source
    if source.suffix in ('.yaml', '.yml'):
        config = load_config(source)
    else:
        data = dataclasses.replace(TrainConfig().data, folders=(str(source),))
        config = dataclasses.replace(TrainConfig(), data=data)
    for text in options.set:
        config = with_setting(config, text)
    for name, (key, _) in SHORT.items():
        value = getattr(options, name.replace('-', '_'))
        if value is not None:
            config = assigned(config, tuple(key.split('.')), value, said(f'--{name}'))
    if options.full_precision:
        config = dataclasses.replace(config, precision='float32')
    return checked(config)


def said(text: str) -> Callable[[object], str]:
    """Says the same of every key."""
    return lambda _: text


def command_line() -> argparse.ArgumentParser:
    """The options of hart-train."""
    parser = argparse.ArgumentParser(
        'hart-train', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'source',
        type=Path,
        metavar='CONFIG.yaml|DATA',
        help='settings; or a folder of sequences: NAME/video.mp4 and boxes.csv, OTB, NAME.avi and '
        'NAME.csv, KITTI tracking',
    )
    parser.add_argument(
        '--set', action='append', default=[], metavar='KEY=VALUE', help='any setting of the file'
    )
    for name, (key, meaning) in SHORT.items():
        parser.add_argument(f'--{name}', metavar='X', help=f'{meaning} (--set {key}=X)')
    parser.add_argument(
        '--full-precision', action='store_true', help='short for --set precision=float32'
    )
    return parser


if __name__ == '__main__':
    main()
