# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What `hart_2017` and its ablations are trained for: the losses as published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from hart_ros.model.boxes import iou_xywh
from hart_ros.model.hart_2017 import HART2017, HART2017Config, HART2017Output
from hart_ros.model.losses import HART2017Loss


class Objective2017(nn.Module):
    """Called as `objective.unroll` is, for networks of one configuration.

    Has parameters of its own, the learnt weights of the losses: to be optimised with those of the
    network, and kept in its checkpoints.
    """

    def __init__(self, config: HART2017Config) -> None:
        super().__init__()
        self.losses = HART2017Loss(config)

    def forward(
        self, model: HART2017, clip: dict[str, Tensor], half: bool
    ) -> tuple[Tensor, dict[str, float]]:
        """Tracks a batch of clips from their first boxes; gradients run through the windows.

        Args:
            model: in training mode.
            clip: images (B, T, 3, H, W) uint8, boxes (B, T, 4) xywh pixels, present (B, T) bool.
            half: run the network in bfloat16; windows, glimpses and losses stay in float32.

        Returns:
            The loss, and its parts and the IoU for the log.
        """
        images, boxes, present = clip['images'], clip['boxes'], clip['present']
        with torch.autocast(images.device.type, torch.bfloat16, enabled=half):
            steps = model(images, boxes[:, 0])
        steps = [replace(step, mask_logits=step.mask_logits.float()) for step in steps]
        size = images.shape[-2], images.shape[-1]
        terms = self.losses(model, steps, boxes, size, present)
        log = {
            'loss': terms.total,
            'tracking': terms.tracking,
            'spatial': terms.spatial,
            'appearance': terms.appearance,
            'iou': mean_iou(steps, boxes, present),
        }
        return terms.total, {name: float(value.detach()) for name, value in log.items()}


def mean_iou(steps: Sequence[HART2017Output], truth_xywh: Tensor, present: Tensor) -> Tensor:
    """IoU with the truth (B, T, 4) where present (B, T), without the first frame; scalar."""
    tracked = torch.stack([step.box_xywh for step in steps[1:]], 1).detach()
    share = present[:, 1:].float()
    return (iou_xywh(tracked, truth_xywh[:, 1:]) * share).sum() / share.sum().clamp(min=1.0)
