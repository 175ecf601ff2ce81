# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""MNIST from a folder: mnist.npz, or the four files in the IDX format, packed or not."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SIDE = 28  # of a digit, pixels
_IDX = {'train': ('train-images', 'train-labels'), 'test': ('t10k-images', 't10k-labels')}


class MnistError(ValueError):
    """No digits, or damaged ones; the message says where and what to do."""


@dataclass(frozen=True)
class Digits:
    """A part of MNIST."""

    images: np.ndarray  # (N, 28, 28) uint8
    classes: np.ndarray  # (N,) int64


def load_mnist(folder: Path) -> tuple[Digits, Digits]:
    """The digits to train on, and those for the test, as published.

    Raises:
        MnistError: they are not there, or not what they should be.
    """
    packed = folder / 'mnist.npz'
    if packed.is_file():
        return _npz(packed)
    return _part(folder, 'train'), _part(folder, 'test')


def _npz(path: Path) -> tuple[Digits, Digits]:
    try:
        with np.load(path) as file:
            parts = [(file[f'x_{part}'], file[f'y_{part}']) for part in ('train', 'test')]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise MnistError(f'{path}: not x_train, y_train, x_test, y_test: {error}') from error
    training, test = (_checked(images, classes, path) for images, classes in parts)
    return training, test


def _part(folder: Path, part: str) -> Digits:
    images, classes = (_found(folder, stem) for stem in _IDX[part])
    return _checked(_read_idx(images), _read_idx(classes), images)


def _found(folder: Path, stem: str) -> Path:
    files = sorted(folder.glob(f'{stem}[-.]idx?-ubyte*')) if folder.is_dir() else []
    if not files:
        raise MnistError(
            f'{folder}: has neither mnist.npz nor {stem}-idx*-ubyte; give the folder of MNIST by '
            '--data'
        )
    return files[0]


def _read_idx(path: Path) -> np.ndarray:
    """Bytes with their shape before them: 0, 0, type 8, dimensions, then each as 4 bytes."""
    try:
        with gzip.open(path) if path.suffix == '.gz' else path.open('rb') as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise MnistError(f'{path}: cannot be read ({error}); copy it again') from error
    dimensions = content[3] if content[:3] == b'\x00\x00\x08' and len(content) > 3 else 0
    start = 4 + 4 * dimensions
    whole = dimensions and len(content) >= start
    shape = np.frombuffer(content[4:start], '>u4') if whole else ()
    if not whole or len(content) - start != np.prod(shape):
        raise MnistError(f'{path}: not a whole file in the IDX format; copy it again')
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _checked(images: np.ndarray, classes: np.ndarray, path: Path) -> Digits:
    fits = images.shape[1:] == (SIDE, SIDE) and images.dtype == np.uint8
    if not fits or classes.shape != (len(images),) or not len(images) or max(classes) > 9:
        raise MnistError(f'{path}: not digits of 28x28 bytes with a class each; copy it again')
    return Digits(images, classes.astype(np.int64))
