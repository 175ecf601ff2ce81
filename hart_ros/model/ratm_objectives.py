# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The objective modules of RATM, sections 4.3, 5.1 and 6: squared errors of various things.

All are equation 13: the squared norm of the difference, on average over samples and, where there
are several, over their frames.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .boxes import xywh_to_cxcywh
from .ratm import RATM, ImageSize, split, window_of


def squared_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Equation 13 of vectors (..., D); scalar."""
    return (predicted - target).square().sum(-1).mean()


def pixel_loss(glimpse: Tensor, patch: Tensor) -> Tensor:
    """Equation 14: glimpses (..., C, N, M) are to look like a patch (C, N, M); scalar."""
    return squared_error(glimpse.flatten(-3), patch.flatten())


def feature_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Equation 15: features of glimpses and of the targets, (..., D); scalar."""
    return squared_error(predicted, target)


def localisation_loss(attention: Tensor, truth_xywh: Tensor, image_size: ImageSize) -> Tensor:
    """Equation 16: centres of grids (..., 6) and boxes (..., 4), as shares of the image; scalar."""
    size = truth_xywh.new_tensor(image_size[::-1])
    centre = 0.5 * (split(attention)[0] + 1)
    return squared_error(centre, xywh_to_cxcywh(truth_xywh)[..., :2] / size)


def classification_loss(logits: Tensor, classes: Tensor) -> Tensor:
    """Squared error of the probabilities of the classes, (..., K) and (...,); scalar."""
    wanted = torch.nn.functional.one_hot(classes, logits.shape[-1]).to(logits.dtype)
    return squared_error(logits.softmax(-1), wanted)


def window_loss(attention: Tensor, window_xywh: Tensor, image_size: ImageSize) -> Tensor:
    """Section 4.3: predicted (..., 6) against wanted windows (..., 4), per window; (...,).

    Corner and size, as shares of the image.
    """
    size = window_xywh.new_tensor(image_size[::-1]).repeat(2)
    difference = (window_of(attention, image_size) - window_xywh) / size
    return difference.square().sum(-1)


def weight_penalty(model: RATM) -> Tensor:
    """Equation 18 of the weights into the hidden layer and out of it; scalar."""
    weights = model.rnn.from_input.weight, model.readout.weight
    return torch.stack([weight.square().sum() for weight in weights]).sum()
