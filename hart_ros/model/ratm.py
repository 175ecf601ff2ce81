# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""RATM, the recurrent attentive tracking model: Kahou, Michalski and Memisevic, 2015.

HART's baseline. A recurrent network of ReLUs says where the next image is read; what is read there
is its input. The grid that is read is the box: it is predicted before the image is seen.

Where the paper is silent, this is chosen:

- Equation 6 gives the centre as a share of the image; it is multiplied by the image's size.
  Pixels are continuous here, and the centre of pixel j is at j + 0.5.
- `LEAST_SIGMA` is added to the deviation: a Gaussian narrower than that may fall between two
  pixels, read nothing and learn nothing.
- The bias b of equation 5 is where the first image is read, since h_0 is zero. It is learnt, or
  given for each target (section 6.2.2 and, so it is taken here, 6.3).
- A given window has half its stride for its deviation.
- Weights other than the recurrent ones start as in Le, Jaitly and Hinton's paper on IRNNs.
- Images of several channels are read as one, their mean, where `channels` is 1.
- The score, which the tracker needs and the paper does not have: see `RATM.step_from_glimpse`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import ImageSize, read_glimpse
from .ratm_features import FeatureCNN
from .state import StepOutput

LEAST_SIGMA = 0.1  # pixels
SIGMA_OF_STRIDE = 0.5  # of a window that is given
START = 0.001  # standard deviation of the first weights
ALL_PASS_LOGIT = 30.0  # stands for a mask of ones: RATM has none


@dataclass(frozen=True)
class RATMConfig:
    """Sizes and switches; the defaults are those published for KTH, see `PUBLISHED`."""

    glimpse: tuple[int, int] = (28, 28)  # N rows, M columns
    channels: int = 1
    hidden: int = 32
    # Of the convolutions whose output the recurrent network sees; none: it sees the pixels.
    widths: tuple[int, ...] = (128, 64)
    kernels: tuple[int, ...] = (5, 3)
    dense: int = 256  # features that the objective module compares
    classes: int = 2
    # Where the first image is read: at the target, or where was learnt, from a random place or
    # from the whole image on.
    first: Literal['given', 'random', 'image'] = 'given'
    first_share: float = 0.0  # of the image's sides, for a given window; 0: as large as the box
    enlarge: float = 1.5  # side of the window over that of the box


PUBLISHED = {  # sections 6.1, 6.2.1, 6.2.2 and 6.3
    'balls': RATMConfig((5, 5), 1, 64, (), (), 0, 0, first='random', enlarge=1.0),
    'mnist1': RATMConfig((28, 28), 1, 100, (), (), 0, 0, first='image', enlarge=1.0),
    'mnist2': RATMConfig((28, 28), 1, 100, (), (), 0, 0, first_share=0.8, enlarge=1.0),
    'kth': RATMConfig(),
}


@dataclass(frozen=True)
class RATMState:
    """All that is remembered of B targets between two frames."""

    attention: Tensor  # (B, 6), where the next image is read: g x, y; sigma x, y; delta x, y (~)
    bias: Tensor  # (B, 6), b of equation 5
    hidden: Tensor  # (B, hidden), h_t
    template: Tensor  # (B, D), features of the first glimpse; for the score alone


@dataclass(frozen=True)
class Followed:
    """What became of B targets in T images."""

    attention: Tensor  # (B, T, 6), at which each image was read
    glimpse: Tensor  # (B, T, C, N, M)


def split(attention: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The parts of an attention, (..., 6): centre, deviation and stride before equations 6 to 8.

    (..., 2) each: x, y.
    """
    return attention[..., 0:2], attention[..., 2:4], attention[..., 4:6]


def gaussian_grid(attention: Tensor, image_size: ImageSize, glimpse: tuple[int, int]) -> Tensor:
    """The grid of Gaussians in pixels, equations 6 to 10.

    Args:
        attention: (B, 6).
        image_size: height B, width A.
        glimpse: N rows, M columns.

    Returns:
        (B, 6): first means y, x (pixel indices), deviations y, x, strides y, x; as in `attention`.
    """
    g, sigma, delta = split(attention)
    size, points = _x_y(image_size, attention), _x_y(glimpse, attention)
    stride = (size - 1) / (points - 1) * delta.abs()
    first = 0.5 * (g + 1) * size - 0.5 - 0.5 * (points - 1) * stride
    return torch.cat([n.flip(-1) for n in (first, sigma.abs() + LEAST_SIGMA, stride)], -1)


def window_of(attention: Tensor, image_size: ImageSize) -> Tensor:
    """The rectangle between the grid's corner points, section 5.2; (..., 6) -> (..., 4) xywh."""
    g, _, delta = split(attention)
    size = _x_y(image_size, attention)
    extent = (size - 1) * delta.abs()
    return torch.cat((0.5 * (g + 1) * size - 0.5 * extent, extent), -1)


def attention_of(window_xywh: Tensor, image_size: ImageSize, glimpse: tuple[int, int]) -> Tensor:
    """Attention to a window; (..., 4), pixels -> (..., 6)."""
    size, points = _x_y(image_size, window_xywh), _x_y(glimpse, window_xywh)
    corner, extent = window_xywh[..., :2], window_xywh[..., 2:]
    g = 2 * (corner + 0.5 * extent) / size - 1
    sigma = (SIGMA_OF_STRIDE * extent / (points - 1) - LEAST_SIGMA).clamp(min=0)
    return torch.cat((g, sigma, extent / (size - 1).clamp(min=1)), -1)


def scaled_about_centre(box_xywh: Tensor, factor: float | Tensor) -> Tensor:
    """Boxes (..., 4) with sides `factor`, one or (..., 1), times as long."""
    corner, size = box_xywh[..., :2], box_xywh[..., 2:]
    return torch.cat((corner + 0.5 * (1 - factor) * size, factor * size), -1)


class IRNN(nn.Module):
    """h' = max(0, W_in x + W_rec h), with W_rec the identity at first (equations 1 and 3)."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.from_input = nn.Linear(inputs, hidden, bias=False)
        self.from_hidden = nn.Linear(hidden, hidden, bias=False)
        nn.init.normal_(self.from_input.weight, std=START)
        nn.init.eye_(self.from_hidden.weight)

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        """(B, inputs), (B, hidden) -> (B, hidden)."""
        return torch.relu(self.from_input(x) + self.from_hidden(hidden))


class RATM(nn.Module):
    """Tracks B targets, one glimpse each an image. Images are (B, C, H, W) in [0, 1], or uint8."""

    def __init__(self, config: RATMConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or RATMConfig()
        shape = (config.channels, *config.glimpse)
        self.features = FeatureCNN(
            shape, config.widths, config.kernels, config.dense, config.classes
        )
        self.rnn = IRNN(self.features.size, config.hidden)
        self.readout = nn.Linear(config.hidden, 6, bias=False)
        nn.init.normal_(self.readout.weight, std=START)
        if config.first != 'given':
            self.bias = nn.Parameter(_first_bias(config.first))

    def init(self, image: Tensor, box_xywh: Tensor) -> RATMState:
        """Looks at the targets (B, 4) in their first image; the state is for the second one.

        A network that has learnt where to look first finds the target itself: see `RATMConfig`.
        """
        state = self.first_state(box_xywh, _size(image))
        return self.init_from_glimpse(self.attend(image, state.attention), state)

    def init_from_glimpse(self, glimpse: Tensor, state: RATMState) -> RATMState:
        """As `init`, from `first_state` and the glimpse at its attention."""
        state = replace(state, template=self.seen(glimpse))
        return self.advance(state.template, state)

    def first_state(self, box_xywh: Tensor, image_size: ImageSize) -> RATMState:
        """Where to read the first image; its glimpse is not known yet."""
        config = self.config
        if config.first == 'given':
            bias = attention_of(
                self._first_window(box_xywh, image_size), image_size, config.glimpse
            )
        else:
            bias = self.bias.expand(len(box_xywh), -1)
        hidden = bias.new_zeros(len(bias), config.hidden)
        return RATMState(bias, bias, hidden, bias.new_zeros(len(bias), self.features.size))

    def step(self, image: Tensor, state: RATMState) -> tuple[StepOutput, RATMState]:
        """Reads an image where the last one said; does not modify `state`."""
        return self.step_from_glimpse(self.attend(image, state.attention), _size(image), state)

    def step_from_glimpse(
        self, glimpse: Tensor, image_size: ImageSize, state: RATMState
    ) -> tuple[StepOutput, RATMState]:
        """As `step`, the glimpse at the state's attention having been read already.

        The score is how alike the features of this glimpse and the first one are: their cosine.
        """
        seen = self.seen(glimpse)
        window = window_of(state.attention, image_size)
        step = StepOutput(
            box_xywh=scaled_about_centre(window, 1 / self.config.enlarge),
            score=F.cosine_similarity(seen, state.template).clamp(0, 1),
            window_xywh=window,
            glimpse=glimpse,
            mask_logits=glimpse.new_full((len(glimpse), 1, 1), ALL_PASS_LOGIT),
        )
        return step, self.advance(seen, state)

    def forward(self, images: Tensor, box_xywh: Tensor) -> Followed:
        """Tracks through images (B, T, C, H, W) from the box (B, 4) of the first."""
        state = self.first_state(box_xywh, _size(images))
        attention, glimpses = [], []
        for image in images.unbind(1):
            glimpses.append(self.attend(image, state.attention))
            attention.append(state.attention)
            state = self.advance(self.seen(glimpses[-1]), state)
        return Followed(torch.stack(attention, 1), torch.stack(glimpses, 1))

    def attend(self, image: Tensor, attention: Tensor) -> Tensor:
        """Glimpse (B, C, N, M); never in half precision, which tells neighbours apart no more."""
        with torch.autocast(image.device.type, enabled=False):
            grid = gaussian_grid(attention, _size(image), self.config.glimpse)
            return read_glimpse(image, grid, self.config.glimpse)

    def seen(self, glimpse: Tensor) -> Tensor:
        """What the recurrent network sees of a glimpse (B, C, N, M): (B, D)."""
        return self.features(glimpse if self.config.channels > 1 else glimpse.mean(1, True))

    def advance(self, seen: Tensor, state: RATMState) -> RATMState:
        """The hidden state and, from it, where to read the next image (equations 1, 2 and 5).

        Never in half precision, in which what is added to a large state would be lost.
        """
        with torch.autocast(seen.device.type, enabled=False):
            hidden = self.rnn(seen.float(), state.hidden)
            return replace(state, attention=self.readout(hidden) + state.bias, hidden=hidden)

    def boxes(self, attention: Tensor, image_size: ImageSize) -> Tensor:
        """The boxes that attention (..., 6) stands for: (..., 4) xywh, pixels."""
        return scaled_about_centre(window_of(attention, image_size), 1 / self.config.enlarge)

    def _first_window(self, box_xywh: Tensor, image_size: ImageSize) -> Tensor:
        share = self.config.first_share
        if not share:
            return scaled_about_centre(box_xywh, self.config.enlarge)
        extent = (share * _x_y(image_size, box_xywh)).expand(len(box_xywh), 2)
        return torch.cat((box_xywh[:, :2] + 0.5 * (box_xywh[:, 2:] - extent), extent), -1)


def _first_bias(kind: str) -> Tensor:
    """The bias that is learnt, at first: a random window, wide enough to see something, or all."""
    if kind == 'image':
        return torch.tensor([0.0, 0.0, 1.5, 1.5, 1.0, 1.0])
    low = torch.tensor([-0.5, -0.5, 0.5, 0.5, 0.4, 0.4])
    high = torch.tensor([0.5, 0.5, 2.0, 2.0, 0.8, 0.8])
    return low + (high - low) * torch.rand(6)


def _size(image: Tensor) -> ImageSize:
    """Height, width."""
    return image.shape[-2], image.shape[-1]


def _x_y(height_width: tuple[int, int], like: Tensor) -> Tensor:
    return torch.tensor(height_width[::-1], dtype=like.dtype, device=like.device)
