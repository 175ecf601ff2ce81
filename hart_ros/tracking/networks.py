# SPDX-License-Identifier: Apache-2.0
"""How each network looks at a camera's frame, one target at a time.

Only what lies under the Gaussians is converted and read, so that the cost is that of the window
whatever the camera's resolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from hart_ros.model.attention import gaussian_grid, normalise_contrast, read_glimpse
from hart_ros.model.glimpse import gaussian_glimpse, sigma_of_stride
from hart_ros.model.hart import HART, NARROWEST_SIGMA, HartState
from hart_ros.model.hart_2017 import HART2017, HART2017State
from hart_ros.model.state import StepOutput

# Standard deviations after which a Gaussian counts as 0. That of 2017 normalises by what lies on
# the frame, plus 1e-8: far enough outside, its tail is all there is, and has to be read.
REACH = 4.0
REACH_2017 = 8.0
LEAST_SIDE = 2.0  # of a box, pixels
Span = tuple[int, int]  # first pixel, last pixel + 1


class Network(Protocol):
    """What the tracker asks of a network; tensors are a batch of one, states are its own."""

    def init(self, frame: np.ndarray, box_xywh: Tensor) -> Any:
        """The state of a target, (1, 4), pixels, for the frame after this one."""

    def step(self, frame: np.ndarray, state: Any) -> tuple[StepOutput, Any]:
        """Finds the target; its box is `kept_in_sight`."""

    def rescaled(self, state: Any, x: float, y: float) -> Any:
        """The state for frames that are x times as wide and y times as high."""


class HartNetwork:
    """The shipped network."""

    def __init__(self, model: HART) -> None:
        self.model = model

    def init(self, frame: np.ndarray, box_xywh: Tensor) -> HartState:
        window = self.model.window_xywh(box_xywh)
        return self.model.init_from_glimpse(*self.read(frame, window), box_xywh, window)

    def step(self, frame: np.ndarray, state: HartState) -> tuple[StepOutput, HartState]:
        window = self.model.window_xywh(state.box_xywh)
        step, state = self.model.step_from_glimpse(*self.read(frame, window), window, state)
        box = kept_in_sight(step.box_xywh, frame.shape)
        return replace(step, box_xywh=box), replace(state, box_xywh=box)

    def rescaled(self, state: HartState, x: float, y: float) -> HartState:
        box = state.box_xywh
        return replace(state, box_xywh=box * box.new_tensor([x, y, x, y]))

    def read(self, frame: np.ndarray, window_xywh: Tensor) -> tuple[Tensor, Tensor]:
        """Glimpse and coverage, (1, 3, G, G) and (1, 1, G, G), channels RGB in [0, 1]."""
        size = self.model.config.glimpse_size
        x, y, w, h = window_xywh[0].tolist()
        strides = torch.tensor([w / size, h / size])
        sigma_x, sigma_y = sigma_of_stride(strides, NARROWEST_SIGMA).tolist()
        across = _span(x - REACH * sigma_x, x + w + REACH * sigma_x, frame.shape[1])
        down = _span(y - REACH * sigma_y, y + h + REACH * sigma_y, frame.shape[0])
        offset = window_xywh.new_tensor([across[0], down[0], 0, 0])
        image = _cut(frame, across, down, window_xywh.device)
        glimpse, coverage = gaussian_glimpse(image, window_xywh - offset, size, NARROWEST_SIGMA)
        return glimpse.expand(-1, 3, -1, -1), coverage


class Hart2017Network:
    """The network as published: attention is relative to the frame, the box has no memory."""

    def __init__(self, model: HART2017) -> None:
        self.model = model

    def init(self, frame: np.ndarray, box_xywh: Tensor) -> HART2017State:
        size = frame.shape[0], frame.shape[1]
        attention = self.model.first_attention(box_xywh, size)
        return self.model.init_from_glimpse(*self.read(frame, attention), attention, size)

    def step(self, frame: np.ndarray, state: HART2017State) -> tuple[StepOutput, HART2017State]:
        size = frame.shape[0], frame.shape[1]
        read = self.read(frame, state.attention)
        step, state = self.model.step_from_glimpse(*read, size, state)
        return replace(step, box_xywh=kept_in_sight(step.box_xywh, frame.shape)), state

    def rescaled(self, state: HART2017State, x: float, y: float) -> HART2017State:
        return state  # holds for any size of frame

    def read(self, frame: np.ndarray, attention: Tensor) -> tuple[Tensor, Tensor]:
        """Glimpse, (1, 3, G, G), RGB, its contrast normalised, and its grid (1, 6)."""
        size = self.model.config.glimpse_size
        grid = gaussian_grid(attention, (frame.shape[0], frame.shape[1]), size)
        y, x, sigma_y, sigma_x, stride_y, stride_x = grid[0].tolist()
        across = _span_2017(x, stride_x * (size - 1), sigma_x, frame.shape[1])
        down = _span_2017(y, stride_y * (size - 1), sigma_y, frame.shape[0])
        offset = grid.new_tensor([down[0], across[0], 0, 0, 0, 0])
        image = _cut(frame, across, down, grid.device)
        glimpse = normalise_contrast(read_glimpse(image, grid - offset, size))
        return glimpse.expand(-1, 3, -1, -1), grid


def network_of(model: HART | HART2017) -> Network:
    """The way that a network looks at frames."""
    return HartNetwork(model) if isinstance(model, HART) else Hart2017Network(model)


def kept_in_sight(box_xywh: Tensor, frame_shape: Sequence[int]) -> Tensor:
    """Keeps the box's centre on the frame and its sides from 2 pixels to the frame's.

    A target that left the frame is waited for at the border where it left.
    """
    height, width = frame_shape[:2]
    frame_size = box_xywh.new_tensor([width, height])
    size = torch.minimum(box_xywh[:, 2:].clamp(min=LEAST_SIDE), frame_size)
    centre = box_xywh[:, :2] + 0.5 * box_xywh[:, 2:]
    centre = torch.minimum(centre.clamp(min=0), frame_size)
    return torch.cat((centre - 0.5 * size, size), -1)


def _cut(frame: np.ndarray, across: Span, down: Span, device: torch.device) -> Tensor:
    """Part of a frame: (1, C, H, W), RGB or mono, in [0, 1]."""
    crop = frame[down[0] : down[1], across[0] : across[1]]
    crop = crop[..., None] if crop.ndim == 2 else crop
    pixels = torch.from_numpy(crop.copy()).to(device)
    return pixels.permute(2, 0, 1).flip(0)[None].float() / 255.0  # BGR to RGB


def _span(low: float, high: float, length: int) -> Span:
    """The pixels that [low, high) touches, of `length`; at least one."""
    start = min(max(math.floor(low), 0), length - 1)
    return start, max(min(math.ceil(high), length), start + 1)


def _span_2017(first: float, extent: float, sigma: float, length: int) -> Span:
    """The pixels under Gaussians from the index `first` on; a negative extent goes backwards."""
    low, high = min(first, first + extent), max(first, first + extent)
    return _span(low - REACH_2017 * sigma, high + REACH_2017 * sigma + 1, length)
