# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker: frames and boxes in, tracks out. Knows no ROS.

`HartTracker` is functional: it holds the network, and everything about a target is in the state
that goes in and comes out. `Tracker` keeps that state for you.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
from torch import Tensor

from .fast import select_backend
from .networks import AnyState, network_of, tensors_of
from .types import BoxXYWH, Track, check_box, check_frame
from .weights import load_model

Recurrent = TypeVar('Recurrent', bound=AnyState)


@dataclass(frozen=True)
class TargetState:
    """Everything that is remembered of one target."""

    recurrent: AnyState  # batch of 1, on the tracker's device
    box: BoxXYWH  # the last one, x, y, w, h, pixels
    frame_size: tuple[int, int]  # width, height of the frames that the box belongs to


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
        self,
        weights: str | Path | None = None,
        device: str = 'auto',
        threads: int = 0,
        backend: str = 'auto',
    ) -> None:
        """Loads the network.

        Args:
            weights: .safetensors file, which says what network it is for; None for the shipped.
            device: auto (CUDA where there is one), cpu or cuda.
            threads: CPU threads, of torch for the whole process; 0 leaves torch's choice.
            backend: auto, onnx (ONNX Runtime, on the CPU), int8 (as onnx, and V1 in integers: boxes
                differ by a fraction of a pixel) or torch.

        Raises:
            WeightsError: see `load_model`.
            ValueError: unknown or absent device or backend.
        """
        if threads > 0:
            torch.set_num_threads(threads)
        self.device = select_device(device)
        self.backend = select_backend(backend, self.device)
        self.model = load_model(weights, self.device)
        try:
            self._network = network_of(self.model, self.backend, torch.get_num_threads())
        except Exception as error:  # of versions of torch and ONNX Runtime that do not fit
            if backend != 'auto' or self.backend == 'torch':
                raise
            warnings.warn(f'torch runs the network, for ONNX Runtime cannot: {error}', stacklevel=2)
            self.backend = 'torch'
            self._network = network_of(self.model, self.backend, torch.get_num_threads())

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
        recurrent = self._network.init(frame, box)
        return TargetState(recurrent, _numbers(box), _size(frame))

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
            FloatingPointError: the network answers NaN; of no use are weights that make it do so.
        """
        return self.update_many(frame, [state])[0]

    @torch.inference_mode()
    def update_many(
        self, frame: np.ndarray, states: Sequence[TargetState]
    ) -> list[tuple[Track, TargetState]]:
        """As `update`, for several targets of one camera in one pass of the network."""
        check_frame(frame)
        if not states:
            return []
        size = _size(frame)
        recurrent = _joined([self._recurrent(state, size) for state in states])
        step, recurrent = self._network.step(frame, recurrent)
        windows, masks = step.window_xywh.tolist(), step.mask.cpu().numpy()
        glimpses = step.glimpse.cpu().numpy()
        parts = _parted(recurrent, len(states))
        found = []
        for i, (box, score) in enumerate(zip(step.box_xywh.tolist(), step.score.tolist())):
            if not all(map(math.isfinite, (*box, score))):
                raise FloatingPointError('the network answers NaN or infinity: check its weights')
            glimpse, mask = _picture(glimpses[i]), _enlarged(masks[i], glimpses.shape[-2:])
            track = Track(tuple(box), score, tuple(windows[i]), glimpse, mask)
            found.append((track, TargetState(parts[i], track.box, size)))
        return found

    def _recurrent(self, state: TargetState, size: tuple[int, int]) -> AnyState:
        """What is remembered of a target, for frames of this width and height."""
        if size == state.frame_size:
            return state.recurrent
        x, y = size[0] / state.frame_size[0], size[1] / state.frame_size[1]
        return self._network.rescaled(state.recurrent, x, y)


class Tracker:
    """HART with the target's state kept inside: `init` and `update`, as OpenCV's trackers have.

    Example:
        tracker = Tracker()
        tracker.init(frame, (x, y, w, h))
        track = tracker.update(next_frame)
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        device: str = 'auto',
        threads: int = 0,
        backend: str = 'auto',
    ) -> None:
        """Loads the network.

        Args:
            weights, device, threads, backend: see `HartTracker`.

        Raises:
            WeightsError: the file is missing, damaged or of another network.
            ValueError: unknown or absent device or backend.
        """
        self._hart = HartTracker(weights, device, threads, backend)
        self.state: TargetState | None = None

    def init(self, frame: np.ndarray, box_xywh: Sequence[float]) -> Track:
        """Starts on a target; a start that fails keeps the one before.

        Args:
            frame: (H, W, 3) BGR or (H, W) mono, uint8, of any size.
            box_xywh: the target: x, y of the top left corner, width, height; pixels of the frame.

        Returns:
            The track of this frame: the box clipped to it, score 1.

        Raises:
            InvalidFrameError, InvalidBoxError: what is wrong, and what to give.
        """
        state = self._hart.init(frame, box_xywh)
        track = self._hart.first_track(frame, state)
        self.state = state
        return track

    def update(self, frame: np.ndarray) -> Track:
        """Finds the target in the next frame.

        Args:
            frame: (H, W, 3) BGR or (H, W) mono, uint8. Of another size than the last it is taken
                for the same view at another resolution.

        Returns:
            The track: box in pixels of this frame, score in [0, 1], what was looked at.

        Raises:
            RuntimeError: no target yet.
            InvalidFrameError: what is wrong, and what to give.
        """
        if self.state is None:
            raise RuntimeError('no target: call init(frame, (x, y, w, h)) first')
        track, self.state = self._hart.update(frame, self.state)
        return track


def _size(frame: np.ndarray) -> tuple[int, int]:
    """Width, height."""
    return frame.shape[1], frame.shape[0]


def _numbers(box_xywh: Tensor) -> BoxXYWH:
    x, y, w, h = box_xywh.reshape(4).tolist()
    return x, y, w, h


def _joined(states: Sequence[Recurrent]) -> Recurrent:
    """States of one target each as that of a batch."""
    if len(states) == 1:
        return states[0]
    return type(states[0])(*map(torch.cat, zip(*map(tensors_of, states))))


def _parted(state: Recurrent, count: int) -> list[Recurrent]:
    """The states of the targets of a batch."""
    if count == 1:
        return [state]
    return [type(state)(*part) for part in zip(*(x.split(1) for x in tensors_of(state)))]


def _picture(planes: np.ndarray) -> np.ndarray:
    """(3, N, M) RGB in [0, 1] to (N, M, 3) BGR uint8."""
    height, width = planes.shape[1:]
    whole = cv2.convertScaleAbs(planes.reshape(-1, width), alpha=255.0)
    return cv2.merge(list(whole.reshape(-1, height, width)[::-1]))


def _enlarged(mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """The mask in so many rows and columns."""
    return cv2.resize(mask, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
