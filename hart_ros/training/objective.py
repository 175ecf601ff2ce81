# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What the shipped network is trained for, and how a clip is unrolled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hart_ros.model.boxes import cxcywh_to_xywh, giou_xywh, iou_xywh, xywh_to_cxcywh
from hart_ros.model.glimpse import standardise
from hart_ros.model.hart import HART, HartState
from hart_ros.model.state import StepOutput
from hart_ros.tracking.networks import aspect_of, steadied

from .config import CurriculumConfig, LossConfig
from .teacher import Teacher

USUAL = LossConfig()
AS_SHIPPED = CurriculumConfig()
LOST = 0.15  # IoU under which a target counts as lost in training


class Objective(nn.Module):
    """The loss of the shipped network; has what only training needs: the reading of the teacher."""

    def __init__(
        self,
        features: int,
        curriculum: CurriculumConfig = AS_SHIPPED,
        losses: LossConfig = USUAL,
        teacher: Teacher | None = None,
    ) -> None:
        super().__init__()
        self.curriculum, self.losses, self.teacher = curriculum, losses, teacher
        self.reading = teacher.reading(features) if teacher else None

    def forward(
        self, model: HART, clip: dict[str, Tensor], half: bool
    ) -> tuple[Tensor, dict[str, float]]:
        """Tracks a batch of clips; see `unroll`."""
        loss, log, glimpse = unroll(model, clip, half, self.curriculum, self.losses)
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
    curriculum: CurriculumConfig = AS_SHIPPED,
    losses: LossConfig = USUAL,
) -> tuple[Tensor, dict[str, float], tuple[Tensor, Tensor]]:
    """Tracks a batch of clips on the model's own windows; the mean loss of their steps.

    Args:
        model: in training mode.
        clip: images (B, T, 3, H, W) uint8, boxes (B, T, 4) xywh pixels, present (B, T) bool.
        half: run the network in bfloat16; glimpses and boxes stay in float32.
        curriculum: `truncate`: gradients go back at most this many steps, between multiples of it;
            0: all. `steady`: what the next step starts from is `steadied`, as in tracking; the
            losses are of what the network says. `astray`: share of the clips that go `Astray`.
        losses: what they weigh.

    Returns:
        The loss; the means of its parts and of the IoU for the log; the last glimpse and coverage.
    """
    images, boxes, present = clip['images'], clip['boxes'], clip['present']
    device = images.device.type
    first = _shaken(boxes[:, 0], 0.03)
    window = model.first_window_xywh(first)
    glimpse = _read(model, images[:, 0], window)
    with torch.autocast(device, torch.bfloat16, enabled=half):
        state = model.init_from_glimpse(*glimpse, first, window)
    astray = Astray.drawn(boxes, curriculum.astray)
    truncate = curriculum.truncate
    terms, logs = [], []
    for t in range(1, images.shape[1]):
        if truncate and t > 1 and (t - 1) % truncate == 0:
            state = _without_history(state)
        # The window is the model's own, yet gradients do not run through it: each step learns to
        # mend the error that it is given.
        state = _disturbed(replace(state, box_xywh=state.box_xywh.detach()))
        before = astray.led(state, t, boxes[:, t], images)
        window = model.next_window_xywh(before)
        gone = astray.gone(t)
        among = gone & astray.foreign
        seen = images[:, t]
        if among.any():
            seen = torch.where(among[:, None, None, None], seen.roll(1, 0), seen)
        glimpse = _read(model, seen, window)
        with torch.autocast(device, torch.bfloat16, enabled=half):
            step, state = model.step_from_glimpse(*glimpse, window, before)
        if curriculum.steady:
            box = steadied(before.box_xywh, state.box_xywh.float(), aspect_of(first))
            state = replace(state, box_xywh=box)
        loss, log = step_loss(step, boxes[:, t], present[:, t] & ~among, losses, gone)
        terms.append(loss)
        logs.append(log)
        state = _restarted(state, step, boxes[:, t], present[:, t] & ~gone)
    means = {name: sum(log[name] for log in logs) / len(logs) for name in logs[0]}
    return torch.stack(terms).mean(), means, glimpse


@dataclass(frozen=True)
class Astray:
    """Which of B clips lose their targets, and when.

    For a while such a track goes on where the target is not: half of them in another clip, on its
    target, the others at a random place of their own; then it is put back. Clips seldom show
    anything but the target at the place where it is expected; without this a lost target is never
    noticed, less so the longer the memory has been filled with something else. In one batch with
    the others: from the statistics of a batch of the lost alone, a batch norm could tell that they
    are. At any step, each as likely: by their number, the memory could.
    """

    begin: Tensor  # (B,), first of the steps without the target
    end: Tensor  # (B,), the one after the last of them
    foreign: Tensor  # (B,) bool, in another clip

    @classmethod
    def drawn(cls, boxes: Tensor, share: float) -> Astray:
        """For clips with boxes (B, T, 4)."""
        count, frames = boxes.shape[:2]
        draws = torch.rand(4, count, device=boxes.device)
        length = 1 + (draws[1] * (frames - 1)).long()
        end = 2 + (draws[2] * (frames - 2 + length)).long()
        begin = (end - length).clamp(min=1)
        foreign = (draws[3] < 0.5) & (count > 1)
        return cls(torch.where(draws[0] < share, begin, frames), end, foreign)

    def gone(self, t: int) -> Tensor:
        """Which are without their targets at step t: (B,) bool."""
        return (self.begin <= t) & (t < self.end)

    def led(self, state: HartState, t: int, boxes: Tensor, images: Tensor) -> HartState:
        """The state, boxes put elsewhere or back where this is the step: (B, 4), (B, 3, H, W)."""
        size = state.box_xywh[:, 2:]
        other = xywh_to_cxcywh(boxes.roll(1, 0))  # as large as that target, with its own shape
        large = (other[:, 2:].prod(-1, True) / size.prod(-1, True)).clamp(min=1e-6).sqrt() * size
        place = torch.rand_like(size) * size.new_tensor(images.shape[:-3:-1])
        away = torch.where(
            self.foreign[:, None],
            torch.cat((other[:, :2], large), -1),
            torch.cat((place, size), -1),
        )
        back = (self.begin < self.end) & (self.end == t)
        moved = back | (self.begin == t)
        box = torch.where(back[:, None], boxes, cxcywh_to_xywh(away))
        box = torch.where(moved[:, None], _shaken(box, 0.1), state.box_xywh)
        return replace(
            state,
            box_xywh=box,
            score=torch.where(moved, torch.rand_like(state.score), state.score),
        )


def step_loss(
    step: StepOutput,
    truth_xywh: Tensor,
    present: Tensor,
    losses: LossConfig = USUAL,
    gone: Tensor | None = None,
) -> tuple[Tensor, dict[str, float]]:
    """Box, appearance mask and score against the truth, (B, 4).

    Absent targets, and those whose centre is outside the window, teach the score only. Those that
    are `gone` have no part in the logged IoU.

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
    kept = share if gone is None else share * (1 - gone.float())
    seen_count = seen.sum().clamp(min=1.0)
    box_loss = (box_loss.clamp(max=6.0) * seen).sum() / seen_count
    mask_loss = (mask_loss * seen).sum() / seen_count
    score_loss = F.binary_cross_entropy(step.score.float(), iou * share)
    loss = box_loss + losses.mask * mask_loss + losses.score * score_loss
    log = {
        'loss': float(loss.detach()),
        'box': float(box_loss.detach()),
        'mask': float(mask_loss.detach()),
        'score': float(score_loss.detach()),
        'iou': float((iou * kept).sum() / kept.sum().clamp(min=1.0)),
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
