# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""This package's trackers for the benchmark, fast and as they are written. Needs torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from hart_ros.data.source import BoxXYWH
from hart_ros.model.hart import HartState
from hart_ros.tracking import HartTracker, load_model
from hart_ros.tracking.networks import kept_in_sight
from hart_ros.tracking.tracker import TargetState


class Hart:
    """This package's tracker, with one target or more."""

    def __init__(self, tracker: HartTracker, targets: int = 1) -> None:
        self.tracker = tracker
        self._targets = targets
        self._states: list[TargetState] = []

    def start(self, frame: np.ndarray, box_xywh: BoxXYWH) -> None:
        x, y, w, h = box_xywh
        beside = [(x + 2 * (i % 4), y + 2 * (i // 4), w, h) for i in range(self._targets)]
        self._states = [self.tracker.init(frame, box) for box in beside]

    def update(self, frame: np.ndarray) -> BoxXYWH:
        found = self.tracker.update_many(frame, self._states)
        self._states = [state for _, state in found]
        return found[0][0].box


def fast(weights: Path, threads: int, backend: str) -> Hart:
    """The tracker with one target on the CPU."""
    return Hart(HartTracker(weights, 'cpu', threads, backend))


class Plain:
    """A network as it is written, in eager PyTorch, on whole frames."""

    def __init__(self, weights: Path, threads: int) -> None:
        torch.set_num_threads(threads)
        self._model = load_model(weights)
        self._state: Any = None

    @torch.inference_mode()
    def start(self, frame: np.ndarray, box_xywh: BoxXYWH) -> None:
        self._state = self._model.init(_image(frame), torch.tensor([box_xywh]))

    @torch.inference_mode()
    def update(self, frame: np.ndarray) -> BoxXYWH:
        step, state = self._model.step(_image(frame), self._state)
        box = kept_in_sight(step.box_xywh, torch.tensor([[frame.shape[1], frame.shape[0]]]))
        self._state = replace(state, box_xywh=box) if isinstance(state, HartState) else state
        x, y, w, h = box[0].tolist()
        return x, y, w, h


def _image(frame: np.ndarray) -> torch.Tensor:
    """(1, 3, H, W), RGB in [0, 1]."""
    colour = cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR) if frame.ndim == 2 else frame
    return torch.from_numpy(colour[..., ::-1].copy()).permute(2, 0, 1)[None].float() / 255.0
