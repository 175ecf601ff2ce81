# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The feature-extraction module of RATM, section 4.1: a small CNN, or the pixels themselves."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class FeatureCNN(nn.Module):
    """Convolutions, each with 2x2 max-pooling, dropout and ReLU; a dense layer; classes.

    Without convolutions it is the identity: what the attention module then sees are pixels.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        widths: Sequence[int],
        kernels: Sequence[int],
        dense: int = 0,
        classes: int = 0,
        dropout: float = 0.0,
    ) -> None:
        """Shapes the layers.

        Args:
            shape: channels, rows and columns of a glimpse.
            widths, kernels: of the convolutions, which are not padded.
            dense: units of the dense layer; 0 for none.
            classes: 0 for none.
            dropout: share of the units that are dropped in training.
        """
        super().__init__()
        channels, rows, columns = shape
        self.convolutions = nn.Sequential()
        for width, kernel in zip(widths, kernels):
            self.convolutions.append(nn.Conv2d(channels, width, kernel))
            self.convolutions.append(nn.MaxPool2d(2))
            self.convolutions.append(nn.Dropout(dropout))
            self.convolutions.append(nn.ReLU())
            channels, rows, columns = width, (rows - kernel + 1) // 2, (columns - kernel + 1) // 2
        self.size = channels * rows * columns
        self.dense = (
            nn.Sequential(nn.Linear(self.size, dense), nn.ReLU()) if dense else nn.Identity()
        )
        self.classes = nn.Linear(dense or self.size, classes) if classes else nn.Identity()

    def forward(self, glimpse: Tensor) -> Tensor:
        """What the attention module sees: (B, C, N, M) -> (B, size)."""
        return self.convolutions(glimpse).flatten(1)

    def compared(self, glimpse: Tensor) -> Tensor:
        """What the objective module compares, f of equation 15: (B, C, N, M) -> (B, dense)."""
        return self.dense(self(glimpse))

    def logits(self, glimpse: Tensor) -> Tensor:
        """Of the classes, for pre-training: (B, C, N, M) -> (B, classes)."""
        return self.classes(self.compared(glimpse))
