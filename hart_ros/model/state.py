# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What a step of any model in this package returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass
class StepOutput:
    """One step for a batch of B targets. Boxes are pixels of the image that was passed in."""

    box_xywh: Tensor  # (B, 4), the tracked box
    score: Tensor  # (B,), in [0, 1]
    window_xywh: Tensor  # (B, 4), the attention window that was read
    glimpse: Tensor  # (B, 3, G, G), in [0, 1], outside of the image 0
    mask_logits: Tensor  # (B, S, S), appearance attention before the sigmoid

    @property
    def mask(self) -> Tensor:
        """Appearance attention s_t, (B, S, S), in [0, 1]."""
        return self.mask_logits.sigmoid()
