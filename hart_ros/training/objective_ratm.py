# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What `ratm` is trained for by hart-train: its windows are to be where the targets are.

The paper's example of a penalty between window coordinates (section 4.3). Its experiments, with
their own objectives, are in `hart_ros.experiments`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hart_ros.model.boxes import iou_xywh
from hart_ros.model.ratm import RATM, scaled_about_centre
from hart_ros.model.ratm_objectives import window_loss


class ObjectiveRatm(nn.Module):
    """Called as `objective.unroll` is; has no parameters."""

    def forward(
        self, model: RATM, clip: dict[str, Tensor], half: bool
    ) -> tuple[Tensor, dict[str, float]]:
        """Tracks a batch of clips from their first boxes.

        Args:
            model: in training mode.
            clip: images (B, T, 3, H, W) uint8, boxes (B, T, 4) xywh pixels, present (B, T) bool.
            half: run the network in bfloat16; windows, glimpses and losses stay in float32.

        Returns:
            The loss, and it and the IoU for the log; the first frame is left out of both.
        """
        images, truth = clip['images'], clip['boxes'][:, 1:]
        size = images.shape[-2], images.shape[-1]
        with torch.autocast(images.device.type, torch.bfloat16, enabled=half):
            followed = model(images, clip['boxes'][:, 0])
        attention = followed.attention[:, 1:].float()
        share = clip['present'][:, 1:].float()
        share = share / share.sum().clamp(min=1.0)
        wanted = scaled_about_centre(truth, model.config.enlarge)
        loss = (window_loss(attention, wanted, size) * share).sum()
        iou = (iou_xywh(model.boxes(attention, size).detach(), truth) * share).sum()
        return loss, {'loss': float(loss.detach()), 'iou': float(iou)}
