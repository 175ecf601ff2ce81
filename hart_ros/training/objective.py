# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the shipped network is trained for, and how a clip is unrolled."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hart_ros.model.boxes import cxcywh_to_xywh, giou_xywh, iou_xywh, xywh_to_cxcywh
from hart_ros.model.glimpse import standardise
from hart_ros.model.hart import HART, HartState
from hart_ros.model.state import StepOutput
from hart_ros.tracking.networks import aspect_of, steadied

from .config import LossConfig
from .teacher import Teacher

Tensors = TypeVar('Tensors', HartState, StepOutput)
USUAL = LossConfig()
LOST = 0.15  # IoU under which a target counts as lost in training


@dataclass(frozen=True)
class Look:
    """What a step is made of: what is remembered of B targets, where it looks and what is there."""

    state: HartState
    window: Tensor  # (B, 4), xywh, pixels
    glimpse: tuple[Tensor, Tensor]  # and its coverage


class Objective(nn.Module):
    """The loss of the shipped network; has what only training needs: the reading of the teacher."""

    def __init__(
        self,
        features: int,
        truncate: int = 0,
        steady: bool = False,
        teacher: Teacher | None = None,
        losses: LossConfig = USUAL,
    ) -> None:
        super().__init__()
        self.truncate, self.steady = truncate, steady
        self.teacher, self.losses = teacher, losses
        self.reading = teacher.reading(features) if teacher else None

    def forward(
        self, model: HART, clip: dict[str, Tensor], half: bool
    ) -> tuple[Tensor, dict[str, float]]:
        """Tracks a batch of clips; see `unroll`."""
        loss, log, glimpse = unroll(model, clip, half, self.truncate, self.losses, self.steady)
        if self.teacher is None or self.reading is None:
            return loss, log
        with torch.autocast(loss.device.type, torch.bfloat16, enabled=half):
            read = self.reading(model.v1(standardise(*glimpse)))
        apart = self.teacher.disagreement(read.float(), glimpse[0])
        return loss + self.teacher.weight * apart, {**log, 'teacher': float(apart.detach())}


def unroll(
    model: HART,
    clip: dict[str, Tensor],
    half: bool,
    truncate: int = 0,
    losses: LossConfig = USUAL,
    steady: bool = False,
) -> tuple[Tensor, dict[str, float], tuple[Tensor, Tensor]]:
    """Tracks a batch of clips on the model's own windows; the mean loss of their steps.

    Args:
        model: in training mode.
        clip: images (B, T, 3, H, W) uint8, boxes (B, T, 4) xywh pixels, present (B, T) bool.
        half: run the network in bfloat16; glimpses and boxes stay in float32.
        truncate: gradients go back at most this many steps, between multiples of it; 0: all.
        losses: what they weigh.
        steady: what the next step starts from is `steadied`, as in tracking; the losses are of what
            the network says.

    Returns:
        The loss, with that of looking elsewhere at one of the steps; the means of its parts and of
        the IoU for the log; the last glimpse and coverage.
    """
    images, boxes, present = clip['images'], clip['boxes'], clip['present']
    device = images.device.type
    first = _shaken(boxes[:, 0], 0.03)
    window = model.first_window_xywh(first)
    glimpse = _read(model, images[:, 0], window)
    with torch.autocast(device, torch.bfloat16, enabled=half):
        state = model.init_from_glimpse(*glimpse, first, window)
    # At any step, and in its place: were it always the last one, or one more, the memory would
    # learn to count, and the score to fall at the length of the clips, whatever is seen.
    astray = int(torch.randint(1, images.shape[1], ()))
    wrong: Tensor | None = None
    terms, logs = [], []
    for t in range(1, images.shape[1]):
        if truncate and t > 1 and (t - 1) % truncate == 0:
            state = _without_history(state)
        # The window is the model's own, yet gradients do not run through it: each step learns to
        # mend the error that it is given.
        state = _disturbed(replace(state, box_xywh=state.box_xywh.detach()))
        look = _look(model, images[:, t], state)
        if losses.elsewhere and t == astray:
            away, counts = elsewhere(model, clip, t, state)
            (step, state), (lost, _) = _steps(model, [look, away], half)
            wrong = absence_loss(lost.score, counts)
        else:
            [(step, state)] = _steps(model, [look], half)
        if steady:
            box = steadied(look.state.box_xywh, state.box_xywh.float(), aspect_of(first))
            state = replace(state, box_xywh=box)
        loss, log = step_loss(step, boxes[:, t], present[:, t], losses)
        terms.append(loss)
        logs.append(log)
        state = _restarted(state, step, boxes[:, t], present[:, t])
    means = {name: sum(log[name] for log in logs) / len(logs) for name in logs[0]}
    mean = torch.stack(terms).mean()
    if wrong is not None:
        mean = mean + losses.elsewhere * wrong
        means = {**means, 'elsewhere': float(wrong.detach())}
    return mean, means, look.glimpse


def elsewhere(
    model: HART, clip: dict[str, Tensor], t: int, state: HartState
) -> tuple[Look, Tensor]:
    """Looks where the targets are not, with what is remembered of them: the score has to be 0.

    Half of them look at another clip's target in its image t, as large as it is but with the shape
    of their own box, the others at a random place of their own, away from the truth. Without this a
    lost target is never noticed: clips seldom show anything but the target at the place where it is
    expected.

    Returns:
        The look, and which of them count: (B,), 0 where the target may be in sight.
    """
    images, boxes, present = (clip[name][:, t] for name in ('images', 'boxes', 'present'))
    other = torch.rand_like(state.score) < 0.5
    foreign = xywh_to_cxcywh(boxes.roll(1, 0))
    size = state.box_xywh[:, 2:]
    as_large = (foreign[:, 2:].prod(-1, True) / size.prod(-1, True)).clamp(min=1e-6).sqrt() * size
    place = torch.rand_like(size) * boxes.new_tensor(images.shape[:1:-1])
    away = torch.where(
        other[:, None],
        torch.cat((foreign[:, :2], as_large), -1),
        torch.cat((place, size), -1),
    )
    state = replace(
        state,
        box_xywh=_shaken(cxcywh_to_xywh(away), 0.1),
        score=torch.rand_like(state.score),  # windows of all widths
    )
    seen = torch.where(other[:, None, None, None], images.roll(1, 0), images)
    look = _look(model, seen, state)
    outside = (1 - _centre_inside(boxes, look.window)) * present.float()
    return look, torch.where(other, float(len(boxes) > 1), outside)


def absence_loss(score: Tensor, counts: Tensor) -> Tensor:
    """Cross-entropy of scores with 0, over those that count: (B,) and (B,); scalar."""
    score = score.float()
    apart = F.binary_cross_entropy(score, torch.zeros_like(score), reduction='none')
    return (apart * counts).sum() / counts.sum().clamp(min=1.0)


def step_loss(
    step: StepOutput, truth_xywh: Tensor, present: Tensor, losses: LossConfig = USUAL
) -> tuple[Tensor, dict[str, float]]:
    """Box, appearance mask and score against the truth, (B, 4).

    Absent targets, and those whose centre is outside the window, teach the score only.

    The mask loss is HART's appearance loss (section 3.4): cross-entropy with the true box drawn
    in the window, both classes weighted alike.
    """
    box = step.box_xywh.float()
    iou = iou_xywh(box, truth_xywh).detach()
    size = truth_xywh[:, 2:].prod(-1, keepdim=True).clamp(min=4.0).sqrt()
    miss = (xywh_to_cxcywh(box) - xywh_to_cxcywh(truth_xywh))[:, :2] / size
    box_loss = (
        1
        - giou_xywh(box, truth_xywh)
        + 2 * F.smooth_l1_loss(miss, torch.zeros_like(miss), reduction='none', beta=0.25).mean(-1)
    )
    mask_loss = _mask_loss(step.mask_logits.float(), step.window_xywh, truth_xywh)
    share = present.float()
    seen = share * _centre_inside(truth_xywh, step.window_xywh)
    count, seen_count = share.sum().clamp(min=1.0), seen.sum().clamp(min=1.0)
    box_loss = (box_loss.clamp(max=6.0) * seen).sum() / seen_count
    mask_loss = (mask_loss * seen).sum() / seen_count
    score_loss = F.binary_cross_entropy(step.score.float(), iou * share)
    loss = box_loss + losses.mask * mask_loss + losses.score * score_loss
    log = {
        'loss': float(loss.detach()),
        'box': float(box_loss.detach()),
        'mask': float(mask_loss.detach()),
        'score': float(score_loss.detach()),
        'iou': float((iou * share).sum() / count),
    }
    return loss, log


def _mask_loss(logits: Tensor, window_xywh: Tensor, truth_xywh: Tensor) -> Tensor:
    """Balanced cross-entropy of mask logits (B, S, S) with the drawn true box, (B,)."""
    target = drawn_box(truth_xywh, window_xywh, logits.shape[-1])
    inside = target.mean((1, 2), keepdim=True).clamp(0.02, 0.98)
    weight = 0.5 * (target / inside + (1 - target) / (1 - inside))
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
    return (weight * loss).mean((1, 2))


def drawn_box(box_xywh: Tensor, window_xywh: Tensor, cells: int) -> Tensor:
    """Share of each of S x S cells of the window that a box covers: (B, S, S) in [0, 1]."""
    start = (box_xywh[:, :2] - window_xywh[:, :2]) / window_xywh[:, 2:] * cells  # (B, 2)
    stop = start + box_xywh[:, 2:] / window_xywh[:, 2:] * cells
    edge = torch.arange(cells, device=box_xywh.device, dtype=box_xywh.dtype)
    low = torch.maximum(start[..., None], edge)  # (B, 2, S)
    high = torch.minimum(stop[..., None], edge + 1)
    covered = (high - low).clamp(0, 1)
    return covered[:, 1, :, None] * covered[:, 0, None, :]


def _look(model: HART, images: Tensor, state: HartState) -> Look:
    window = model.next_window_xywh(state)
    return Look(state, window, _read(model, images, window))


def _steps(model: HART, looks: list[Look], half: bool) -> list[tuple[StepOutput, HartState]]:
    """A step of each; as one batch.

    Were those that look elsewhere a batch of their own, its statistics, by which batch norms go in
    training, would tell that no target is there, and nothing that holds in tracking were learnt.
    """
    window = torch.cat([look.window for look in looks])
    glimpse, coverage = (torch.cat(parts) for parts in zip(*(look.glimpse for look in looks)))
    state = HartState(*(torch.cat(parts) for parts in zip(*(_parts(k.state) for k in looks))))
    with torch.autocast(window.device.type, torch.bfloat16, enabled=half):
        step, after = model.step_from_glimpse(glimpse, coverage, window, state)
    count = len(looks)
    return list(zip(_split(step, count), _split(after, count)))


def _parts(batch: HartState | StepOutput) -> list[Tensor]:
    return [getattr(batch, field.name) for field in fields(batch)]


def _split(batch: Tensors, count: int) -> list[Tensors]:
    """Batches of the same size that this one is made of."""
    parts = zip(*(part.chunk(count) for part in _parts(batch)))
    return [type(batch)(*some) for some in parts]


def _read(model: HART, images: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
    """Glimpses in [0, 1] and coverages, of uint8; divided once read, of which there is less."""
    glimpse, coverage = model.read_glimpse(images.float(), window)
    return glimpse / 255.0, coverage


def _shaken(box_xywh: Tensor, strength: float | Tensor) -> Tensor:
    """Boxes moved and scaled at random, in units of their size."""
    box = xywh_to_cxcywh(box_xywh)
    noise = torch.randn_like(box) * strength
    centre = box[:, :2] + noise[:, :2] * box[:, 2:]
    return cxcywh_to_xywh(torch.cat((centre, box[:, 2:] * torch.exp(noise[:, 2:])), -1))


def _centre_inside(box_xywh: Tensor, window_xywh: Tensor) -> Tensor:
    """1 where the centre of a box (B, 4) lies in its window (B, 4), else 0: (B,)."""
    place = (xywh_to_cxcywh(box_xywh)[:, :2] - window_xywh[:, :2]) / window_xywh[:, 2:]
    return ((place > 0) & (place < 1)).all(-1).float()


def _disturbed(state: HartState) -> HartState:
    """Half of the boxes shaken by up to 20%, a few lost: windows are not to be trusted.

    What the network sees has to say where the target is; a small error of the last box, believed,
    grows from frame to frame. What is lost is not believed, and to be found in a wider window.
    """
    chosen = torch.rand_like(state.score[:, None]) < 0.5
    strength = 0.2 * torch.rand_like(state.score[:, None]) * chosen
    box = _shaken(state.box_xywh, strength)
    away = torch.randn_like(box[:, :2]) * 0.8 * box[:, 2:]
    far = torch.cat((box[:, :2] + away, box[:, 2:]), -1)
    lost = torch.rand_like(state.score) < 0.03
    return replace(
        state,
        box_xywh=torch.where(lost[:, None], far, box),
        score=torch.where(lost, 0.5 * torch.rand_like(state.score), state.score.detach()),
    )


def _without_history(state: HartState) -> HartState:
    """The same memory, through which no gradients go back; the template stays open to them."""
    cell, output, motion = state.cell.detach(), state.output.detach(), state.motion.detach()
    return replace(state, cell=cell, output=output, motion=motion)


def _restarted(
    state: HartState, step: StepOutput, truth_xywh: Tensor, present: Tensor
) -> HartState:
    """Puts some of the lost targets back on the truth, so that the rest of the clip is of use.

    The others stay lost, to learn to find them again.
    """
    iou = iou_xywh(step.box_xywh.float(), truth_xywh)
    again = present & (iou < LOST) & (torch.rand_like(iou) < 0.3)
    return replace(
        state,
        box_xywh=torch.where(again[:, None], truth_xywh, state.box_xywh.float()),
        score=torch.where(again, 0.6, state.score.float()),
    )
