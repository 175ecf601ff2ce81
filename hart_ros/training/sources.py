# SPDX-License-Identifier: Apache-2.0
"""What is trained on, and what is kept to validate on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from hart_ros.data.source import open_source

from .config import DataConfig
from .frames import Sequence, cached_sequence, part_of, scaled
from .settings import ConfigError
from .split import FIRST_TRAINING_DRIVE, KITTI_SHARE, VALIDATION, VALIDATION_DRIVES

Pair = tuple[list[Sequence], list[Sequence]]


def load_sequences(config: DataConfig, size: tuple[int, ...] = ()) -> Pair:
    """Training and validation sequences, decoded into the cache on first use.

    Args:
        config: which.
        size: width and height that frames are scaled to; () leaves them as they are.

    Raises:
        ConfigError: a folder that does not exist, or nothing to train or to validate on.
    """
    training: list[Sequence] = []
    validation: list[Sequence] = []
    for folder in map(Path, config.folders):
        if not folder.is_dir():
            raise ConfigError(f'{folder}: no such folder; name one with sequences to train on')
        read = _kitti if _kitti_images(folder) else _videos
        for kept, found in zip((training, validation), read(folder, Path(config.cache))):
            kept += found
    seeds = range(FIRST_TRAINING_DRIVE, FIRST_TRAINING_DRIVE + config.drives)
    training += _cached(seeds, _drive, Path(config.cache), 'drives')
    if config.drives:
        validation += _cached(VALIDATION_DRIVES, _drive, Path(config.cache), 'drives')
    for kept in (training, validation):
        names = [sequence.name for sequence in kept]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ConfigError(f'two sequences are named {min(twice)}: rename one of them')
    if not (training and validation):
        where = ', '.join(config.folders) or 'no folder'
        raise ConfigError(
            f'{where}: {len(training)} sequences to train on and '
            f'{len(validation)} for validation, but both are needed: add folders with video.mp4 '
            'and boxes.csv, a root of KITTI tracking, or drives (--drives). Those of these names '
            f'are kept for validation: {", ".join(VALIDATION)}'
        )
    if size:
        width, height = size
        training = [scaled(sequence, (width, height)) for sequence in training]
        validation = [scaled(sequence, (width, height)) for sequence in validation]
    return training, validation


def _videos(folder: Path, cache: Path) -> Pair:
    """Whole sequences are kept aside, by name."""
    found = sorted(p for p in folder.iterdir() if (p / 'boxes.csv').is_file())
    sequences = _cached(found, open_source, cache, 'sequences')
    kept = [path.name in VALIDATION for path in found]
    return (
        [s for s, aside in zip(sequences, kept) if not aside],
        [s for s, aside in zip(sequences, kept) if aside],
    )


def _kitti(root: Path, cache: Path) -> Pair:
    """The published split: the last fifth of each sequence is kept aside."""
    images = _kitti_images(root)
    assert images is not None
    names = sorted(p.name for p in images.iterdir() if p.is_dir())
    whole = _cached(names, lambda name: open_source(root, sequence=name), cache, 'KITTI')
    borders = [round(KITTI_SHARE * len(s.frames)) for s in whole]
    training = [part_of(s, 0, border) for s, border in zip(whole, borders)]
    validation = [part_of(s, border, len(s.frames)) for s, border in zip(whole, borders)]
    return [s for s in training if s.tracks], [s for s in validation if s.tracks]


def _kitti_images(root: Path) -> Path | None:
    found = (p for p in (root / 'image_02', root / 'training' / 'image_02') if p.is_dir())
    return next(found, None)


def _cached(
    items: Iterable[Any], opened: Callable[[Any], Any], cache: Path, what: str
) -> list[Sequence]:
    bar = tqdm(list(items), desc=what, mininterval=5.0, disable=None)
    return [cached_sequence(opened(item), cache) for item in bar]


def _drive(seed: int) -> Any:
    return open_source(f'synthetic:{seed}', size=(640, 192), frames=80)
