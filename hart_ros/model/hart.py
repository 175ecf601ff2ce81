# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""HART, as shipped: the 2017 design with its weak points mended.

One glimpse a frame, V1, a dorsal stream whose filters are generated from what the target looked
like, a ventral stream, appearance attention that masks one with the other, an LSTM for motion and
appearance, and the box read from it: the parts of Kosiorek, Bewley and Posner (2017), figure 2.
What differs from `hart_2017`, and why:

- Everything is measured in units of the window and the box, not of the image, so that a motion
  means the same for small and large targets and for any camera.
- The window is the last box with a margin on every side, so that a target which moves by half its
  size stays in view. The less the last box is believed, the wider it gets: what was lost is looked
  for around the place where it was lost.
- Dorsal filters come from the first frame (a template, which cannot drift) as well as from the
  LSTM's output (the running appearance).
- Every cell of the attended features votes for a box, and the readout corrects the vote: a box
  regressed from one vector alone has to learn each position anew.
- A predicted IoU says whether the box can be believed.
- V1 is a small residual stem with batch norm in place of AlexNet's 11x11 convolutions and LRN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .boxes import area, cxcywh_to_xywh, xywh_to_cxcywh
from .glimpse import gaussian_glimpse, standardise
from .state import StepOutput

NARROWEST_SIGMA = 0.4  # pixels; smooth when a small target is enlarged
BELIEVED = 0.6  # predicted IoU from which on the window is as narrow as it gets


@dataclass(frozen=True)
class HartConfig:
    """Sizes of the network; the defaults are those of the shipped weights."""

    glimpse_size: int = 112  # G, pixels
    margin: float = 0.55  # of the window around the box on each side, in units of sqrt(w * h)
    widening: float = 1.0  # how many margins more when nothing is believed
    v1_widths: tuple[int, ...] = (24, 48, 48, 96, 96, 96)
    v1_strides: tuple[int, ...] = (2, 2, 1, 2, 1, 1)
    key_width: int = 64  # K, channels that dynamic filters compare
    template_grid: int = 4  # the template holds the square of this many filters
    running_filters: int = 8  # filters generated from the running appearance
    ventral_width: int = 32
    dorsal_width: int = 32
    hidden: int = 128  # LSTM units
    # Off in the ablations of hart-ablate.
    template_filters: bool = True  # the template is compared with what is seen
    memory: bool = True  # the LSTM
    votes: bool = True

    @property
    def cells(self) -> int:
        """S, side of the feature maps."""
        side = self.glimpse_size
        for stride in self.v1_strides:
            side = (side + stride - 1) // stride
        return side


@dataclass(frozen=True)
class HartState:
    """All that is remembered of B targets between two frames."""

    box_xywh: Tensor  # (B, 4), pixels
    template: Tensor  # (B, N, K), unit-length filters from the first frame
    cell: Tensor  # (B, hidden), of the LSTM
    output: Tensor  # (B, hidden), of the LSTM: the running appearance alpha
    motion: Tensor  # (B, 4), last shift (units of the box) and log-scale
    score: Tensor  # (B,), predicted IoU of the box


class ConvBlock(nn.Module):
    """3x3 convolution, batch norm, ReLU; adds its input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.residual = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x))
        return F.relu(x + y) if self.residual else F.relu(y)


class V1(nn.Sequential):
    """Shared features of the glimpse: (B, 3, G, G) -> (B, 96, S, S)."""

    def __init__(self, config: HartConfig) -> None:
        widths = (3, *config.v1_widths)
        super().__init__(
            *(ConvBlock(widths[i], widths[i + 1], s) for i, s in enumerate(config.v1_strides))
        )


class DorsalStream(nn.Module):
    """Where is what looks like the target: a dynamic filter network (section 3.2).

    Filters from the template and from the running appearance are compared with the features of
    every cell (cosine); two convolutions turn the responses, with a drawing of the last box
    beside them, into dorsal features and the appearance mask.
    """

    def __init__(self, config: HartConfig) -> None:
        super().__init__()
        self.filters = config.running_filters
        self.generator = nn.Linear(config.hidden, config.running_filters * config.key_width)
        responses = config.template_grid**2 + config.running_filters
        self.gain = nn.Parameter(torch.tensor(4.0))
        self.near = ConvBlock(responses + 1, config.dorsal_width)
        self.far = ConvBlock(config.dorsal_width, config.dorsal_width, dilation=2)
        self.to_mask = nn.Conv2d(config.dorsal_width, 1, 1)

    def forward(
        self, keys: Tensor, template: Tensor, appearance: Tensor, last_box: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Keys (B, K, S, S), template (B, N, K), appearance (B, hidden), last box (B, 1, S, S).

        Returns dorsal features (B, D, S, S) and mask logits (B, 1, S, S).
        """
        width = keys.shape[1]
        running = self.generator(appearance).unflatten(-1, (self.filters, width))  # (B, R, K)
        dynamic = torch.cat((template, F.normalize(running, dim=-1)), 1)  # (B, N + R, K)
        responses = self.gain * torch.einsum('bfk,bkyx->bfyx', dynamic, keys)
        dorsal = self.far(self.near(torch.cat((responses, last_box), 1)))
        return dorsal, self.to_mask(dorsal)


class VotingReadout(nn.Module):
    """Every cell votes for a box; the votes are averaged under learnt weights.

    Features (B, C, S, S) -> (B, 4): shift of the centre in units of the box, log-scale.
    """

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.hidden = ConvBlock(inputs, width)
        self.votes = nn.Conv2d(width, 5, 1)  # weight, shift x, shift y, log-scale w, log-scale h
        nn.init.normal_(self.votes.weight, std=0.01)
        nn.init.zeros_(self.votes.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, mask_logits: Tensor, place: Tensor) -> Tensor:
        """`place` (B, 2, S, S): where each cell lies relative to the box, units of the box."""
        votes = self.votes(self.hidden(features))
        weight = (votes[:, :1] + mask_logits).flatten(2).softmax(-1)  # (B, 1, S*S)
        shift = (place + votes[:, 1:3]).flatten(2)
        scale = votes[:, 3:].flatten(2)
        return (weight * torch.cat((shift, scale), 1)).sum(-1)


class HART(nn.Module):
    """Hierarchical attentive recurrent tracking of B targets, one glimpse each a frame."""

    def __init__(self, config: HartConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or HartConfig()
        features, hidden = config.v1_widths[-1], config.hidden
        self.v1 = V1(config)
        self.to_keys = nn.Conv2d(features, config.key_width, 1)
        self.dorsal = DorsalStream(config)
        self.ventral = nn.Sequential(
            nn.Conv2d(features, config.ventral_width, 1, bias=False),
            nn.BatchNorm2d(config.ventral_width),
            nn.ReLU(),
        )
        both = config.ventral_width + config.dorsal_width
        self.voting = VotingReadout(both, config.dorsal_width)
        self.squeeze = ConvBlock(both, 48, stride=2)
        squeezed = 48 * ((config.cells + 1) // 2) ** 2
        self.embed = nn.Linear(squeezed, hidden)
        self.lstm = nn.LSTMCell(hidden + 10, hidden)
        template = config.template_grid**2 * config.key_width
        self.first_output = nn.Linear(template, hidden)
        self.first_cell = nn.Linear(template, hidden)
        self.readout = nn.Sequential(nn.Linear(2 * hidden + 4, 64), nn.ReLU(), nn.Linear(64, 6))
        nn.init.normal_(self.readout[-1].weight, std=0.01)  # type: ignore[arg-type]
        nn.init.zeros_(self.readout[-1].bias)  # type: ignore[arg-type]

    def window_xywh(self, box_xywh: Tensor, score: Tensor) -> Tensor:
        """Spatial attention: the box with an equal margin on every side, wider in doubt.

        Shapes: (B, 4) and (B,) -> (B, 4).
        """
        doubt = (1 - score.detach() / BELIEVED).clamp(min=0.0)
        margin = self.config.margin * (1 + self.config.widening * doubt)
        margin = (margin * area(box_xywh).clamp(min=1.0).sqrt())[:, None]
        return torch.cat((box_xywh[:, :2] - margin, box_xywh[:, 2:] + 2 * margin), -1)

    def first_window_xywh(self, box_xywh: Tensor) -> Tensor:
        """Where to look at the targets for the first time, (B, 4)."""
        return self.window_xywh(box_xywh, torch.ones_like(box_xywh[:, 0]))

    def next_window_xywh(self, state: HartState) -> Tensor:
        """Where to look in the next image, (B, 4)."""
        return self.window_xywh(state.box_xywh, state.score)

    def read_glimpse(self, image: Tensor, window_xywh: Tensor) -> tuple[Tensor, Tensor]:
        """Glimpse (B, 3, G, G) and its coverage, see `gaussian_glimpse`; image in [0, 1]."""
        return gaussian_glimpse(image, window_xywh, self.config.glimpse_size, NARROWEST_SIGMA)

    def init(self, image: Tensor, box_xywh: Tensor) -> HartState:
        """Looks at the targets once.

        Args:
            image: (B, 3, H, W), in [0, 1].
            box_xywh: (B, 4), pixels.
        """
        window = self.first_window_xywh(box_xywh)
        return self.init_from_glimpse(*self.read_glimpse(image, window), box_xywh, window)

    def init_from_glimpse(
        self, glimpse: Tensor, coverage: Tensor, box_xywh: Tensor, window: Tensor
    ) -> HartState:
        """As `init`, the glimpse at the window having been read already."""
        keys = self._keys(self.v1(standardise(glimpse, coverage)))
        template = self._template(keys, box_xywh, window)
        return HartState(
            box_xywh=box_xywh,
            template=template,
            cell=self.first_cell(template.flatten(1)),
            output=torch.tanh(self.first_output(template.flatten(1))),
            motion=torch.zeros_like(box_xywh),
            score=torch.ones_like(box_xywh[:, 0]),
        )

    def step(self, image: Tensor, state: HartState) -> tuple[StepOutput, HartState]:
        """Finds the targets in the next image (B, 3, H, W), in [0, 1]."""
        window = self.next_window_xywh(state)
        return self.step_from_glimpse(*self.read_glimpse(image, window), window, state)

    def step_from_glimpse(
        self, glimpse: Tensor, coverage: Tensor, window: Tensor, state: HartState
    ) -> tuple[StepOutput, HartState]:
        """As `step`, the glimpse at the window having been read already."""
        features = self.v1(standardise(glimpse, coverage))  # (B, 96, S, S)
        place = self._place(window, state.box_xywh)
        template = state.template
        if not self.config.template_filters:
            template = torch.zeros_like(template)
        dorsal, mask_logits = self.dorsal(
            self._keys(features), template, state.output, _inside(place)
        )
        ventral = self.ventral(features)
        masked = ventral * mask_logits.sigmoid()
        vote = self.voting(torch.cat((ventral, dorsal), 1), mask_logits, place)
        if not self.config.votes:
            vote = torch.zeros_like(vote)

        attended = self.squeeze(torch.cat((masked, dorsal), 1)).flatten(1)
        attended = F.relu(self.embed(attended))
        shape = (state.box_xywh[:, 2:] / window[:, 2:]).detach()
        output, cell = self.lstm(
            torch.cat((attended, vote, state.motion, shape), 1), (state.output, state.cell)
        )
        if not self.config.memory:
            output, cell = torch.zeros_like(output), torch.zeros_like(cell)
        read = self.readout(torch.cat((attended, output, vote), 1))  # (B, 6)
        # The gate lets the memory overrule the vote, as when the target is hidden.
        gate = torch.sigmoid(read[:, 4:5] + 2.0)
        motion = gate * vote + 0.5 * torch.tanh(read[:, :4])
        box = _moved(state.box_xywh, motion)
        # Not in half precision, in which a score of 1 that was wrong would never be unlearned.
        score = torch.sigmoid(read[:, 5].to(torch.promote_types(read.dtype, torch.float32)))
        step = StepOutput(
            box_xywh=box,
            score=score,
            window_xywh=window,
            glimpse=glimpse,
            mask_logits=mask_logits[:, 0],
        )
        return step, replace(
            state, box_xywh=box, cell=cell, output=output, motion=motion, score=score
        )

    def forward(self, images: Tensor, box_xywh: Tensor) -> list[StepOutput]:
        """Tracks through images (B, T, 3, H, W) from the box of the first; T - 1 steps."""
        state = self.init(images[:, 0], box_xywh)
        steps = []
        for image in images[:, 1:].unbind(1):
            step, state = self.step(image, state)
            steps.append(step)
        return steps

    def _keys(self, features: Tensor) -> Tensor:
        return F.normalize(self.to_keys(features), dim=1)

    def _template(self, keys: Tensor, box_xywh: Tensor, window: Tensor) -> Tensor:
        """Keys at a grid of places in the box: (B, N, K), unit length."""
        n = self.config.template_grid
        cells = (torch.arange(n, device=keys.device, dtype=keys.dtype) + 0.5) / n
        at_x = (box_xywh[:, :1] + cells * box_xywh[:, 2:3] - window[:, :1]) / window[:, 2:3]
        at_y = (box_xywh[:, 1:2] + cells * box_xywh[:, 3:] - window[:, 1:2]) / window[:, 3:]
        grid = torch.stack(  # (B, n, n, 2), in [-1, 1] over the window
            (at_x[:, None, :].expand(-1, n, -1), at_y[:, :, None].expand(-1, -1, n)), -1
        )
        sampled = F.grid_sample(keys, (2 * grid - 1).to(keys.dtype), align_corners=False)
        return F.normalize(sampled.flatten(2).transpose(1, 2), dim=-1)

    def _place(self, window: Tensor, box_xywh: Tensor) -> Tensor:
        """Where each cell's centre lies relative to the box's, units of the box: (B, 2, S, S)."""
        s = self.config.cells
        cells = (torch.arange(s, device=window.device, dtype=window.dtype) + 0.5) / s
        centre = xywh_to_cxcywh(box_xywh)[:, :2]
        at_x = (window[:, :1] + cells * window[:, 2:3] - centre[:, :1]) / box_xywh[:, 2:3]
        at_y = (window[:, 1:2] + cells * window[:, 3:] - centre[:, 1:]) / box_xywh[:, 3:]
        return torch.stack(
            (at_x[:, None, :].expand(-1, s, -1), at_y[:, :, None].expand(-1, -1, s)), 1
        )


def _inside(place: Tensor) -> Tensor:
    """A soft drawing of the box: 1 inside, 0 outside; (B, 2, S, S) -> (B, 1, S, S)."""
    return torch.sigmoid(12.0 * (0.5 - place.abs())).prod(1, keepdim=True)


def _moved(box_xywh: Tensor, motion: Tensor) -> Tensor:
    """The box after a shift (units of the box) and log-scale; at least 2 pixels on a side."""
    box = xywh_to_cxcywh(box_xywh)
    centre = box[:, :2] + motion[:, :2] * box[:, 2:]
    size = (box[:, 2:] * torch.exp(motion[:, 2:].clamp(-0.7, 0.7))).clamp(min=2.0)
    return cxcywh_to_xywh(torch.cat((centre, size), -1))
