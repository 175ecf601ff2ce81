# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What hart-ablate compares: networks that differ in one thing, and how they are trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hart_ros.model.hart_2017 import ABLATIONS
from hart_ros.model.ratm import RATMConfig

from .clips import ClipConfig
from .config import CurriculumConfig, LossConfig, OptimiserConfig, TrainConfig


@dataclass(frozen=True)
class Variant:
    """One line of a table."""

    name: str
    meaning: str
    settings: Mapping[str, Any]  # fields of `TrainConfig` that are its own
    published: float | None = None  # mean IoU on KITTI, of the poster


@dataclass(frozen=True)
class Comparison:
    """A table: the settings that all lines share, and the lines."""

    base: TrainConfig
    variants: tuple[Variant, ...]


# Whole frames, mirrored and reversed in time, as published; drives are of this size.
PUBLISHED_CLIPS = ClipConfig(
    whole_frames=(640, 192),
    composed=0,
    lookalike=0,
    occluder=0,
    skips=(1,),
    light=0,
    grey=0,
    blur=0,
    noise=0,
    jpeg=0,
)
# For minutes in place of days, and without weights from ImageNet: V1 is narrower, and positions
# count in hundreds of pixels.
MINUTES: dict[str, Any] = {'v1_widths': (32, 64, 96), 'grid_unit': 100.0}

# In colour, its window three halves of the box as on KTH. No CNN was pre-trained, so windows are
# compared in place of features.
RATM_ON_FRAMES: dict[str, Any] = {
    'network': 'ratm',
    'model_ratm': RATMConfig(channels=3, dense=0, classes=0),
}


def _published(name: str, meaning: str, iou: float) -> Variant:
    network = {'network': 'hart_2017', 'model_2017': replace(ABLATIONS[name], **MINUTES)}
    return Variant(name, meaning, network, iou)


def _without(name: str, meaning: str, **fields: Any) -> Variant:
    return Variant(name, meaning, {'model': replace(TrainConfig().model, **fields)})


POSTER = Comparison(
    TrainConfig(
        steps=4000,
        batch=8,
        clips=PUBLISHED_CLIPS,
        curriculum=CurriculumConfig(stages=((0.0, 3), (0.3, 5), (0.7, 10))),
        optimiser=OptimiserConfig(learning_rate=4e-4, warm_up=100, average=0.99),
    ),
    (
        Variant('ratm', 'RATM, taught where its window shall be', RATM_ON_FRAMES, 0.14),
        _published('spatial_att', 'HART of 2017, spatial attention alone', 0.60),
        _published('app_att', 'with appearance attention, without its loss', 0.78),
        _published('full', 'with its loss: HART as published', 0.81),
        Variant('hart', 'the shipped network', {}),
    ),
)
CHANGES = Comparison(
    # 0.99: the average of so short a training must not hold on to its beginning.
    TrainConfig(steps=1500, optimiser=OptimiserConfig(average=0.99)),
    (
        Variant('hart', 'the shipped network', {}),
        _without('narrow', 'narrower window', margin=0.25),
        _without(
            'no_template', 'filters from the running appearance alone', template_filters=False
        ),
        _without('no_running', 'filters from the first frame alone', running_filters=0),
        _without('no_memory', 'no LSTM', memory=False),
        _without('no_votes', 'box read from the vector alone', votes=False),
        Variant('no_mask_loss', 'the mask is not taught', {'losses': LossConfig(mask=0)}),
        Variant(
            'no_score',
            'no predicted IoU: none is taught, and the window never widens',
            {
                'losses': LossConfig(score=0),
                'model': replace(TrainConfig().model, widening=0),
            },
        ),
    ),
)
COMPARISONS: dict[str, Comparison] = {'poster': POSTER, 'changes': CHANGES}
