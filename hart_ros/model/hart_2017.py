# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""HART as published: Kosiorek, Bewley and Posner, NIPS 2017.

The reference that the shipped `HART` is measured against, and the network of the poster's
ablations. One step reads as the poster's figure: attend, glimpse, V1, ventral and dorsal stream,
masked features, LSTM, box and next attention.

Where the paper is silent, this is chosen:

- Pixels. Published attention counts in indices of pixels, boxes here are continuous; half a pixel
  lies between them (`attention`).
- The deviation of the Gaussians: two lines in place of a fitted polynomial (`stride_to_sigma`).
- The first frame: the glimpse for the appearance is read at a_1, the learnt offset included, and
  the three affine maps are plain, without a nonlinearity.
- Losses: L_t and L_s begin with the second frame, L_a with the first. A window as large as the
  image, where L_s is flat, is still pulled back (`spatial_attention_loss`). tau(a, b) is resized
  with its pixel centres kept in place, not its corners (`target_mask`).
- Starts: a bias starts like a weight of its width (`initialise`), no gate of the LSTM is opened.
- The score, which the tracker needs and the paper does not have: see `agreement`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .attention import (
    ImageSize,
    LearntOffset,
    attention_to_box,
    box_to_attention,
    gaussian_grid,
    normalise_contrast,
    read_glimpse,
    target_mask,
)
from .initialise import glorot
from .readout import AttentionReadout, BoxReadout, MaskSummary
from .recurrent import ZoneoutLSTMCell
from .state import StepOutput
from .streams import DorsalStream, MaskedFeatures, VentralStream
from .v1 import STRIDE, V1

ALL_PASS_LOGIT = 30.0  # stands for a mask of ones where appearance attention is switched off


@dataclass(frozen=True)
class HART2017Config:
    """Sizes and switches; the defaults are those published for KITTI.

    The poster's `ABLATIONS`: `appearance_attention=False` is "Spatial Att" (0.60 mean IoU),
    `appearance_loss=False` is "App Att" (0.78); with both on it is HART (0.81).
    """

    glimpse_size: int = 56  # G, pixels
    v1_widths: tuple[int, int, int] = (96, 256, 384)
    stream_width: int = 5  # channels of the ventral and of the dorsal stream
    hidden: int = 100  # LSTM units, and every hidden width
    mask_summary: int = 10
    dropout_keep: float = 0.75
    batch_norm_decay: float = 0.95
    zoneout: float = 0.05
    grid_unit: float = 1.0  # pixels; hundreds of pixels as they are slow down the first learning
    appearance_attention: bool = True
    appearance_loss: bool = True

    @property
    def cells(self) -> int:
        """S, side of the feature maps."""
        return -(-self.glimpse_size // STRIDE)


ABLATIONS = {  # of the poster
    'spatial_att': HART2017Config(appearance_attention=False),
    'app_att': HART2017Config(appearance_loss=False),
    'full': HART2017Config(),
}


@dataclass(frozen=True)
class HART2017State:
    """All that is remembered of B targets between two frames; holds for any size of image."""

    attention: Tensor  # (B, 4), a_t: where the next image is read
    cell: Tensor  # (B, 100), of the LSTM
    output: Tensor  # (B, 100), of the LSTM, after zoneout
    appearance: Tensor  # (B, 100), alpha_t: what was read from the LSTM last


@dataclass
class HART2017Output(StepOutput):
    """One step, with what the losses need besides."""

    filter_energy: Tensor  # (B,), half the sum of squares of the generated filters and biases


class HART2017(nn.Module):
    """Hierarchical attentive recurrent tracking of B targets, one glimpse each a frame.

    Images are (B, 3, H, W), float or uint8; their range does not matter, since the contrast of the
    glimpse is normalised. Boxes are xywh, pixels.
    """

    def __init__(self, config: HART2017Config | None = None) -> None:
        super().__init__()
        self.config = config = config or HART2017Config()
        features, width, hidden = config.v1_widths[-1], config.stream_width, config.hidden
        self.offset = LearntOffset()
        self.v1 = V1(config.v1_widths)
        self.ventral = VentralStream(features, width, config.dropout_keep, config.batch_norm_decay)
        self.features = MaskedFeatures(width, config.cells, hidden, config.grid_unit)
        self.lstm = ZoneoutLSTMCell(hidden, hidden, config.zoneout)
        self.first_features = glorot(nn.Linear(hidden, hidden))
        self.first_cell = glorot(nn.Linear(hidden, hidden))
        self.first_output = glorot(nn.Linear(hidden, hidden))
        seen = hidden
        if config.appearance_attention:
            self.dorsal = DorsalStream(hidden, features, width)
            self.mask_summary = MaskSummary(config.cells, config.mask_summary)
            seen += config.mask_summary
        self.attention_readout = AttentionReadout(seen, hidden)
        self.box_readout = BoxReadout(seen, hidden)

    def init(self, image: Tensor, box_xywh: Tensor) -> HART2017State:
        """Looks at the targets (B, 4) in their first image; the state is for the second one."""
        attention = self.first_attention(box_xywh, _size(image))
        return self.init_from_glimpse(*self.attend(image, attention), attention, _size(image))

    def init_from_glimpse(
        self, glimpse: Tensor, grid: Tensor, attention: Tensor, image_size: ImageSize
    ) -> HART2017State:
        """As `init`, the glimpse at the first attention having been read already."""
        state = self._first_state(glimpse, grid, attention)
        return self.step_from_glimpse(glimpse, grid, image_size, state, first=True)[1]

    def first_attention(self, box_xywh: Tensor, image_size: ImageSize) -> Tensor:
        """a_1: the box, enlarged by the learnt offset; (B, 4) -> (B, 4)."""
        return box_to_attention(box_xywh, image_size) + self.offset()

    def first_state(self, image: Tensor, box_xywh: Tensor) -> HART2017State:
        """The state that step 1, on the very same image, starts from."""
        attention = self.first_attention(box_xywh, _size(image))
        return self._first_state(*self.attend(image, attention), attention)

    def _first_state(self, glimpse: Tensor, grid: Tensor, attention: Tensor) -> HART2017State:
        """One LSTM step from zeros on the features of an unmasked glimpse gives the appearance.

        Cell and output go through an affine map each.
        """
        features = self.features(self.ventral(self.v1(glimpse)), None, grid)
        zeros = torch.zeros_like(features)
        appearance, cell, output = self.lstm(self.first_features(features), zeros, zeros)
        return HART2017State(
            attention, self.first_cell(cell), self.first_output(output), appearance
        )

    def step(
        self, image: Tensor, state: HART2017State, first: bool = False
    ) -> tuple[HART2017Output, HART2017State]:
        """Finds the targets in an image; does not modify `state`.

        Args:
            image: (B, 3, H, W).
            state: of `init`, or of the step before.
            first: the image is the one that the target was given in: its box is not corrected.
        """
        glimpse, grid = self.attend(image, state.attention)
        return self.step_from_glimpse(glimpse, grid, _size(image), state, first)

    def step_from_glimpse(
        self,
        glimpse: Tensor,
        grid: Tensor,
        image_size: ImageSize,
        state: HART2017State,
        first: bool = False,
    ) -> tuple[HART2017Output, HART2017State]:
        """As `step`, the glimpse at the state's attention having been read already."""
        features = self.v1(glimpse)  # (B, 384, S, S)
        mask_logits, mask, energy = self._appearance_attention(features, state.appearance)
        attended = self.features(self.ventral(features), mask, grid)  # (B, 100)
        read, cell, output = self.lstm(attended, state.cell, state.output)
        seen = read if mask is None else torch.cat((read, self.mask_summary(mask)), 1)

        box = attention_to_box(state.attention - self.offset(), image_size)
        if not first:
            box = self.box_readout(box, seen, image_size)
        window = attention_to_box(state.attention, image_size)
        step = HART2017Output(
            box_xywh=box,
            score=agreement(mask_logits, window, box),
            window_xywh=window,
            glimpse=glimpse,
            mask_logits=mask_logits,
            filter_energy=energy,
        )
        attention = self.attention_readout(state.attention, seen)
        return step, HART2017State(attention, cell, output, appearance=read)

    def forward(self, images: Tensor, box_xywh: Tensor) -> list[HART2017Output]:
        """Tracks through images (B, T, 3, H, W) from the box (B, 4) of the first; T steps.

        The first step is that of the first image; its box is the one given.
        """
        state = self.first_state(images[:, 0], box_xywh)
        steps = []
        for t, image in enumerate(images.unbind(1)):
            step, state = self.step(image, state, first=t == 0)
            steps.append(step)
        return steps

    def attend(self, image: Tensor, attention: Tensor) -> tuple[Tensor, Tensor]:
        """Glimpse (B, 3, G, G) in [0, 1] and the six numbers of its grid (B, 6).

        Never in half precision, in which neighbouring pixels would be told apart no more.
        """
        size = self.config.glimpse_size
        with torch.autocast(image.device.type, enabled=False):
            grid = gaussian_grid(attention, _size(image), size)
            return normalise_contrast(read_glimpse(image, grid, (size, size))), grid

    def _appearance_attention(
        self, features: Tensor, appearance: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """Mask logits (B, S, S), the mask, or None where switched off, and filter energy (B,)."""
        if self.config.appearance_attention:
            logits, energy = self.dorsal(features, appearance)
            return logits, torch.sigmoid(logits), energy
        batch, _, height, width = features.shape
        return (
            features.new_full((batch, height, width), ALL_PASS_LOGIT),
            None,
            features.new_zeros(batch),
        )


@torch.no_grad()
def agreement(mask_logits: Tensor, window_xywh: Tensor, box_xywh: Tensor) -> Tensor:
    """The score of a step: how far mask and box agree on where the target is.

    HART (2017) has no notion of a lost target. The two places where it says what the target is,
    the appearance mask s and the box, drawn as tau(a, b), are compared by their soft
    intersection over union, sum(s tau) / sum(s + tau - s tau).

    Args:
        mask_logits: (B, S, S).
        window_xywh, box_xywh: (B, 4), pixels.

    Returns:
        (B,), in [0, 1]; 0 where the box has left the window.
    """
    mask = torch.sigmoid(mask_logits)
    drawn = target_mask(window_xywh, box_xywh, mask_logits.shape[-1])
    shared = (mask * drawn).sum((-1, -2))
    return shared / ((mask + drawn).sum((-1, -2)) - shared).clamp(min=1e-6)


def _size(image: Tensor) -> ImageSize:
    """Height, width."""
    return image.shape[-2], image.shape[-1]
