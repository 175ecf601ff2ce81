# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Losses of HART (2017), section 4.

L = lambda_t L_t + lambda_s L_s + lambda_a L_a + beta R, with learnt lambda (Kendall et al. 2017).
Boxes are (B, T, 4), xywh, pixels; `present` (B, T) says where a target is to be seen, and counts
from the first frame. What is predicted for the first frame is left out of L_t and L_s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import target_mask
from .boxes import area, intersection_xywh, iou_xywh
from .hart_2017 import HART2017Config, HART2017Output

BETA = 1e-4  # weight of R
LEAST_RATIO = 1e-8  # below it the logarithm goes flat


def tracking_loss(predicted: Tensor, truth: Tensor, present: Tensor) -> Tensor:
    """L_t: mean over steps of -log IoU, over the targets present at each; scalar."""
    loss = _negative_log(iou_xywh(predicted, truth))
    return _mean_over_steps(loss[:, 1:], present[:, 1:])


def spatial_attention_loss(
    windows: Tensor, truth: Tensor, image_size: tuple[int, int], present: Tensor
) -> Tensor:
    """L_s: the window covers the target but little of the image; scalar.

    -log(|a and b| / |b|) - log(1 - |a| / |image|). A window as large as the image has no gradient
    in the second term; from there on it is weighted by its ratio, up to 10, as in the release.

    Args:
        windows: (B, T, 4), a_t as boxes.
        truth: (B, T, 4).
        image_size: height, width.
        present: (B, T).
    """
    target = area(truth)
    covered = intersection_xywh(windows, truth) / torch.where(target > 0, target, 1.0)
    ratio = area(windows) / (image_size[0] * image_size[1])
    too_large = _negative_log(1 - ratio.clamp(0, 1)) * ratio.clamp(1, 10)
    loss = _negative_log(covered) + too_large
    return _mean_over_steps(loss[:, 1:], present[:, 1:])


def appearance_loss(mask_logits: Tensor, windows: Tensor, truth: Tensor, present: Tensor) -> Tensor:
    """L_a: cross-entropy of the mask with tau(a_t, b_t), on average over present targets; scalar.

    Cells of the target and of the background are weighted by the inverse of their share in each
    mask, so that both count alike, however large the target.

    Args:
        mask_logits: (B, T, S, S).
        windows, truth: (B, T, 4).
        present: (B, T).
    """
    target = target_mask(windows, truth, mask_logits.shape[-1])  # (B, T, S, S)
    share = target.mean((-1, -2), keepdim=True)
    share = torch.where(target > 0, share, 1 - share)
    weight = 1 / torch.where(share > 0, share, 1.0)
    loss = F.binary_cross_entropy_with_logits(mask_logits, target, weight, reduction='none')
    count = present.sum().clamp(min=1)
    return torch.where(present, loss.mean((-1, -2)), 0.0).sum() / count


def weight_decay(model: nn.Module, filter_energy: Tensor) -> Tensor:
    """R: half the squares of all weights, biases left out, and of generated filters; scalar.

    Args:
        model: its parameters of two and more dimensions are the weights.
        filter_energy: any shape, half the sum of squares each; its mean is added.
    """
    weights = [p.square().sum() for p in model.parameters() if p.dim() > 1]
    return 0.5 * torch.stack(weights).sum() + filter_energy.mean()


class LearntWeights(nn.Module):
    """sum_i lambda_i L_i - log lambda_i, with lambda = w^2 + 1e-8 and w learnt from 1."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.ones(count))

    def forward(self, losses: Tensor) -> Tensor:
        """Scalar, from the losses (count,)."""
        weights = self.w.square() + 1e-8
        return (weights * losses - weights.log()).sum()


@dataclass
class LossTerms:
    """The losses of a batch, scalars; `total` is what is optimised."""

    total: Tensor
    tracking: Tensor
    spatial: Tensor
    appearance: Tensor  # 0 where its switch is off
    decay: Tensor  # R, before beta


class HART2017Loss(nn.Module):
    """All losses of a clip together. Its own parameters are to be trained along."""

    def __init__(self, config: HART2017Config) -> None:
        super().__init__()
        self.use_appearance = config.appearance_attention and config.appearance_loss
        self.weights = LearntWeights(3 if self.use_appearance else 2)

    def forward(
        self,
        model: nn.Module,
        steps: Sequence[HART2017Output],
        truth: Tensor,
        image_size: tuple[int, int],
        present: Tensor | None = None,
    ) -> LossTerms:
        """Losses of a clip.

        Args:
            model: the network that made `steps`, for its weights.
            steps: T steps of `HART2017.forward`.
            truth: (B, T, 4), xywh, pixels.
            image_size: height, width.
            present: (B, T), bool; None: always.
        """
        if present is None:
            present = torch.ones(truth.shape[:2], dtype=torch.bool, device=truth.device)
        windows = torch.stack([step.window_xywh for step in steps], 1)  # (B, T, 4)
        boxes = torch.stack([step.box_xywh for step in steps], 1)  # (B, T, 4)
        tracking = tracking_loss(boxes, truth, present)
        spatial = spatial_attention_loss(windows, truth, image_size, present)
        weighted = [tracking, spatial]
        appearance = torch.zeros_like(tracking)
        if self.use_appearance:
            logits = torch.stack([step.mask_logits for step in steps], 1)  # (B, T, S, S)
            appearance = appearance_loss(logits, windows, truth, present)
            weighted.append(appearance)
        decay = weight_decay(model, torch.stack([step.filter_energy for step in steps]))
        total = self.weights(torch.stack(weighted)) + BETA * decay
        return LossTerms(total, tracking, spatial, appearance, decay)


def _negative_log(ratio: Tensor) -> Tensor:
    return -torch.log(torch.where(ratio > LEAST_RATIO, ratio, ratio + LEAST_RATIO))


def _mean_over_steps(loss: Tensor, present: Tensor) -> Tensor:
    """Mean over targets present at each step, then over the steps that have any; (B, T) -> ()."""
    count = present.sum(0)  # (T,)
    per_step = torch.where(present, loss, 0.0).sum(0) / count.clamp(min=1)
    return per_step.sum() / (count > 0).sum().clamp(min=1)
