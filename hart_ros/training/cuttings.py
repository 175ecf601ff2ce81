# SPDX-License-Identifier: Apache-2.0
"""What is pasted: pieces of pictures under outlines, still or filmed.

An annotated target is cut out of its own frames one after the other, so that it walks, turns and
bends over a foreign background as it did over its own. Its outline is found by colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .augment import soft_shape
from .clips import CANVAS, ClipConfig, Random
from .frames import Sequence as Video

OUTLINE_SIDE = 48  # pixels: outlines of annotated targets are squares of this, over the box
AROUND = 0.25  # of a box's size, each side, that is known to be background
SMALLEST = 12.0  # pixels, sides of the boxes that are cut out
COARSE = 5  # bits of a colour that do not count
SHADES = 256 >> COARSE
ROUNDS = 10  # of guessing the target's colours from its outline and the other way round


@dataclass(frozen=True)
class Cutting:
    """A piece of a picture and which of its pixels are the thing."""

    patch: np.ndarray  # (h, w, 3), uint8 BGR
    shape: np.ndarray  # (h, w), float32 in [0, 1]


Strip = Sequence[Cutting]  # of a thing, one for each step; the last one stays


def _prior() -> np.ndarray:
    """How often a pixel of a box is its target's: often in the middle, seldom in the corners."""
    y, x = np.mgrid[:OUTLINE_SIDE, :OUTLINE_SIDE] * 2.0 / (OUTLINE_SIDE - 1) - 1
    far = np.abs(x) ** 2.5 + np.abs(y) ** 2.5  # 1 on an oval that touches the sides
    return np.asarray(1 / (1 + np.exp(1.8 * far - 1.1)), np.float32)


PRIOR = _prior()


class Filmed:
    """Annotated targets, cut out of their frames; outlines once found are kept, 288 bytes each."""

    def __init__(self) -> None:
        self._outlines: dict[tuple[str, int, int], np.ndarray] = {}

    def strip(
        self, rng: Random, video: Video, track: int, steps: int, config: ClipConfig
    ) -> Strip | None:
        """A target at a random time, speed and direction; None without room or too small."""
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
        return [self._cutting(video, track, frame) for frame in frames]

    def _cutting(self, video: Video, track: int, frame: int) -> Cutting:
        image, box = video.frames[frame], np.array(video.tracks[track][frame])
        key = (video.name, track, frame)
        if key not in self._outlines:
            self._outlines[key] = np.packbits(outline_in_box(image, box))
        outline = np.unpackbits(self._outlines[key]).reshape(OUTLINE_SIDE, OUTLINE_SIDE)
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
    small = cv2.resize(crop, np.rint((high - low) * scale).astype(int).tolist())
    x, y = np.rint((box[:2] - low) * scale).astype(int)
    prior = np.full(small.shape[:2], 0.01, np.float32)
    inside = slice(y, y + OUTLINE_SIDE), slice(x, x + OUTLINE_SIDE)
    prior[inside] = PRIOR
    bins = (small >> COARSE).astype(np.int32) @ (1, SHADES, SHADES**2)
    place = np.log(prior / (1 - prior))
    target = prior
    for _ in range(ROUNDS):
        counts = np.bincount(bins.ravel(), target.ravel(), SHADES**3)
        others = np.bincount(bins.ravel(), None, SHADES**3) - counts
        ratio = (counts / counts.sum() + 1e-4) / (others / others.sum() + 1e-4)
        odds = np.log(ratio).astype(np.float32)[bins]
        target = 1 / (1 + np.exp(-odds - place))
    smooth = cv2.GaussianBlur(odds, (7, 7), 0) + place
    found = (smooth[inside] > 0).astype(np.uint8)
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return largest_piece(closed)[0]


def largest_piece(found: np.ndarray) -> tuple[np.ndarray, float]:
    """Of a mask (h, w) uint8 0 or 1: the same of its largest piece, and that one's share of it."""
    mask = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return np.zeros_like(mask), 0.0
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    piece = (pieces == largest).astype(np.uint8)
    return piece, float(piece.sum() / mask.sum())


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


def mirrored(strip: Strip) -> Strip:
    """Left and right exchanged."""
    return [
        Cutting(np.ascontiguousarray(c.patch[:, ::-1]), np.ascontiguousarray(c.shape[:, ::-1]))
        for c in strip
    ]
