# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Features of a network that has seen more of the world than we have, for V1 to learn to tell.

Only what the teacher says of training glimpses is used, never its weights, and only in training.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .settings import ConfigError

SIDE = 160  # pixels that the teacher sees of a glimpse: a target has the size it was trained with


class Teacher:
    """The backbone of a tracker such as NanoTrack, as ONNX: BGR in [0, 255] -> feature maps.

    Args:
        path: of the model.
        weight: of the disagreement in the loss.

    Raises:
        ConfigError: not a readable ONNX model of one image and one map of features.
    """

    def __init__(self, path: str, weight: float) -> None:
        self.weight = weight
        try:
            self.network = cv2.dnn.readNetFromONNX(path)
            self.channels = int(self._features(np.zeros((SIDE, SIDE, 3), np.float32)).shape[0])
        except (cv2.error, IndexError) as error:
            raise ConfigError(
                f'teacher.features is {path}: not an ONNX model that makes feature maps of images; '
                'give one, such as nanotrack_backbone_sim.onnx, or none'
            ) from error

    def reading(self, features: int) -> nn.Module:
        """What turns V1's features into the teacher's, learnt beside V1."""
        return nn.Conv2d(features, self.channels, 1)

    def disagreement(self, read: Tensor, glimpse: Tensor) -> Tensor:
        """Squared error, in units of the variance of each channel of the teacher's features.

        Args:
            read: (B, C, S, S), features in the teacher's words.
            glimpse: (B, 3, G, G), RGB in [0, 1].
        """
        truth = self.features(glimpse)
        near = F.interpolate(read, truth.shape[-2:], mode='bilinear', align_corners=False)
        spread = truth.var((0, 2, 3), keepdim=True).clamp(min=1e-3)
        return ((near - truth).square() / spread).mean()

    def features(self, glimpse: Tensor) -> Tensor:
        """What the teacher sees in glimpses (B, 3, G, G), RGB in [0, 1]: (B, C, h, w)."""
        shown = F.interpolate(glimpse.float(), (SIDE, SIDE), mode='bilinear', align_corners=False)
        images = 255.0 * shown.flip(1).permute(0, 2, 3, 1).cpu().numpy()
        seen = np.stack([self._features(image) for image in images])
        return torch.from_numpy(seen).to(glimpse.device)

    def _features(self, image: np.ndarray) -> np.ndarray:
        self.network.setInput(cv2.dnn.blobFromImage(image))
        features: np.ndarray = self.network.forward()[0]
        return features
