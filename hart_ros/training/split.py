# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Which sequences are never trained on. Those of KITTI are split in time: see `KittiTracking`."""

from __future__ import annotations

# Whole sequences set aside for validation: a car, runners with an occlusion, a cyclist, a drifting
# car, fast motion behind trees, a small animal, a walker from a moving camera, a person.
VALIDATION = (
    'car',
    'davis-bmx-trees',
    'davis-drift-chicane',
    'jogging',
    'segtrack2-soldier',
    'tld-panda',
    'tld-pedestrian1',
    'tlp-bike',
)
VALIDATION_DRIVES = (9001, 9002, 9003, 9004)  # seeds of synthetic drives, while training
# Those on which hart-evaluate and hart-ablate compare: a mean of four moves by more than what is to
# be told apart.
COMPARED_DRIVES = tuple(range(9001, 9025))
FIRST_TRAINING_DRIVE = 100  # training drives have seeds from here on


def is_drive(name: str) -> bool:
    """Whether a sequence of this name is a synthetic drive, not a real one."""
    return name.startswith('synthetic')
