# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""People of KTH, section 6.3: each subject left out of the training in turn.

As published but for the CNN: the paper trained it on patches of ETH, INRIA and KITTI. Here they are
the people of the training's subjects, and places where nobody is; and the weight of the penalty on
weights, which the paper does not give, is `PENALTY`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence as InOrder
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from hart_ros.data.listing import list_sequences
from hart_ros.data.source import open_source
from hart_ros.evaluation.protocols import ope
from hart_ros.model.boxes import iou_xywh
from hart_ros.model.ratm import PUBLISHED, RATM, attention_of, scaled_about_centre
from hart_ros.model.ratm_objectives import classification_loss, feature_loss, weight_penalty
from hart_ros.tracking import Tracker, save_weights
from hart_ros.tracking.types import BoxXYWH
from hart_ros.training.checkpoint import write_json
from hart_ros.training.frames import Sequence, cached_sequence

from .fit import ExperimentError, Recipe, check_made_with, fit
from .picture import draw_clip, write_png
from .videos import CLASSIFIER, TEST, TRAINING, Clips, generator

FIRST, GROW_EVERY, LONGEST = 5, 160, 30  # frames of a clip: at first, and a frame more after steps
PENALTY = 1e-4
VALIDATE_EVERY = 500  # steps
JITTER = 0.1  # of a patch's place and size, in its own size


@dataclass(frozen=True)
class Pass:
    """A person from the first to the last frame in which there is a box."""

    frames: InOrder[np.ndarray] | np.ndarray  # of the video, BGR
    boxes: Mapping[int, BoxXYWH]


def load_subjects(folder: Path, cache: Path) -> dict[str, list[Pass]]:
    """Passes by subject: what stands before the first underscore in the name of a video.

    Raises:
        ExperimentError: too few subjects.
        SourceError: a video or its boxes cannot be read.
    """
    subjects: dict[str, list[Pass]] = {}
    found = list_sequences(folder) if folder.is_dir() else []
    for listed in tqdm(found, 'decoding', mininterval=2.0, disable=None):
        source = open_source(listed.path, **listed.options)
        sequence = cached_sequence(source, cache, listed.origin)
        subjects.setdefault(listed.name.partition('_')[0], []).extend(_passes(sequence))
    if len(subjects) < 3:
        raise ExperimentError(
            f'{folder}: videos of {len(subjects)} subjects, but one is left out and one to '
            'validate on; give a folder of personNN_ACTION_dN.avi, each with its boxes in a .csv '
            'of that name, by --data'
        )
    return subjects


def _passes(sequence: Sequence) -> list[Pass]:
    return [Pass(sequence.frames, boxes) for boxes in sequence.tracks.values() if len(boxes) > 1]


class People:
    """Clips and patches of people."""

    def __init__(self, passes: list[Pass]) -> None:
        self.config = PUBLISHED['kth']
        self._passes = passes

    def clips(self, rng: np.random.Generator, videos: int, frames: int) -> Clips:
        """Frames one after the other, as many as asked for or as the shortest pass has."""
        long = [p for p in self._passes if len(p.boxes) >= frames]
        chosen = [long[i] for i in rng.integers(len(long), size=videos)] if long else []
        if not chosen:
            return self.clips(rng, videos, max(len(p.boxes) for p in self._passes))
        images, truth = [], []
        for one in chosen:
            known = sorted(one.boxes)
            start = int(rng.integers(len(known) - frames + 1))
            part = known[start : start + frames]
            images.append(np.stack([grey(one.frames[k]) for k in part]))
            truth.append([one.boxes[k] for k in part])
        stacked = torch.from_numpy(np.stack(images))[:, :, None]
        return Clips(stacked, torch.tensor(truth), torch.zeros(videos, dtype=torch.long))

    def loss(self, model: RATM, clips: Clips) -> Tensor:
        """Features of the glimpses against those of the targets' windows, read alike."""
        followed = model(clips.images, clips.truth[:, 0])
        with torch.no_grad():
            window = scaled_about_centre(clips.truth, model.config.enlarge)
            wanted = attention_of(window, clips.size, model.config.glimpse)
            target = model.attend(clips.images.flatten(0, 1), wanted.flatten(0, 1))
            features = model.features.compared(target)
        seen = model.features.compared(followed.glimpse.flatten(0, 1))
        return feature_loss(seen, features) + PENALTY * weight_penalty(model)

    def patch_loss(self, model: RATM, rng: np.random.Generator, batch: int) -> Tensor:
        """What the CNN is trained for: is there a person in the patch? Half of them show one."""
        clips = self.clips(rng, batch, 1)
        people = torch.from_numpy(rng.random(batch) < 0.5)
        box = _shaken(scaled_about_centre(clips.truth[:, 0], model.config.enlarge), rng)
        elsewhere = _elsewhere(box, clips.truth[:, 0], clips.size, rng)
        window = torch.where(people[:, None], box, elsewhere)
        attention = attention_of(window, clips.size, model.config.glimpse)
        patches = model.attend(clips.images[:, 0], attention)
        return classification_loss(model.features.logits(patches), people.long())


def grey(frame: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 to (H, W) float32 in [0, 1]."""
    return np.asarray(frame).mean(-1, dtype=np.float32) / np.float32(255)


def _shaken(box: Tensor, rng: np.random.Generator) -> Tensor:
    noise = torch.from_numpy(rng.normal(0, JITTER, (len(box), 3)).astype(np.float32))
    moved = torch.cat((box[:, :2] + noise[:, :2] * box[:, 2:], box[:, 2:]), 1)
    return scaled_about_centre(moved, noise[:, 2:].exp())


def _elsewhere(
    box: Tensor, truth: Tensor, size: tuple[int, int], rng: np.random.Generator
) -> Tensor:
    """Windows as large, anywhere on the frame; of some places that which has least of a person."""
    places = torch.from_numpy(rng.random((8, len(box), 2)).astype(np.float32))
    corner = places * torch.tensor(size[::-1]) - 0.5 * box[:, 2:]
    windows = torch.cat((corner, box[:, 2:].expand_as(corner)), -1)  # (8, B, 4)
    least = iou_xywh(windows, truth.expand_as(windows)).argmin(0)  # (B,)
    return windows[least, torch.arange(len(box))]


def leave_out(
    subject: str,
    subjects: Mapping[str, list[Pass]],
    recipes: tuple[Recipe, Recipe],
    out: Path,
    seed: int,
) -> dict[str, float]:
    """Trains without a subject and tests on it, or reads what came of that before.

    Args:
        subject: who is left out.
        subjects: all.
        recipes: of the CNN, and of the rest.
        out: folder of this subject.
        seed: of all random choices.

    Returns:
        `iou`, mean over the subject's frames; `seconds` of training.

    Raises:
        ExperimentError: the folder holds something of other settings.
    """
    done = out / 'result.json'
    made_with = {'recipes': [asdict(recipe) for recipe in recipes], 'seed': seed}
    if done.is_file():
        found = dict(json.loads(done.read_text()))
        check_made_with(done, found, made_with)
        return found
    out.mkdir(parents=True, exist_ok=True)
    others = sorted(set(subjects) - {subject})
    kept = others[int(generator(seed, TEST, sorted(subjects).index(subject)).integers(len(others)))]
    people = People([p for name in others if name != kept for p in subjects[name]])
    torch.manual_seed(seed)
    model = RATM(people.config)
    seconds = fit(
        model.features,
        recipes[0],
        lambda n: people.patch_loss(model, generator(seed, CLASSIFIER, n), recipes[0].batch),
        out / 'cnn.pt',
        seed,
        f'people without {subject}',
    )
    model.features.requires_grad_(False)
    seconds += _fit_and_choose(model, people, subjects[kept], recipes[1], out, seed)
    best = out / 'best.safetensors'
    result = {'iou': iou_over(best, subjects[subject]), 'seconds': seconds}
    draw_pass(best, subjects[subject][0], out / 'figure.png')
    write_json(done, {**result, 'validated_on': kept, **made_with})
    return result


def _fit_and_choose(
    model: RATM, people: People, validation: list[Pass], recipe: Recipe, out: Path, seed: int
) -> float:
    """Trains, and keeps the weights that do best on the validation's subject."""

    def loss(step: int) -> Tensor:
        frames = min(FIRST + step // GROW_EVERY, LONGEST)
        return people.loss(
            model, people.clips(generator(seed, TRAINING, step), recipe.batch, frames)
        )

    file = out / 'validation.json'
    scores: dict[str, float] = json.loads(file.read_text()) if file.is_file() else {}
    seconds = 0.0
    for until in [*range(VALIDATE_EVERY, recipe.steps, VALIDATE_EVERY), recipe.steps]:
        seconds = fit(
            model, recipe, loss, out / 'last.pt', seed, f'ratm-kth without {out.name}', until
        )
        if str(until) in scores:
            continue
        current = out / 'current.safetensors'
        save_weights(model, current)
        score = iou_over(current, validation)
        if score > max(scores.values(), default=-1.0):
            current.replace(out / 'best.safetensors')
        scores[str(until)] = score
        write_json(file, scores)
    return seconds


def iou_over(weights: Path, passes: list[Pass]) -> float:
    """Mean IoU over all frames of passes, each followed from its first box to its last."""
    tracker = Tracker(weights, 'cpu')
    ious = [step.iou for one in passes for step in ope(tracker, one.frames, one.boxes)]
    return float(np.mean(ious))


def draw_pass(weights: Path, one: Pass, file: Path) -> None:
    """Writes the figure of a pass: every second frame, 30 at most."""
    tracker = Tracker(weights, 'cpu')
    start = min(one.boxes)
    end = min(max(one.boxes), start + 58) + 1
    tracks = [tracker.init(one.frames[start], one.boxes[start])]
    tracks += [tracker.update(np.asarray(one.frames[k])) for k in range(start + 1, end)]
    frames = np.stack([one.frames[start + i] for i in range(len(tracks))])
    windows = np.array([track.window for track in tracks])
    glimpses = np.stack([track.glimpse for track in tracks])
    write_png(file, draw_clip(frames[::2], windows[::2], glimpses[::2], 15))
