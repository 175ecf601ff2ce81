# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Clips of anything: a piece of one picture moves over another, with an exactly known box.

Annotated targets are few; what can be cut out of their frames is without end, and teaches the
dorsal stream to follow whatever it is shown rather than the classes that were annotated.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .augment import HIDDEN, hidden_share, smooth_path
from .bend import Bending
from .clips import CANVAS, DEFAULT, LARGEST, SMALLEST, Clip, ClipConfig, Random
from .cuttings import Cutting, Strip
from .motions import real_motion

FEATHER = 2  # pixels around a thing where its outline fades
SHARPEST = 3.0  # magnification: what is small in its picture stays small
BEHIND = 0.25  # share of clips in which rivals pass in front of the target
SMEAR = 5.0  # pixels, longest motion blur each way


def composed_clip(
    rng: Random,
    steps: int,
    scene: np.ndarray,
    target: Strip,
    rivals: Sequence[Strip],
    motions: Sequence[np.ndarray] = (),
    config: ClipConfig = DEFAULT,
) -> Clip:
    """A thing moves over a scene, past others.

    Args:
        rng: draws all of it.
        steps: length of the clip.
        scene: (N, CANVAS, CANVAS, 3), canvases for the background, cycled.
        target: what is followed.
        rivals: what else moves there.
        motions: real tracks, see `load_motions`, that half of all things follow.
        config: how often a thing bends, and is blurred by its motion.
    """
    light = np.array(cv2.mean(scene[0])[:3])
    things = [_Thing(rng, strip, steps, motions, light, config) for strip in (target, *rivals)]
    images = np.empty((steps, CANVAS, CANVAS, 3), np.uint8)
    boxes = np.empty((steps, 4), np.float32)
    present = np.ones(steps, bool)
    behind = rng.random() < BEHIND
    order = [0, *range(1, len(things))] if behind else [*range(1, len(things)), 0]
    for t in range(steps):
        images[t] = scene[t % len(scene)]
        for k in order:
            box = things[k].draw(images[t], t)
            if k == 0:
                boxes[t] = box
            elif behind and t > 0 and hidden_share(boxes[t], box[:2], box[2:]) > HIDDEN:
                present[t] = False
    return Clip(images, boxes, present)


class _Thing:
    """What is pasted, and its path of place, size and shape."""

    def __init__(
        self,
        rng: Random,
        strip: Strip,
        steps: int,
        motions: Sequence[np.ndarray],
        light: np.ndarray,
        config: ClipConfig,
    ) -> None:
        height, width = strip[0].shape.shape
        side = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST)))
        side = max(min(side, SHARPEST * np.sqrt(height * width)), SMALLEST)
        speed = side * np.exp(rng.uniform(np.log(0.005), np.log(0.25)))
        start = rng.uniform(0.25, 0.75, 2) * CANVAS
        path = start + smooth_path(rng, steps, speed)
        growth = np.cumsum(rng.normal(0, 0.02, steps)) + rng.normal(0, 0.02) * np.arange(steps)
        real = real_motion(rng, motions, steps) if motions and rng.random() < 0.5 else None
        if real is not None:
            path, growth = start + side * real[:, :2], real[:, 2]
        self.centres = _reflected(path, 0.3 * side)
        zoom = side / np.sqrt(height * width) * np.exp(growth.clip(-0.7, 0.7))
        # What is filmed bends by itself.
        strength = rng.uniform(0.3, 1.0) if rng.random() < config.bend else 0.0
        self.bending = Bending(rng, steps, strength if len(strip) == 1 else 0.4 * strength)
        shrink = float(min(zoom.max(), 1.0))
        self.zoom = zoom / shrink
        shade = (light + 8) / (np.array(_mean(strip[0])) + 8)
        gain = shade.clip(0.3, 3.0) ** rng.uniform(0, 0.6)  # as light as the scene, more or less
        self.layers = [_layer(cutting, shrink, gain) for cutting in strip]
        shutter = rng.uniform(0.2, 0.5) if rng.random() < config.smear else 0.0
        motion = np.gradient(self.centres, axis=0) if steps > 1 else np.zeros((1, 2))
        self.smear = (shutter * motion).clip(-SMEAR, SMEAR)  # each way

    def draw(self, image: np.ndarray, t: int) -> np.ndarray:
        """Pastes the thing in place; returns the tight box x, y, w, h of what is painted."""
        smear = self.smear[t]
        length = np.abs(smear).max()
        layer, corner = self.bending.warped(
            self.layers[min(t, len(self.layers) - 1)], t, self.zoom[t], self.centres[t], length
        )
        if length >= 1:
            layer = cv2.filter2D(layer, -1, _line(smear), borderType=cv2.BORDER_CONSTANT)
        _lay(image, layer, corner)
        alpha = layer[..., 3]
        x, y, w, h = cv2.boundingRect((alpha > alpha.max() // 2).astype(np.uint8))
        return np.array([corner[0] + x, corner[1] + y, max(w, 2), max(h, 2)], np.float32)


def _layer(cutting: Cutting, zoom: float, gain: np.ndarray) -> np.ndarray:
    """A cutting as (h, w, 4) uint8, colours weighted with the fourth channel, its opacity."""
    patch, shape = cutting.patch, cutting.shape
    if zoom < 1:
        size = [max(round(zoom * n), 2) for n in shape.shape[::-1]]
        patch = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
        shape = cv2.resize(shape, size, interpolation=cv2.INTER_AREA)
    borders = (FEATHER,) * 4
    patch = cv2.copyMakeBorder(patch, *borders, cv2.BORDER_REPLICATE)
    shape = cv2.copyMakeBorder(shape, *borders, cv2.BORDER_CONSTANT, value=0)
    # Fades inwards: the outline's outermost pixels show the old background.
    opacity = (1.5 * cv2.GaussianBlur(shape, (3, 3), 0) - 0.5).clip(0, 1)[..., None]
    colours = np.minimum(patch * gain.astype(np.float32), 255)
    return np.rint(np.concatenate((colours * opacity, 255 * opacity), 2)).astype(np.uint8)


def _lay(image: np.ndarray, layer: np.ndarray, corner: np.ndarray) -> None:
    """Paints a layer over the canvas at corner x, y, in place."""
    low = np.maximum(corner, 0)
    high = np.minimum(corner + layer.shape[1::-1], CANVAS)
    if (high <= low).any():
        return
    first, last = low - corner, high - corner
    part = layer[first[1] : last[1], first[0] : last[0]]
    under = image[low[1] : high[1], low[0] : high[0]]
    clear = cv2.cvtColor(255 - part[..., 3], cv2.COLOR_GRAY2BGR)
    seen = cv2.multiply(under, clear, scale=1 / 255)
    under[:] = cv2.add(seen, cv2.cvtColor(part, cv2.COLOR_BGRA2BGR))


def _line(smear: np.ndarray) -> np.ndarray:
    """A kernel that blurs along a line from -smear to smear, pixels x, y."""
    reach = int(np.ceil(np.abs(smear).max()))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    end = np.rint(smear).astype(int)
    cv2.line(kernel, (reach - end).tolist(), (reach + end).tolist(), 1.0)
    return kernel / kernel.sum()


def _mean(cutting: Cutting) -> tuple[float, ...]:
    return tuple(cv2.mean(cutting.patch, (cutting.shape > 0.5).astype(np.uint8))[:3])


def _reflected(path: np.ndarray, border: float) -> np.ndarray:
    """The path folded back at the borders of the canvas."""
    span = CANVAS - 2 * border
    phase = np.mod(path - border, 2 * span)
    return border + np.where(phase > span, 2 * span - phase, phase)
