# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is trained on, and what is kept to validate on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Sequence as InOrder
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from hart_ros.data.listing import Listed, list_sequences
from hart_ros.data.source import Source, open_source
from hart_ros.evaluation.targets import followable

from .config import DataConfig
from .frames import Sequence, cached_sequence, scaled
from .settings import ConfigError
from .split import FIRST_TRAINING_DRIVE, VALIDATION, VALIDATION_DRIVES

Pair = tuple[list[Sequence], list[Sequence]]


def load_sequences(
    config: DataConfig, size: tuple[int, ...] = (), drives: InOrder[int] = VALIDATION_DRIVES
) -> Pair:
    """Training and validation sequences, decoded into the cache on first use.

    Those for validation have only tracks that can be followed.

    Args:
        config: which.
        size: width and height that frames are scaled to; () leaves them as they are.
        drives: seeds of those to validate on, where there are some to train on.

    Raises:
        ConfigError: a folder that does not exist, nothing to train or to validate on, or names to
            keep aside of which there are none.
    """
    _check_kept_aside(config)
    training: list[Sequence] = []
    validation: list[Sequence] = []
    cached = partial(_cached, set(), Path(config.cache))
    for folder in map(Path, config.folders):
        if not folder.is_dir():
            raise ConfigError(f'{folder}: no such folder; name one with sequences to train on')
        for kept, chosen in zip((training, validation), _split(folder, config)):
            found = cached(chosen, _open, folder.name)
            kept += [sequence for sequence in found if sequence.tracks]
    seeds = range(FIRST_TRAINING_DRIVE, FIRST_TRAINING_DRIVE + config.drives)
    training += cached(seeds, partial(_drive, motions=config.motions), 'drives')
    if config.drives:
        validation += cached(drives, _drive, 'drives')
    if size:
        width, height = size
        training = [scaled(sequence, (width, height)) for sequence in training]
        validation = [scaled(sequence, (width, height)) for sequence in validation]
    validation = [replace(s, tracks=followable(s.tracks, s.frames[0].shape)) for s in validation]
    validation = [sequence for sequence in validation if sequence.tracks]
    if not (training and validation):
        where = ', '.join(config.folders) or 'no folder'
        raise ConfigError(
            f'{where}: {len(training)} sequences to train on and '
            f'{len(validation)} for validation, but both are needed: add folders with video.mp4 '
            'and boxes.csv, a root of KITTI tracking, or drives (--drives). Those of these names '
            f'are kept for validation: {", ".join(VALIDATION)}'
        )
    return training, validation


def _split(folder: Path, config: DataConfig) -> tuple[list[Listed], list[Listed]]:
    """What to train on, and to validate on: other sequences, or the end of each of KITTI's."""
    training, validation = (
        [s for s in list_sequences(folder, part) if not _named(s, config.leave_out)]
        for part in ('training', 'validation')
    )
    if any('part' in s.options for s in training):
        return training, validation
    aside = [s for s in training if _named(s, (*VALIDATION, *config.validation))]
    return [s for s in training if s not in aside], aside


def _check_kept_aside(config: DataConfig) -> None:
    """A name that fits nothing would let what it means be trained on."""
    found = [s for folder in map(Path, config.folders) for s in list_sequences(folder, 'training')]
    own = [s for s in found if 'part' not in s.options]  # of KITTI, the end of each is validated on
    for key, some in (('leave_out', found), ('validation', own)):
        for pattern in getattr(config, key):
            if not any(_named(s, [pattern]) for s in some):
                names = ', '.join(s.name for s in some) or 'none'
                raise ConfigError(f'data.{key}: {pattern!r} names no sequence; there are {names}')


def _named(sequence: Listed, patterns: Iterable[str]) -> bool:
    """Those of KITTI have two names: that of the folder, and the one with kitti- before it."""
    names = [sequence.name, *([f'kitti-{sequence.name}'] if 'part' in sequence.options else [])]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _cached(
    names: set[str],
    cache: Path,
    items: Iterable[Any],
    opened: Callable[[Any], tuple[Source, str]],
    what: str,
) -> list[Sequence]:
    """The sequences of items; `names` are taken already, and those of these come to them."""
    found = []
    for source, origin in map(opened, tqdm(list(items), desc=what, mininterval=5.0, disable=None)):
        if source.name in names:
            raise ConfigError(f'two sequences are named {source.name}: rename one of them')
        names.add(source.name)
        found.append(cached_sequence(source, cache, origin))
    return found


def _open(sequence: Listed) -> tuple[Source, str]:
    return open_source(sequence.path, **sequence.options), sequence.origin


def _drive(seed: int, motions: tuple[str, ...] = ()) -> tuple[Source, str]:
    """Every other drive moves as labels say, where there are some."""
    labels = motions[seed // 2 % len(motions)] if motions and seed % 2 else None
    drive = open_source(f'synthetic:{seed}', size=(640, 192), frames=80, motions=labels)
    return drive, str(Path(labels).resolve()) if labels else ''
