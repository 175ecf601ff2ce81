# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Curves and pictures of a training for TensorBoard: tensorboard --logdir runs/hart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hart_ros.tracking.weights import AnyModel


class Board:
    """Writes for TensorBoard; silent where that is not installed, but for one line."""

    def __init__(self, folder: Path, step: int) -> None:
        self._writer = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            print('no curves for TensorBoard: pip install tensorboard; training goes on without')
            return
        # What a run wrote after the checkpoint that this one starts from is left out of the curves.
        self._writer = SummaryWriter(str(folder), purge_step=step + 1)  # type: ignore[no-untyped-call]

    def curves(self, step: int, values: Mapping[str, float], group: str) -> None:
        """Adds a point to a curve each."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(f'{group}/{name}', value, step)  # type: ignore[no-untyped-call]

    def glimpses(self, step: int, model: AnyModel, clip: Mapping[str, Tensor]) -> None:
        """Adds a picture of what a network sees of some clips, and under its masks."""
        if self._writer is not None:
            picture = glimpse_rows(model, clip)
            self._writer.add_image('glimpses', picture, step)  # type: ignore[no-untyped-call]
            self._writer.flush()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()  # type: ignore[no-untyped-call]


@torch.no_grad()
def glimpse_rows(model: AnyModel, clip: Mapping[str, Tensor], clips: int = 4) -> Tensor:
    """Glimpses of up to `clips` tracked clips, each above itself under its appearance mask.

    Args:
        model: in evaluation mode.
        clip: a batch as `objective.unroll` takes it.
        clips: how many of the batch.

    Returns:
        (3, rows, columns) in [0, 1], RGB: two rows of glimpses a clip, one column a step.
    """
    images = clip['images'][:clips].float() / 255.0
    state: Any = model.init(images[:, 0], clip['boxes'][:clips, 0])
    columns = []
    for image in images[:, 1:].unbind(1):
        step, state = model.step(image, state)
        size = step.glimpse.shape[-2:]
        mask = F.interpolate(step.mask_logits[:, None].sigmoid(), size, mode='bilinear')
        columns.append(torch.stack((step.glimpse, step.glimpse * mask), 1).flatten(0, 1))
    panel = torch.stack(columns, 1)  # (rows, columns, 3, G, G)
    return panel.permute(2, 0, 3, 1, 4).flatten(3, 4).flatten(1, 2).clamp(0, 1).cpu()
