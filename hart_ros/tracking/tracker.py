# SPDX-License-Identifier: Apache-2.0
"""The tracker: frames and boxes in, tracks out. Knows no ROS.

`HartTracker` is functional: it holds the network, and everything about a target is in the state
that goes in and comes out. `Tracker` keeps that state for you.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from hart_ros.model.glimpse import gaussian_glimpse, sigma_of_stride
from hart_ros.model.hart import NARROWEST_SIGMA, HartState

from .types import BoxXYWH, Track, check_box, check_frame
from .weights import load_model

REACH = 4.0  # standard deviations after which a Gaussian of the glimpse counts as 0


@dataclass(frozen=True)
class TargetState:
    """Everything that is remembered of one target."""

    recurrent: HartState  # batch of 1, on the tracker's device
    frame_size: tuple[int, int]  # width, height of the frames that the box belongs to

    @property
    def box(self) -> BoxXYWH:
        """The last box, x, y, w, h, pixels."""
        return _numbers(self.recurrent.box_xywh)


def select_device(name: str) -> torch.device:
    """'auto' (CUDA where there is one), 'cpu' or 'cuda'.

    Raises:
        ValueError: another name, or CUDA where torch finds none.
    """
    if name not in ('auto', 'cpu', 'cuda'):
        raise ValueError(f'device: {name!r} is none of auto, cpu, cuda')
    if name == 'cuda' and not torch.cuda.is_available():
        raise ValueError('device: torch finds no CUDA device; use auto or cpu')
    if name == 'auto':
        name = 'cuda' if torch.cuda.is_available() else 'cpu'
    return torch.device(name)


class HartTracker:
    """HART on frames. Holds the network only, so that one serves any number of targets."""

    def __init__(
        self, weights: str | Path | None = None, device: str = 'auto', threads: int = 0
    ) -> None:
        """Loads the network.

        Args:
            weights: .safetensors file; None for the shipped one.
            device: auto, cpu or cuda.
            threads: CPU threads of torch, for the whole process; 0 leaves torch's choice.

        Raises:
            WeightsError: see `load_model`.
            ValueError: unknown or absent device.
        """
        if threads > 0:
            torch.set_num_threads(threads)
        self.device = select_device(device)
        self.model = load_model(weights, self.device)

    @torch.inference_mode()
    def init(self, frame: np.ndarray, box_xywh: Sequence[float]) -> TargetState:
        """Looks at a target once.

        Args:
            frame: (H, W, 3) BGR or (H, W) mono, uint8.
            box_xywh: the target, pixels of the frame; clipped to it.

        Raises:
            InvalidFrameError, InvalidBoxError: bad input; see `check_frame`, `check_box`.
        """
        check_frame(frame)
        box = torch.tensor([check_box(box_xywh, frame.shape)], device=self.device)
        window = self.model.window_xywh(box)
        glimpse, coverage = self._read(frame, window)
        recurrent = self.model.init_from_glimpse(glimpse, coverage, box, window)
        return TargetState(recurrent, (frame.shape[1], frame.shape[0]))

    @torch.inference_mode()
    def first_track(self, frame: np.ndarray, state: TargetState) -> Track:
        """The track of the frame that `state` was made from: the given box, score 1."""
        track, _ = self.update(frame, state)
        return replace(track, box=state.box, score=1.0)

    @torch.inference_mode()
    def update(self, frame: np.ndarray, state: TargetState) -> tuple[Track, TargetState]:
        """Finds the target in the next frame; `state` itself is left as it is.

        A frame of another size than the last is taken for the same view at another resolution:
        the last box is scaled to it.

        Raises:
            InvalidFrameError: bad input; see `check_frame`.
        """
        check_frame(frame)
        recurrent = _rescaled(state, frame.shape)
        window = self.model.window_xywh(recurrent.box_xywh)
        glimpse, coverage = self._read(frame, window)
        step, recurrent = self.model.step_from_glimpse(glimpse, coverage, window, recurrent)
        recurrent = replace(recurrent, box_xywh=_kept_in_sight(step.box_xywh, frame.shape))
        track = Track(
            box=_numbers(recurrent.box_xywh),
            score=float(step.score),
            window=_numbers(window),
            glimpse=_picture(glimpse),
            mask=_enlarged(step.mask[0], glimpse.shape[-1]),
        )
        return track, TargetState(recurrent, (frame.shape[1], frame.shape[0]))

    def _read(self, frame: np.ndarray, window_xywh: Tensor) -> tuple[Tensor, Tensor]:
        """Glimpse and coverage, (1, 3, G, G) and (1, 1, G, G), channels RGB in [0, 1].

        Only what lies under the Gaussians is converted and read, so that the cost is that of the
        window whatever the camera's resolution.
        """
        size = self.model.config.glimpse_size
        left, top, right, bottom = _reach(_numbers(window_xywh), size, frame.shape)
        crop = frame[top:bottom, left:right]
        crop = crop[..., None] if crop.ndim == 2 else crop
        pixels = torch.from_numpy(crop.copy()).to(self.device)
        image = pixels.permute(2, 0, 1).flip(0)[None].float() / 255.0  # BGR to RGB
        offset = torch.tensor([left, top, 0, 0], dtype=torch.float32, device=self.device)
        glimpse, coverage = gaussian_glimpse(image, window_xywh - offset, size, NARROWEST_SIGMA)
        return glimpse.expand(-1, 3, -1, -1), coverage


class Tracker:
    """HART with the target's state kept inside: the interface of OpenCV's trackers.

    Example:
        tracker = Tracker()
        tracker.init(frame, (x, y, w, h))
        track = tracker.update(next_frame)
    """

    def __init__(
        self, weights: str | Path | None = None, device: str = 'auto', threads: int = 0
    ) -> None:
        """See `HartTracker`."""
        self._hart = HartTracker(weights, device, threads)
        self.state: TargetState | None = None

    def init(self, frame: np.ndarray, box_xywh: Sequence[float]) -> Track:
        """Starts on a target; see `HartTracker.init`. A failed start keeps the old target."""
        state = self._hart.init(frame, box_xywh)
        self.state = state
        return self._hart.first_track(frame, state)

    def update(self, frame: np.ndarray) -> Track:
        """Finds the target in the next frame; see `HartTracker.update`.

        Raises:
            RuntimeError: no target yet.
        """
        if self.state is None:
            raise RuntimeError('no target: call init(frame, (x, y, w, h)) first')
        track, self.state = self._hart.update(frame, self.state)
        return track


def _reach(window: BoxXYWH, size: int, frame_shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels under a window's Gaussians; never empty."""
    x, y, w, h = window
    strides = torch.tensor([w / size, h / size])
    sigma_x, sigma_y = sigma_of_stride(strides, NARROWEST_SIGMA).tolist()
    height, width = frame_shape[:2]
    left, right = _clipped(x - REACH * sigma_x, x + w + REACH * sigma_x, width)
    top, bottom = _clipped(y - REACH * sigma_y, y + h + REACH * sigma_y, height)
    return left, top, right, bottom


def _clipped(low: float, high: float, length: int) -> tuple[int, int]:
    start = min(max(math.floor(low), 0), length - 1)
    return start, max(min(math.ceil(high), length), start + 1)


def _rescaled(state: TargetState, frame_shape: Sequence[int]) -> HartState:
    """The recurrent state with its box in pixels of a frame of this shape."""
    width, height = state.frame_size
    if (height, width) == tuple(frame_shape[:2]):
        return state.recurrent
    x, y = frame_shape[1] / width, frame_shape[0] / height
    box = state.recurrent.box_xywh
    return replace(state.recurrent, box_xywh=box * box.new_tensor([x, y, x, y]))


def _kept_in_sight(box_xywh: Tensor, frame_shape: Sequence[int]) -> Tensor:
    """Keeps the box's centre on the frame and its size at most the frame's.

    A target that left the frame is waited for at the border where it left.
    """
    height, width = frame_shape[:2]
    frame_size = box_xywh.new_tensor([width, height])
    size = torch.minimum(box_xywh[:, 2:], frame_size)
    centre = box_xywh[:, :2] + 0.5 * box_xywh[:, 2:]
    centre = torch.minimum(centre.clamp(min=0), frame_size)
    return torch.cat((centre - 0.5 * size, size), -1)


def _numbers(box_xywh: Tensor) -> BoxXYWH:
    x, y, w, h = box_xywh.reshape(4).tolist()
    return x, y, w, h


def _picture(glimpse: Tensor) -> np.ndarray:
    """(1, 3, G, G) RGB in [0, 1] to (G, G, 3) BGR uint8."""
    pixels = (glimpse[0].flip(0).permute(1, 2, 0) * 255.0 + 0.5).clamp(0, 255).byte()
    return np.ascontiguousarray(pixels.cpu().numpy())


def _enlarged(mask: Tensor, size: int) -> np.ndarray:
    return cv2.resize(mask.cpu().numpy(), (size, size), interpolation=cv2.INTER_LINEAR)
