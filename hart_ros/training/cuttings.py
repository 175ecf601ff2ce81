# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What is pasted: pieces of pictures under outlines, still or filmed.

An annotated target is cut out of its own frames one after the other, so that it walks, turns and
bends over a foreign background as it did over its own. Its outline is found by colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from hart_ros.tracking.types import BoxXYWH

from .augment import soft_shape
from .clips import CANVAS, ClipConfig, Random
from .frames import Sequence as Video

OUTLINE_SIDE = 40  # pixels: outlines of annotated targets are squares of this, over the box
AROUND = 0.25  # of a box's size, each side, that is known to be background
SMALLEST = 12.0  # pixels, sides of the boxes that are cut out
FAINTEST = 12.0  # grey levels, standard deviation: what has less of it shows nothing
COARSE = 5  # bits of a colour that do not count
SHADES = 256 >> COARSE
REACH = 0.6  # of a box's width and height: an outline over less is not believed
ROUNDS = 8  # of guessing the target's colours from its outline and the other way round


@dataclass(frozen=True)
class Cutting:
    """A piece of a picture, and which of its pixels are the thing."""

    patch: np.ndarray  # (h, w, 3), uint8 BGR
    shape: np.ndarray  # (h, w), float32 in [0, 1]


Strip = Sequence[Cutting]  # of a thing, one for each step; the last one stays


_Y, _X = np.mgrid[:OUTLINE_SIDE, :OUTLINE_SIDE] * 2.0 / (OUTLINE_SIDE - 1) - 1
# Distance from the box's middle: 1 on an oval that touches the sides.
FAR = (np.abs(_X) ** 2.5 + np.abs(_Y) ** 2.5).astype(np.float32)
PRIOR = 1 / (1 + np.exp(1.8 * FAR - 1.1))  # how often a pixel of a box is its target's


class Filmed:
    """Annotated targets, cut out of their frames; outlines once found are kept, 200 bytes each."""

    def __init__(self) -> None:
        self._outlines: dict[tuple[str, int, int], np.ndarray] = {}

    def strip(
        self, rng: Random, video: Video, track: int, steps: int, config: ClipConfig
    ) -> Strip | None:
        """A target at a random time, speed and direction; None without room, or hard to see."""
        boxes = video.tracks[track]
        pace = int(rng.choice(config.skips)) * (-1 if rng.random() < config.reverse else 1)
        start = int(rng.choice(list(boxes)))
        frames = [start + pace * k for k in range(steps)]
        height, width = video.frames[0].shape[:2]
        for frame in frames:
            x, y, w, h = boxes.get(frame, (0, 0, 0, 0))
            cut_off = min(x, y) < 1 or x + w > width - 1 or y + h > height - 1
            if cut_off or min(w, h) < SMALLEST:
                return None
        found = np.stack([self._outline(video, track, frame) for frame in frames])
        # What is in most of three frames: colours that change sides for one frame do not flicker.
        around = found[[0, *range(steps), -1]]
        steady = around[:-2] + around[1:-1] + around[2:] > 1
        strip = [_cut(video.frames[f], boxes[f], shape) for f, shape in zip(frames, steady)]
        return strip if _contrast(strip[0].patch) > FAINTEST else None

    def _outline(self, video: Video, track: int, frame: int) -> np.ndarray:
        key = (video.name, track, frame)
        if key not in self._outlines:
            box = np.array(video.tracks[track][frame])
            self._outlines[key] = np.packbits(outline_in_box(video.frames[frame], box))
        return np.unpackbits(self._outlines[key]).reshape(OUTLINE_SIDE, OUTLINE_SIDE)


def _cut(image: np.ndarray, box: BoxXYWH, outline: np.ndarray) -> Cutting:
    x, y, w, h = np.rint(box).astype(int)
    patch = np.array(image[y : y + h, x : x + w])
    return Cutting(patch, cv2.resize(outline.astype(np.float32), patch.shape[1::-1]))


def outline_in_box(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Where in a box x, y, w, h its target is: (OUTLINE_SIDE, OUTLINE_SIDE) uint8, 0 or 1.

    Bayes' rule on colours inside and around the box, and on how often a box's pixel is target's;
    where colours tell nothing, an oval is left.
    """
    low = np.maximum(np.rint(box[:2] - AROUND * box[2:]), 0).astype(int)
    high = np.minimum(np.rint(box[:2] + (1 + AROUND) * box[2:]), image.shape[1::-1]).astype(int)
    crop = image[low[1] : high[1], low[0] : high[0]]
    scale = OUTLINE_SIDE / box[2:]
    place = np.rint((box[:2] - low) * scale).astype(int)
    extent = np.maximum(np.rint((high - low) * scale).astype(int), place + OUTLINE_SIDE)
    small = cv2.resize(crop, extent.tolist())
    prior = np.full(small.shape[:2], 0.01, np.float32)
    inside = tuple(slice(start, start + OUTLINE_SIDE) for start in place[::-1])
    prior[inside] = PRIOR
    bins = small.astype(np.int32) >> COARSE
    bins = bins[..., 0] + SHADES * bins[..., 1] + SHADES**2 * bins[..., 2]
    expected = np.log(prior / (1 - prior))
    target, counts = prior, np.bincount(bins.ravel(), None, SHADES**3)
    for _ in range(ROUNDS):
        inner = np.bincount(bins.ravel(), target.ravel(), SHADES**3)
        outer = counts - inner
        ratio = (inner / inner.sum() + 1e-4) / (outer / outer.sum() + 1e-4)
        odds = np.log(ratio).astype(np.float32)[bins]
        target = 1 / (1 + np.exp(-odds - expected))
    smooth = cv2.GaussianBlur(odds, (5, 5), 0) + expected
    return _filled((smooth[inside] > 0).astype(np.uint8))


def _filled(found: np.ndarray) -> np.ndarray:
    """The largest piece of a mask, without holes; an oval in place of what is too small."""
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = np.zeros_like(found)
    if contours:
        cv2.drawContours(outline, [max(contours, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    reach = min(cv2.boundingRect(outline)[2:]) / OUTLINE_SIDE
    return outline if reach > REACH else (FAR < 1).astype(np.uint8)


def blob(rng: Random, canvas: np.ndarray) -> Cutting:
    """A piece of a canvas, whatever it shows, under a made-up outline.

    Of three the one with most contrast: a piece of sky is nothing that could be followed.
    """
    patches = []
    for _ in range(3):
        size = np.exp(rng.uniform(np.log(24), np.log(110), 2))
        x, y, w, h = np.concatenate((rng.uniform(0, CANVAS - size), size)).astype(int)
        patches.append(canvas[y : y + h, x : x + w])
    patch = max(patches, key=_contrast)
    return Cutting(patch.copy(), soft_shape(rng, patch.shape[1], patch.shape[0]))


def _contrast(patch: np.ndarray) -> float:
    return float(np.std(patch[::2, ::2, 1]))


def mirrored(strip: Strip) -> Strip:
    """Left and right exchanged."""
    return [
        Cutting(np.ascontiguousarray(c.patch[:, ::-1]), np.ascontiguousarray(c.shape[:, ::-1]))
        for c in strip
    ]
