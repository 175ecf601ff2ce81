# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Bad settings, weights and checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bad_input import Case, Group
from file_cases import PNG, write
from safetensors.torch import load_file, save_file

from hart_ros.data.source import open_source
from hart_ros.model.hart import HART, HartConfig
from hart_ros.tracking import HartTracker, WeightsError, load_model, save_weights
from hart_ros.tracking.saved_state import SavedStateError, digest_of_weights, read, to_bytes
from hart_ros.training.checkpoint import load_checkpoint, save_checkpoint
from hart_ros.training.config import DataConfig, TrainConfig, checked, load_config, with_setting
from hart_ros.training.frames import cached_sequence
from hart_ros.training.settings import ConfigError
from hart_ros.training.sources import load_sequences
from hart_ros.training.stills import load_stills
from hart_ros.training.teacher import Teacher

SMALL = HartConfig(glimpse_size=32, v1_widths=(8, 8, 8, 8, 8, 8), hidden=16)


def settings(text: str | bytes) -> Callable[[Path], None]:
    """A file of settings."""

    def give(folder: Path) -> None:
        write(folder, {'train.yaml': text})
        checked(load_config(folder / 'train.yaml'))

    return give


def single(text: str) -> Callable[[Path], None]:
    """A setting of the command line."""
    return lambda _: checked(with_setting(TrainConfig(), text)) and None


def checkpoint(content: Any) -> Callable[[Path], None]:
    """A file last.pt: bytes, or what torch writes."""

    def give(folder: Path) -> None:
        path = folder / 'last.pt'
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            save_checkpoint(path, content)
        load_checkpoint(path)

    return give


class Code:
    """Would run if a checkpoint could hold code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('code of a checkpoint ran')",)


def of_two_sizes(folder: Path) -> None:
    import cv2
    import numpy as np

    other = cv2.imencode('.png', np.zeros((9, 9, 3), np.uint8))[1].tobytes()
    write(folder, {'mixed/1.png': PNG, 'mixed/2.png': other})
    cached_sequence(open_source(folder / 'mixed'), folder / 'cache')


def nothing_left_out(folder: Path) -> None:
    write(folder, {'data/film/groundtruth_rect.txt': '1,1,9,9', 'data/film/img/0001.png': PNG})
    load_sequences(DataConfig((str(folder / 'data'),), leave_out=('film1*',), drives=0))


def outlined(mask: np.ndarray) -> Callable[[Path], None]:
    """A photograph of 64 x 48 pixels with an outline beside it."""

    def give(folder: Path) -> None:
        import cv2

        cv2.imwrite(str(folder / 'a.jpg'), np.full((48, 64, 3), 90, np.uint8))
        cv2.imwrite(str(folder / 'a.mask.png'), mask)
        load_stills(folder, folder / 'cache')

    return give


SETTINGS = Group(
    'Settings of training',
    'One line of `hart-train`, `hart-ablate`; exit status 2. See `config/train.yaml`.',
    ConfigError,
    'checkpoints, weights; nothing was begun',
    (
        Case('no file', lambda f: load_config(f / 'train.yaml')),
        Case('not text', settings(b'\xff\xfe')),
        Case('not YAML', settings('steps: ['), elide='(?<=YAML: ).*(?=; mend)'),
        Case('a list', settings('- 1')),
        Case('an unknown key', settings('steps: 9\nstepz: 9')),
        Case('a key twice', settings('seed: 1\nseed: 2')),
        Case('text for a number', settings('steps: many')),
        Case('a number with a fraction', settings('steps: 1.5')),
        Case('infinite', settings('steps: .inf')),
        Case('NaN', settings('optimiser: {learning_rate: .nan}')),
        Case('of 400 digits', settings('steps: 1' + 400 * '0')),
        Case('nothing', settings('steps:')),
        Case('out of range', settings('clips: {noise: 1.1}')),
        Case('no choice', settings('optimiser:\n  kind: sgd')),
        Case('a date that there is not', settings('out: 2026-13-01')),
        Case('an alias, as of a YAML bomb', settings('a: &a [1, 1]\nb: [*a, *a]')),
        Case('very deep', settings('[' * 5000 + ']' * 5000)),
        Case('values that do not go together', settings('curriculum: {first: 9, last: 8}')),
        Case(
            'photographs among whole frames',
            settings(
                'data: {stills: [photos]}\n'
                'clips: {whole_frames: [64, 48], composed: 0, lookalike: 0, occluder: 0}'
            ),
        ),
        Case('losses of another network', settings('network: ratm\nlosses: {mask: 1}')),
        Case('of the command line', single('steps=0')),
        Case('without a value', single('steps')),
        Case('no such folder', lambda _: load_sequences(DataConfig(folders=('films',), drives=0))),
        Case('nothing of that name to leave out', nothing_left_out),
        Case('nothing to train on', lambda _: load_sequences(DataConfig(drives=0))),
        Case('no photographs', lambda f: load_stills(f, f / 'cache')),
        Case('an outline of 16 bits', outlined(np.ones((48, 64), np.uint16))),
        Case('an outline of another shape', outlined(np.ones((64, 48), np.uint8))),
        Case('a teacher that is no ONNX', lambda f: Teacher(str(f / 'teacher.onnx'), 1.0)),
        Case('a checkpoint cut off', checkpoint(b'PK\3\4'), elide=r'\(.*\)'),
        Case('a checkpoint with code in it', checkpoint({'step': Code()}), elide=r'\(.*\)'),
        Case('a checkpoint of something else', checkpoint([1, 2])),
    ),
)


def weights(
    change: Callable[[dict[str, torch.Tensor], dict[str, str]], Any] = lambda t, m: None,
    kept: int | None = None,
) -> Callable[[Path], None]:
    """A file of weights, with tensors and metadata changed, or only its first bytes."""

    def give(folder: Path) -> None:
        path = folder / 'a.safetensors'
        save_weights(HART(SMALL), path)
        tensors, metadata = load_file(path), {'model': 'hart', 'config': json.dumps(asdict(SMALL))}
        change(tensors, metadata)
        save_file(tensors, path, metadata)
        if kept is not None:
            path.write_bytes(path.read_bytes()[:kept])
        load_model(path)

    return give


def config(**sizes: Any) -> Callable[[Path], None]:
    """Weights with another configuration."""
    return weights(lambda _, m: m.update(config=json.dumps({**asdict(SMALL), **sizes})))


WEIGHTS = Group(
    'Weights',
    'Parameter `weights`, `--weights`, `hart_ros.Tracker(weights)`: `WeightsError`; of '
    '`tracker_node` a fatal line and exit status 1. '
    'No node runs with weights that are not whole.',
    WeightsError,
    'all files; nothing was begun',
    (
        Case('no file', lambda f: load_model(f / 'a.safetensors')),
        Case('a folder', lambda f: load_model(f)),
        Case('empty', weights(kept=0), elide=r'\(.*\)'),
        Case('cut off in the header', weights(kept=100), elide=r'\(.*\)'),
        Case('cut off in the numbers', weights(kept=5000), elide=r'\(.*\)'),
        Case('of another program', weights(lambda t, m: m.clear() or m.update(model='yolo'))),
        Case('of a network with other sizes', config(hidden=32)),
        Case(
            'with a size that is not known',
            config(no_such_size=1),
            elide='(?<=version: ).*(?= got)',
        ),
        Case('with a size of gigabytes', config(hidden=10**9)),
        Case('with sizes that are no mapping', weights(lambda t, m: m.update(config='[]'))),
        Case('without sizes', weights(lambda t, m: m.pop('config')), elide='(?<=version: ).*'),
        Case('a tensor is missing', weights(lambda t, m: t.pop(min(t)))),
        Case('NaN', weights(lambda t, m: t[min(t)].fill_(float('nan')))),
    ),
)


def saved(change: Callable[[bytes], bytes], weights: str = '') -> Callable[[Path], None]:
    """A file of saved targets, changed, and the weights it is read for."""

    def give(folder: Path) -> None:
        path = folder / 'targets.safetensors'
        save_weights(HART(SMALL), path)
        tracker = HartTracker(path, 'cpu', backend='torch')
        own = digest_of_weights(tracker.model)
        state = tracker.init(np.zeros((48, 64, 3), np.uint8), (8.0, 8.0, 16.0, 16.0))
        path.write_bytes(change(to_bytes([state], own, {})))
        read(path, tracker, weights or own)

    return give


SAVED = Group(
    'Saved targets',
    'The file of `restore_state`, when the node is configured: a warning, and `restored` in '
    '`/diagnostics`. They are refused as well where they are older than `restore_max_age`.',
    SavedStateError,
    'the node: it waits for a box',
    (
        Case('cut off', saved(lambda data: data[:-100]), elide='(?<=damaged: ).*'),
        Case('empty', saved(lambda _: b''), elide='(?<=damaged: ).*'),
        Case('a bit is another', saved(lambda data: data[:-1] + bytes([data[-1] ^ 1]))),
        Case('with other weights', saved(lambda data: data, weights='others')),
        Case('of another version', saved(lambda data: data.replace(b'targets 2', b'targets 9'))),
        Case(
            'weights, or another whole file',
            saved(lambda data: data.replace(b'hart_ros targets', b'something else..')),
            survives='that file: the node is not configured',
        ),
    ),
)

CACHE = Group(
    'Sequences to train on',
    'Any file of the tables above ends `hart-train` in the same way; besides:',
    ValueError,
    'all files; nothing was begun',
    (Case('frames of two sizes', of_two_sizes),),
)

GROUPS = (SETTINGS, CACHE, WEIGHTS, SAVED)
