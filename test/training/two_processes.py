# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Run by torchrun in test_loop.py: goes on training on a folder, saves each process's weights."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from hart_ros.model.hart import HartConfig
from hart_ros.training import loop
from hart_ros.training.config import CurriculumConfig, DataConfig, TrainConfig
from hart_ros.training.main import train


def main() -> None:
    data, home = Path(sys.argv[1]), Path(sys.argv[2])
    loop.validate = lambda *_: {'car': 0.5}
    seen = []
    forward = loop.Objective.forward

    def noting(self, model, clips, *rest):  # type: ignore[no-untyped-def]
        seen.append(clips['images'].clone())
        return forward(self, model, clips, *rest)

    loop.Objective.forward = noting
    config = TrainConfig(
        out=str(home / 'out'),
        steps=4,
        batch=2,
        threads=1,
        workers=0,
        log_every=1,
        validate_every=100,
        data=DataConfig((str(data),), str(home / 'cache'), drives=0),
        curriculum=CurriculumConfig(stages=((0.0, 2), (0.5, 3))),
        model=HartConfig(glimpse_size=32, v1_widths=(8, 8, 8, 8, 8, 8), hidden=16),
    )
    trainer = train(config)
    content = {
        'step': trainer.step,
        'parameters': dict(trainer.model.named_parameters()),
        'images': seen[0],
    }
    torch.save(content, home / f'rank{os.environ["RANK"]}.pt')


if __name__ == '__main__':
    main()
