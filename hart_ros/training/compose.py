# SPDX-License-Identifier: Apache-2.0
"""Clips of anything: a piece of one picture moves over another, with an exactly known box.

Annotated targets are few; what can be cut out of their frames is without end, and teaches the
dorsal stream to follow whatever it is shown rather than the classes that were annotated.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .augment import paste, smooth_path, soft_shape
from .clips import CANVAS, LARGEST, SMALLEST, Clip, Random
from .motions import real_motion
from .stills import Cutting


def composed_clip(
    rng: Random,
    steps: int,
    scene: np.ndarray,
    target: Cutting,
    rivals: Sequence[Cutting],
    motions: Sequence[np.ndarray] = (),
) -> Clip:
    """A thing moves over a scene, past up to two rivals.

    Args:
        steps: length of the clip.
        scene: (N, CANVAS, CANVAS, 3), canvases for the background, cycled to and fro.
        target: what is followed.
        rivals: what else moves there; some are replaced by mirror images of the target.
        motions: real tracks, see `load_motions`, that half of all things follow.
    """
    things = [_Thing(rng, target, steps, motions)]
    for rival in rivals[: int(rng.integers(0, 3))]:
        same = rng.random() < 0.4
        things.append(_Thing(rng, _mirrored(target) if same else rival, steps, motions))
    images = np.empty((steps, CANVAS, CANVAS, 3), np.uint8)
    boxes = np.empty((steps, 4), np.float32)
    in_front = rng.random() < 0.15  # the rivals pass in front of the target
    order = [0, *range(1, len(things))] if in_front else [*range(1, len(things)), 0]
    for t in range(steps):
        images[t] = scene[t % len(scene)]
        for k in order:
            box = things[k].draw(images[t], t)
            if k == 0:
                boxes[t] = box
    return Clip(images, boxes, np.ones(steps, bool))


def blob(rng: Random, image: np.ndarray, box: np.ndarray) -> Cutting:
    """What a box shows, under a made-up outline; of a box that is too small, another place."""
    x, y, w, h = np.rint(box).astype(int)
    patch = image[max(y, 0) : min(y + h, CANVAS), max(x, 0) : min(x + w, CANVAS)]
    if min(patch.shape[:2]) < 8:
        return blob(rng, image, random_box(rng))
    return Cutting(patch.copy(), soft_shape(rng, patch.shape[1], patch.shape[0]))


def random_box(rng: Random) -> np.ndarray:
    """A box on a canvas, x, y, w, h."""
    size = np.exp(rng.uniform(np.log(24), np.log(110), 2))
    return np.concatenate((rng.uniform(0, CANVAS - size), size))


class _Thing:
    """A cutting and its path of place, size, aspect and tilt."""

    def __init__(
        self, rng: Random, cutting: Cutting, steps: int, motions: Sequence[np.ndarray]
    ) -> None:
        self.patch, self.shape = cutting.patch, cutting.shape
        side = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST)))
        speed = side * np.exp(rng.uniform(np.log(0.005), np.log(0.25)))
        start = rng.uniform(0.25, 0.75, 2) * CANVAS
        path = start + smooth_path(rng, steps, speed)
        growth = np.cumsum(rng.normal(0, 0.02, steps)) + rng.normal(0, 0.02) * np.arange(steps)
        real = real_motion(rng, motions, steps) if motions and rng.random() < 0.5 else None
        if real is not None:
            path, growth = start + side * real[:, :2], real[:, 2]
        self.centres = _reflected(path, 0.3 * side)
        area = self.patch.shape[0] * self.patch.shape[1]
        self.zoom = side / np.sqrt(area) * np.exp(growth.clip(-0.7, 0.7))
        aspect = rng.normal(0, 0.15) + np.cumsum(rng.normal(0, 0.02, steps))  # it turns, it bends
        self.aspect = np.exp(0.5 * aspect.clip(-0.5, 0.5))
        tilt = rng.normal(0, 0.03) if rng.random() < 0.5 else 0.0
        self.angle = rng.normal(0, 0.1) + tilt * np.arange(steps)

    def draw(self, image: np.ndarray, t: int) -> np.ndarray:
        """Pastes the thing in place; returns the tight box x, y, w, h of what is painted."""
        height, width = self.shape.shape
        zoom = self.zoom[t] * np.array([self.aspect[t], 1 / self.aspect[t]])  # x, y
        cosine, sine = np.cos(self.angle[t]), np.sin(self.angle[t])
        span = int(np.ceil(np.hypot(width, height) * zoom.max())) + 3
        turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0]])
        turn[:, :2] *= zoom
        turn[:, 2] = span / 2 - turn[:, :2] @ (width / 2, height / 2)
        patch = cv2.warpAffine(self.patch, turn, (span, span), flags=cv2.INTER_LINEAR)
        mask = cv2.warpAffine(self.shape, turn, (span, span), flags=cv2.INTER_LINEAR)
        corner = np.rint(self.centres[t] - span / 2).astype(int)
        paste(image, patch, mask, corner)
        x, y, w, h = cv2.boundingRect((mask > 0.5).astype(np.uint8))
        return np.array([corner[0] + x, corner[1] + y, max(w, 2), max(h, 2)], np.float32)


def _reflected(path: np.ndarray, border: float) -> np.ndarray:
    """The path folded back at the borders of the canvas."""
    span = CANVAS - 2 * border
    phase = np.mod(path - border, 2 * span)
    return border + np.where(phase > span, 2 * span - phase, phase)


def _mirrored(cutting: Cutting) -> Cutting:
    return Cutting(
        np.ascontiguousarray(cutting.patch[:, ::-1]), np.ascontiguousarray(cutting.shape[:, ::-1])
    )
