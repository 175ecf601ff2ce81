# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How each network looks at a camera's frame, for any number of targets at once.

Glimpses are read one by one, on the CPU, where the frame is; the network takes them as a batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from hart_ros.model.attention import REACH as REACH_2017
from hart_ros.model.attention import gaussian_grid, normalise_contrast
from hart_ros.model.boxes import cxcywh_to_xywh, xywh_to_cxcywh
from hart_ros.model.glimpse import sigma_of_stride, window_centres
from hart_ros.model.hart import HART, NARROWEST_SIGMA, HartState
from hart_ros.model.hart_2017 import HART2017, HART2017State
from hart_ros.model.ratm import RATM, RATMState
from hart_ros.model.ratm import gaussian_grid as ratm_grid
from hart_ros.model.state import StepOutput

from .fast import Run, folded, onnx_session, with_onnx_v1
from .quantised import with_quantised_v1
from .read import Grid, read

REACH = 4.0  # deviations after which a Gaussian of the shipped network counts as 0
# Down to this deviation pixels are averaged first, see `read`. On a drive in 4K that changes a
# glimpse by 0.3 grey levels in the mean, by 2.5 at 1 pixel of 100. Accuracy stays: docs/speed.md.
LEAST_SIGMA = 0.85
LEAST_SIDE = 2.0  # of a box, pixels
SHAPE_STEP, ASPECT_PULL = 0.7, 0.2  # see `steadied`
# What RATM remembers is kept within these; no window on a frame comes near. A network of ReLUs that
# feeds itself may grow without end.
MOST_ATTENTION, MOST_HIDDEN = 100.0, 1e6

AnyState = HartState | HART2017State | RATMState


class Network(Protocol):
    """What the tracker asks of a network. B targets are seen in one frame; states are its own."""

    def init(self, frame: np.ndarray, box_xywh: Tensor) -> Any:
        """The state of targets, (B, 4), pixels, for the frame after this one."""

    def step(self, frame: np.ndarray, state: Any) -> tuple[StepOutput, Any]:
        """Finds the targets; their boxes are `kept_in_sight`."""

    def rescaled(self, state: Any, x: float, y: float) -> Any:
        """The state for frames that are x times as wide and y times as high."""


@dataclass(frozen=True)
class AimedState(HartState):
    """What is remembered of B targets, and where the next frame is read."""

    window_xywh: Tensor  # (B, 4), pixels
    centres: Tensor  # (B, 2, G), of the Gaussians down and across, pixels
    sigma: Tensor  # (B, 2), of these, pixels
    aspect: Tensor  # (B,), log of width over height of the first box


class HartStep(nn.Module):
    """From a glimpse to the next: all that has to be computed between two reads, as one graph."""

    def __init__(self, model: HART) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, glimpse: Tensor, coverage: Tensor, frame_size: Tensor, *state: Tensor
    ) -> tuple[Tensor, ...]:
        """Glimpse and coverage, (B, 2) width and height, an `AimedState`'s fields.

        Returns mask logits (B, S, S) and the fields of the next `AimedState`.
        """
        before = AimedState(*state)
        step, after = self.model.step_from_glimpse(glimpse, coverage, before.window_xywh, before)
        box = steadied(before.box_xywh, after.box_xywh, before.aspect)
        after = replace(after, box_xywh=kept_in_sight(box, frame_size))
        return step.mask_logits, *tensors_of(self.aimed(after, before.aspect))

    def aimed(self, state: HartState, aspect: Tensor) -> AimedState:
        """The state with where to look next."""
        window = self.model.next_window_xywh(state)
        known = (getattr(state, field.name) for field in fields(HartState))
        return AimedState(*(*known, window, *self.grids(window), aspect))

    def grids(self, window_xywh: Tensor) -> tuple[Tensor, Tensor]:
        """Centres (B, 2, G) and deviations (B, 2) of the Gaussians over windows (B, 4)."""
        x, y, w, h = window_xywh.unbind(-1)
        size = self.model.config.glimpse_size
        centres_y, stride_y = window_centres(y, h, size)
        centres_x, stride_x = window_centres(x, w, size)
        sigma = sigma_of_stride(torch.stack((stride_y, stride_x), 1), NARROWEST_SIGMA)
        return torch.stack((centres_y, centres_x), 1), sigma


class HartNetwork:
    """The shipped network."""

    def __init__(self, model: HART, threads: int = 0) -> None:
        """`threads` of ONNX Runtime; 0 to run in torch."""
        self.model = model
        self._step = HartStep(model)
        self.run = self._onnx(threads) if threads else self._step

    def init(self, frame: np.ndarray, box_xywh: Tensor) -> AimedState:
        window = self.model.first_window_xywh(box_xywh)
        glimpse, coverage = self.read(frame, *self._step.grids(window))
        state = self.model.init_from_glimpse(glimpse, coverage, box_xywh, window)
        return self._step.aimed(state, aspect_of(box_xywh))

    def step(self, frame: np.ndarray, state: AimedState) -> tuple[StepOutput, AimedState]:
        glimpse, coverage = self.read(frame, state.centres, state.sigma)
        size = frame_size(frame, state.box_xywh)
        mask_logits, *tensors = self.run(glimpse, coverage, size, *tensors_of(state))
        after = AimedState(*tensors)
        window = state.window_xywh
        return StepOutput(after.box_xywh, after.score, window, glimpse, mask_logits), after

    def rescaled(self, state: AimedState, x: float, y: float) -> AimedState:
        box = state.box_xywh
        scaled = replace(state, box_xywh=box * box.new_tensor([x, y, x, y]))
        return self._step.aimed(scaled, state.aspect + math.log(x / y))

    def read(self, frame: np.ndarray, centres: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Glimpses and coverages under `HartStep.grids`: (B, 3, G, G) and (B, 1, G, G).

        Channels are RGB in [0, 1].
        """
        batch, _, side = centres.shape
        glimpse = np.empty((batch, 3, side, side), np.float32)
        coverage = np.empty((batch, 1, side, side), np.float32)
        for i, (places, sigmas) in enumerate(zip(centres.cpu().numpy(), sigma.tolist())):
            down, across = (Grid(c, s, REACH) for c, s in zip(places, sigmas))
            coverage[i] = read(frame, down, across, glimpse[i], LEAST_SIGMA)
        device = centres.device
        return torch.from_numpy(glimpse).to(device), torch.from_numpy(coverage).to(device)

    def _onnx(self, threads: int) -> Run:
        """The step in ONNX Runtime, traced on a black frame."""
        frame = np.zeros((8, 8, 3), np.uint8)
        with torch.no_grad():
            state = self.init(frame, torch.tensor([[1.0, 1.0, 4.0, 4.0]] * 2))
            read = self.read(frame, state.centres, state.sigma)
        size = frame_size(frame, state.box_xywh)
        return onnx_session(self._step, (*read, size, *tensors_of(state)), threads)


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
        box = kept_in_sight(step.box_xywh, frame_size(frame, step.box_xywh))
        return replace(step, box_xywh=box), state

    def rescaled(self, state: HART2017State, x: float, y: float) -> HART2017State:
        return state  # holds for any size of frame

    def read(self, frame: np.ndarray, attention: Tensor) -> tuple[Tensor, Tensor]:
        """Glimpses, (B, 3, G, G), RGB, their contrast normalised, and their grids (B, 6)."""
        size = self.model.config.glimpse_size
        grid = gaussian_grid(attention, (frame.shape[0], frame.shape[1]), size)
        return normalise_contrast(read_grid(frame, grid, (size, size))), grid


class RatmNetwork:
    """RATM: attention is relative to the frame but for its deviations, which are in pixels."""

    def __init__(self, model: RATM) -> None:
        self.model = model

    def init(self, frame: np.ndarray, box_xywh: Tensor) -> RATMState:
        state = self.model.first_state(box_xywh, (frame.shape[0], frame.shape[1]))
        glimpse = self.read(frame, state.attention)
        return self._bounded(self.model.init_from_glimpse(glimpse, state))

    def step(self, frame: np.ndarray, state: RATMState) -> tuple[StepOutput, RATMState]:
        size = frame.shape[0], frame.shape[1]
        glimpse = self.read(frame, state.attention)
        step, state = self.model.step_from_glimpse(glimpse, size, state)
        box = kept_in_sight(step.box_xywh, frame_size(frame, step.box_xywh))
        return replace(step, box_xywh=box), self._bounded(state)

    def rescaled(self, state: RATMState, x: float, y: float) -> RATMState:
        ratio = state.attention.new_tensor([1, 1, x, y, 1, 1])
        return replace(state, attention=state.attention * ratio, bias=state.bias * ratio)

    def read(self, frame: np.ndarray, attention: Tensor) -> Tensor:
        """Glimpses, (B, 3, N, M), RGB in [0, 1]."""
        glimpse = self.model.config.glimpse
        grid = ratm_grid(attention, (frame.shape[0], frame.shape[1]), glimpse)
        return read_grid(frame, grid, glimpse)

    @staticmethod
    def _bounded(state: RATMState) -> RATMState:
        attention = state.attention.nan_to_num(0.0).clamp(-MOST_ATTENTION, MOST_ATTENTION)
        hidden = state.hidden.nan_to_num(0.0).clamp(max=MOST_HIDDEN)
        return replace(state, attention=attention, hidden=hidden)


def read_grid(frame: np.ndarray, grid: Tensor, glimpse: tuple[int, int]) -> Tensor:
    """Glimpses (B, 3, N, M), RGB in [0, 1], under grids as `gaussian_grid` gives them, (B, 6)."""
    rows, columns = (np.arange(count, dtype=np.float32) for count in glimpse)
    planes = np.empty((len(grid), 3, *glimpse), np.float32)
    for seen, numbers in zip(planes, grid.cpu().numpy()):
        y, x, sigma_y, sigma_x, stride_y, stride_x = numbers
        down = Grid(y + 0.5 + rows * stride_y, float(sigma_y), REACH_2017)
        across = Grid(x + 0.5 + columns * stride_x, float(sigma_x), REACH_2017)
        read(frame, down, across, seen, clipped=True)
    return torch.from_numpy(planes).to(grid.device)


def network_of(model: HART | HART2017 | RATM, backend: str, threads: int) -> Network:
    """The way that a network looks at frames, made fast by a backend, see `select_backend`.

    Raises:
        ValueError: there is no such form of this network.
    """
    if isinstance(model, HART):
        if backend == 'int8':
            model = with_quantised_v1(model)
        return HartNetwork(folded(model)) if backend == 'torch' else HartNetwork(model, threads)
    if backend == 'int8':
        raise ValueError(f'backend: int8 is for hart, not for {type(model).__name__}')
    if isinstance(model, RATM):
        return RatmNetwork(folded(model))  # small: ONNX Runtime has little to gain
    return Hart2017Network(with_onnx_v1(model, threads) if backend == 'onnx' else folded(model))


def tensors_of(state: AnyState) -> list[Tensor]:
    """The fields of a state, in order."""
    return [getattr(state, field.name) for field in fields(state)]


def frame_size(frame: np.ndarray, boxes: Tensor) -> Tensor:
    """Width and height for each of B boxes, (B, 2)."""
    return boxes.new_tensor([[frame.shape[1], frame.shape[0]]]).expand(len(boxes), -1)


def aspect_of(box: Tensor) -> Tensor:
    """Log of width over height, of boxes (B, 4) or of their sizes (B, 2): (B,)."""
    return torch.log(box[:, -2] / box[:, -1])


def steadied(before_xywh: Tensor, after_xywh: Tensor, aspect: Tensor) -> Tensor:
    """The new box, its shape held back: it is read anew in each frame, and errors add up.

    Width and height go `SHAPE_STEP` of the way that was read, and the aspect `ASPECT_PULL` of the
    way back to the first box's: the network sees a few frames, over thousands only this holds it.
    Shapes: (B, 4), (B, 4) and (B,), see `aspect_of` -> (B, 4).
    """
    centre, last = xywh_to_cxcywh(after_xywh)[:, :2], before_xywh[:, 2:]
    size = last * (after_xywh[:, 2:] / last) ** SHAPE_STEP
    back = torch.exp(0.5 * ASPECT_PULL * (aspect - aspect_of(size)))
    size = torch.stack((size[:, 0] * back, size[:, 1] / back), -1)
    return cxcywh_to_xywh(torch.cat((centre, size), -1))


def kept_in_sight(box_xywh: Tensor, frame_size: Tensor) -> Tensor:
    """Keeps the box's centre on the frame and its sides from 2 pixels to the frame's.

    A target that left the frame is waited for at the border where it left.
    Shapes: (B, 4), and (B, 2) width and height -> (B, 4).
    """
    size = torch.minimum(box_xywh[:, 2:].clamp(min=LEAST_SIDE), frame_size)
    centre = torch.minimum(xywh_to_cxcywh(box_xywh)[:, :2].clamp(min=0), frame_size)
    return cxcywh_to_xywh(torch.cat((centre, size), -1))
