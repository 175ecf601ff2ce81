# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Short clips for training, cut from sequences around one target.

A clip is a stack of small square canvases that a virtual camera cuts out of the frames: it moves
with the target and by itself, and is zoomed so that the target has a chosen size. The tracker
reads its glimpse from the canvas just as it reads it from a camera's frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .frames import Sequence
from .settings import limited

CANVAS = 256  # pixels of a canvas's side
SMALLEST, LARGEST = 16.0, 72.0  # target on the canvas, sqrt(w * h), pixels
ZOOMING, MOST_ZOOM = 0.012, 0.4  # log-scale: deviation of a frame's, most in a clip
LOOSE = 0.05  # deviation of a loosely drawn side, shares of the box; none is over twice as much
Random = np.random.Generator


@dataclass(frozen=True)
class ClipConfig:
    """How often what happens to a clip: shares of clips where not said otherwise."""

    composed: float = limited(0.3, 0, 1)  # cut-and-paste
    filmed: float = limited(0.4, 0, 1)  # of what is pasted: an annotated target, frame by frame
    bend: float = limited(0.8, 0, 1)  # of what is pasted: bends, leans and turns
    smear: float = limited(0.3, 0, 1)  # of what is pasted: blurred along its motion
    still: float = limited(0.2, 0, 1)  # of the others: a photograph, where there are any
    lookalike: float = limited(0.25, 0, 1)  # of the others: a pasted distractor beside the target
    occluder: float = limited(0.2, 0, 1)
    mirror: float = limited(0.5, 0, 1)
    reverse: float = limited(0.5, 0, 1)
    skips: tuple[int, ...] = (1, 1, 1, 2, 2, 3)  # frame steps, each as likely
    zoom: float = limited(0.0, 0, 1)  # of what is filmed: the camera zooms in or out
    loose: float = limited(0.0, 0, 1)  # boxes drawn loosely
    light: float = limited(1.0, 0)  # strength of changes of light and colour
    grey: float = limited(0.25, 0, 1)
    blur: float = limited(0.2, 0, 1)
    noise: float = limited(0.3, 0, 1)
    jpeg: float = limited(0.15, 0, 1)
    # Width and height: frames as they are, scaled to this size, in place of canvases.
    whole_frames: tuple[int, ...] = ()


DEFAULT = ClipConfig()


@dataclass
class Clip:
    """T canvases and the target on them."""

    images: np.ndarray  # (T, CANVAS, CANVAS, 3), or whole frames (T, H, W, 3), uint8 BGR
    boxes: np.ndarray  # (T, 4), x, y, w, h, pixels of the canvas
    present: np.ndarray  # (T,), bool: the target is annotated in this frame


def cut_clip(
    rng: Random, sequence: Sequence, track: int, length: int, config: ClipConfig = DEFAULT
) -> Clip | None:
    """A clip of a track at a random place, speed and direction; None if it has no room for one."""
    boxes = sequence.tracks[track]
    skip = int(rng.choice(config.skips))
    direction = -1 if rng.random() < config.reverse else 1
    start = int(rng.choice(list(boxes)))
    frames = start + direction * skip * np.arange(length)
    if frames.min() < 0 or frames.max() >= len(sequence.frames):
        return None
    present = np.array([int(f) in boxes for f in frames])
    truth = _filled([boxes.get(int(f)) for f in frames])
    if truth[0, 2] * truth[0, 3] < 64 or present.mean() < 0.6:
        return None
    images = [sequence.frames[int(f)] for f in frames]
    if config.whole_frames:
        clip = Clip(np.stack(images), truth.astype(np.float32), present)
    else:
        clip = film(rng, images, truth, present, config.zoom)
    return mirrored(clip) if rng.random() < config.mirror else clip


def film(
    rng: Random,
    frames: list[np.ndarray],
    truth: np.ndarray,
    present: np.ndarray,
    zooming: float = 0.0,
) -> Clip:
    """Cuts canvases out of frames with a virtual camera that follows the target loosely.

    `zooming` is how likely it zooms in or out meanwhile.
    """
    side = float(np.sqrt(truth[0, 2] * truth[0, 3]))
    wanted = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST)))
    zoom = min(wanted / side, 4.0) * np.exp(rng.uniform(-0.12, 0.12, 2))  # x, y
    pace = rng.normal(0, ZOOMING) if zooming and rng.random() < zooming else 0.0
    growth = (pace * np.arange(len(frames))).clip(-MOST_ZOOM, MOST_ZOOM)
    zooms = zoom * np.exp(growth)[:, None]  # (T, 2)
    centres = truth[:, :2] + 0.5 * truth[:, 2:]
    offsets = _camera_path(rng, np.diff(centres, axis=0) * zooms[1:], wanted)
    images, boxes = [], []
    told = zip(frames, truth, centres, offsets, zooms, strict=True)
    for frame, box, centre, offset, scale in told:
        corner = np.rint(centre - (CANVAS / 2 + offset) / scale).astype(int)
        extent = np.rint(CANVAS / scale).astype(int)
        images.append(_cut(frame, corner, extent))
        on_canvas = CANVAS / extent
        boxes.append(np.concatenate(((box[:2] - corner) * on_canvas, box[2:] * on_canvas)))
    return Clip(np.stack(images), np.array(boxes, np.float32), present)


def panned(rng: Random, frames: list[np.ndarray]) -> np.ndarray:
    """A virtual camera pans and shakes over frames, whatever they show: (T, CANVAS, CANVAS, 3)."""
    extent = rng.uniform(0.4, 0.9) * min(frames[0].shape[:2])
    room = np.array(frames[0].shape[1::-1]) - extent
    start, stop = rng.uniform(0, room), rng.uniform(0, room)
    pace = np.linspace(0, rng.uniform(0, min(1.0, len(frames) / 30)), len(frames))
    strength = extent * np.exp(rng.uniform(np.log(0.0005), np.log(0.02)))
    shake = np.cumsum(rng.normal(0, strength, (len(frames), 2)), 0)
    corners = np.rint((start + pace[:, None] * (stop - start) + shake).clip(0, room)).astype(int)
    square = np.full(2, int(extent))
    return np.stack([_cut(frame, corner, square) for frame, corner in zip(frames, corners)])


def mirrored(clip: Clip) -> Clip:
    """Left and right exchanged."""
    boxes = clip.boxes.copy()
    boxes[:, 0] = clip.images.shape[2] - boxes[:, 0] - boxes[:, 2]
    return Clip(np.ascontiguousarray(clip.images[:, :, ::-1]), boxes, clip.present)


def loosely_drawn(rng: Random, boxes: np.ndarray) -> np.ndarray:
    """Boxes (T, 4), xywh, whose sides are moved by shares of their sizes, the same in all frames.

    What belongs to a target is for the box to say that it was given by: with the limbs or without,
    tight or generous. A network that was always given tight ones knows better.
    """
    left, top, right, bottom = rng.normal(0, LOOSE, 4).clip(-2 * LOOSE, 2 * LOOSE)
    share = np.array([left, top, right - left, bottom - top], np.float32)
    return boxes + share * np.tile(boxes[:, 2:], 2)


def _camera_path(rng: Random, motion: np.ndarray, side: float) -> np.ndarray:
    """Where the target is, relative to the middle of the canvas: (T, 2), pixels.

    The target keeps its own motion (T - 1, 2); the camera adds a smooth drift of random strength.
    """
    limit = CANVAS / 2 - 0.4 * side
    strength = side * np.exp(rng.uniform(np.log(0.005), np.log(0.12)))
    offset = rng.uniform(-0.6, 0.6, 2) * limit
    drift = np.zeros(2)
    path = [offset]
    for step in motion:
        drift = 0.8 * drift + rng.normal(0, strength, 2)
        offset = np.clip(offset + step + drift, -limit, limit)
        path.append(offset)
    return np.array(path)


def _cut(frame: np.ndarray, corner: np.ndarray, extent: np.ndarray) -> np.ndarray:
    """Part of a frame as a canvas; the frame's mean colour where it hangs over.

    Halved until less than two pixels make one of the canvas, the rest linearly: OpenCV averages
    over other areas slowly, and cutting clips must keep up with training on them.
    """
    halvings = int(np.log2(max(extent.min() / CANVAS, 1)))
    unit = 2**halvings
    size = np.array(frame.shape[1::-1])
    low = np.maximum(corner, 0) // unit * unit
    high = np.minimum(-(-(corner + extent) // unit), size // unit) * unit
    if (high <= low).any():
        return np.full((CANVAS, CANVAS, 3), 127, np.uint8)
    part = frame[low[1] : high[1], low[0] : high[0]]
    for _ in range(halvings):
        half = part.shape[1] // 2, part.shape[0] // 2
        part = cv2.resize(part, half, interpolation=cv2.INTER_AREA)
    scale = extent / (CANVAS * unit)  # pixels of the part for one of the canvas
    start = (corner - low) / unit + 0.5 * scale - 0.5  # whole numbers are pixels' centres
    return cv2.warpAffine(
        part,
        np.array([[scale[0], 0, start[0]], [0, scale[1], start[1]]]),
        (CANVAS, CANVAS),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=cv2.mean(part[::4, ::4]),
    )


def _filled(boxes: list[tuple[float, float, float, float] | None]) -> np.ndarray:
    """Boxes (T, 4) with gaps filled by the last box known; the first is always known."""
    filled, last = [], boxes[0]
    for box in boxes:
        last = box if box is not None else last
        filled.append(last)
    return np.array(filled, np.float64)
