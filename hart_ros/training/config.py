# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What hart-train can be told; config/train.yaml says the same with comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hart_ros.model.hart import HartConfig
from hart_ros.model.hart_2017 import HART2017Config
from hart_ros.model.ratm import RATMConfig

from .clips import ClipConfig
from .settings import ConfigError, SettingsFile, assigned, from_yaml, limited, one_line


@dataclass(frozen=True)
class DataConfig:
    """Where clips are cut from."""

    folders: tuple[str, ...] = ()
    cache: str = 'runs/cache'
    drives: int = limited(60, 0)
    motions: tuple[str, ...] = ()
    stills: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=lambda: {'synthetic': 0.4})


@dataclass(frozen=True)
class CurriculumConfig:
    """How clips grow."""

    kind: Literal['stages', 'grow'] = 'stages'
    # From this share of the training on, frames of a clip.
    stages: tuple[tuple[float, int], ...] = ((0.0, 4), (0.2, 8), (0.5, 12))
    first: int = limited(5, 2)
    last: int = limited(30, 2)
    iou: float = limited(0.7, 0, 1)
    last_iou: float = limited(0.65, 0, 1)
    patience: int = limited(500, 1)
    truncate: int = limited(0, 0)
    steady: bool = False
    astray: float = limited(0.0, 0, 1)


@dataclass(frozen=True)
class OptimiserConfig:
    """How weights follow gradients."""

    kind: Literal['adamw', 'rmsprop'] = 'adamw'
    learning_rate: float = limited(1e-3, 0)
    schedule: Literal['cosine', 'constant'] = 'cosine'
    warm_up: int = limited(200, 0)
    weight_decay: float = limited(0.02, 0)
    momentum: float = limited(0.9, 0, 1)
    clip_norm: float = limited(1.0, 0)
    average: float = limited(0.998, 0, 1)


@dataclass(frozen=True)
class LossConfig:
    """What the shipped network's losses weigh, beside the box's."""

    mask: float = limited(0.5, 0)
    score: float = limited(0.3, 0)


@dataclass(frozen=True)
class TeacherConfig:
    """Another network whose features V1's are to tell."""

    features: str = 'none'
    weight: float = limited(0.5, 0)


@dataclass(frozen=True)
class TrainConfig:
    """All of it; MODEL_CARD.md has the settings of the shipped weights."""

    out: str = 'runs/hart'
    start: str = 'none'
    imagenet: str = 'none'
    seed: int = limited(0, 0)
    steps: int = limited(10000, 1)
    batch: int = limited(16, 1)
    device: Literal['auto', 'cpu', 'cuda'] = 'auto'
    threads: int = limited(2, 1)
    workers: int = limited(1, 0)
    precision: Literal['auto', 'bfloat16', 'float32'] = 'auto'
    freeze_norms: bool = False
    log_every: int = limited(50, 1)
    save_every: int = limited(250, 1)
    validate_every: int = limited(1000, 1)
    data: DataConfig = field(default_factory=DataConfig)
    clips: ClipConfig = field(default_factory=ClipConfig)
    curriculum: CurriculumConfig = field(default_factory=CurriculumConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    losses: LossConfig = field(default_factory=LossConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    network: Literal['hart', 'hart_2017', 'ratm'] = 'hart'
    model: HartConfig = field(default_factory=HartConfig)
    model_2017: HART2017Config = field(default_factory=HART2017Config)
    model_ratm: RATMConfig = field(default_factory=RATMConfig)


SECTIONS = {'hart': 'model', 'hart_2017': 'model_2017', 'ratm': 'model_ratm'}  # by network


def load_config(path: Path) -> TrainConfig:
    """The defaults, changed by a YAML file.

    Raises:
        ConfigError: no such file, not YAML, an unknown key, a wrong value; names file and line.
    """
    file = SettingsFile(path)
    return assigned(TrainConfig(), (), file.content, file.where)


def with_setting(config: TrainConfig, text: str) -> TrainConfig:
    """A configuration with one value changed by `section.key=value`, the value in YAML.

    Raises:
        ConfigError: an unknown key or a wrong value.
    """
    key, equals, value = text.partition('=')
    where = f'--set {one_line(text)}'
    if not equals:
        raise ConfigError(f'{where}: write it as key=value, e.g. optimiser.learning_rate=0.001')
    try:
        _, content = from_yaml(value, where)
    except ConfigError as error:
        raise ConfigError(f'{where}: the value is not YAML; put it in quotes') from error
    return assigned(config, tuple(key.strip().split('.')), content, lambda _: where)


def checked(config: TrainConfig) -> TrainConfig:
    """The configuration itself, if its values go together.

    Raises:
        ConfigError: they do not.
    """
    stages, model, grow = config.curriculum.stages, config.model, config.curriculum
    starts = [share for share, _ in stages]
    if not stages or starts[0] != 0 or starts != sorted(set(starts)) or starts[-1] >= 1:
        raise ConfigError(
            f'curriculum.stages starts at {starts}: begin with 0, go up, and stay under 1'
        )
    if min(length for _, length in stages) < 2:
        raise ConfigError('curriculum.stages: a clip has at least 2 frames')
    if grow.last < grow.first:
        raise ConfigError(f'curriculum.last {grow.last} is under first {grow.first}: swap them')
    if len(model.v1_widths) != len(model.v1_strides):
        raise ConfigError(
            f'model.v1_widths has {len(model.v1_widths)} entries and v1_strides '
            f'{len(model.v1_strides)}: give one each per convolution'
        )
    if config.freeze_norms and config.start == 'none':
        raise ConfigError('freeze_norms: there are no batch statistics to keep; set start, too')
    if not config.clips.skips or min(config.clips.skips) < 1:
        raise ConfigError('clips.skips: give frame steps from 1, e.g. [1, 2]')
    _check_network(config)
    _check_whole_frames(config)
    return config


def _check_network(config: TrainConfig) -> None:
    default = TrainConfig()
    for network, section in SECTIONS.items():
        is_set = getattr(config, section) != getattr(default, section)
        if is_set and network != config.network:
            raise ConfigError(f'{section} is set, but network is {config.network}: set network too')
    if config.imagenet != 'none' and (config.network != 'hart_2017' or config.start != 'none'):
        raise ConfigError(
            'imagenet: V1 of hart_2017 alone starts from it; leave it, and start, none'
        )
    if config.network == 'hart':
        return
    if config.curriculum.truncate:
        raise ConfigError(f'curriculum.truncate: {config.network} learns from whole clips; set 0')
    for name in ('steady', 'astray'):
        if getattr(config.curriculum, name) != getattr(default.curriculum, name):
            raise ConfigError(f'curriculum.{name}: {config.network} learns without it; leave it')
    for section in ('losses', 'teacher'):
        if getattr(config, section) != getattr(default, section):
            raise ConfigError(f'{section} is set, but {config.network} learns without it; leave it')


def _check_whole_frames(config: TrainConfig) -> None:
    clips = config.clips
    if not clips.whole_frames:
        return
    if len(clips.whole_frames) != 2 or min(clips.whole_frames) < 32:
        raise ConfigError('clips.whole_frames: give [width, height] from 32, e.g. [621, 187]')
    if clips.composed or clips.lookalike or clips.occluder:
        raise ConfigError(
            'clips.whole_frames: nothing is pasted there; set composed, lookalike, occluder to 0'
        )
    if config.data.stills:
        raise ConfigError('clips.whole_frames: photographs have no frames; set data.stills to []')
