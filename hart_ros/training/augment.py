# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What a camera and a street do to a clip: light, blur, noise, look-alikes, things in front."""

from __future__ import annotations

import cv2
import numpy as np

from .clips import CANVAS, DEFAULT, Clip, ClipConfig, Random

HIDDEN = 0.75  # of its box: a target of which more is covered counts as absent


def photometric(rng: Random, clip: Clip, config: ClipConfig = DEFAULT) -> None:
    """Changes colour, light, sharpness and noise in place; they drift over the clip."""
    steps, light = len(clip.images), config.light
    gain = np.exp(light * (rng.normal(0, 0.15, 3) * rng.random() + rng.normal(0, 0.2)))
    drift = light * np.linspace(0, rng.normal(0, 0.15), steps)
    shift = light * (rng.normal(0, 12) + np.linspace(0, rng.normal(0, 10), steps))
    gamma = np.exp(light * rng.normal(0, 0.2))
    grey = rng.random() < config.grey
    blur = rng.random() < config.blur
    noise = rng.uniform(2, 10) if rng.random() < config.noise else 0.0
    jpeg = int(rng.integers(25, 80)) if rng.random() < config.jpeg else 0
    ramp = np.arange(256)[:, None]
    for t in range(steps):
        image = clip.images[t]
        if grey:
            image = np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, 2)
        curve = 255 * (ramp / 255.0) ** gamma * gain * np.exp(drift[t]) + shift[t]
        image = cv2.LUT(image, np.clip(curve, 0, 255).astype(np.uint8)[None])
        if blur:
            image = _motion_blur(rng, image)
        if noise:
            image = _noisy(rng, image, noise)
        if jpeg:
            coded = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1]
            image = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        clip.images[t] = image


def _motion_blur(rng: Random, image: np.ndarray) -> np.ndarray:
    length, angle = int(rng.integers(1, 4)), rng.uniform(0, np.pi)
    size = 2 * length + 1
    kernel = np.zeros((size, size), np.float32)
    end = np.rint(length * np.array([np.cos(angle), np.sin(angle)])).astype(int)
    first, last = (length - end).tolist(), (length + end).tolist()
    cv2.line(kernel, first, last, 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def _noisy(rng: Random, image: np.ndarray, deviation: float) -> np.ndarray:
    noise = np.empty(image.shape, np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31 - 1)))
    cv2.randn(noise, np.zeros(3), np.full(3, deviation))
    return cv2.add(image, noise, dtype=cv2.CV_8U)


def soft_shape(rng: Random, width: int, height: int, most: float = 6.0) -> np.ndarray:
    """A random filled outline that touches all sides of its box: (height, width) in [0, 1]."""
    power = rng.uniform(1.6, most)  # 2 is an ellipse, more tends to a rectangle
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    cosine, sine = np.cos(angles), np.sin(angles)
    radius = (np.abs(cosine) ** power + np.abs(sine) ** power) ** (-1 / power)
    waves = sum(rng.normal(0, 0.06) * np.cos(k * angles + rng.uniform(0, 6.3)) for k in (2, 3, 5))
    points = np.stack((cosine, sine), 1) * (radius * (1 + waves))[:, None]
    points = (points - points.min(0)) / (points.max(0) - points.min(0))
    fixed = np.rint(points * (width - 1, height - 1) * 16).astype(np.int32)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255.0


def paste(image: np.ndarray, patch: np.ndarray, mask: np.ndarray, corner: np.ndarray) -> None:
    """Blends a patch (h, w, 3) under its mask (h, w) into the canvas at corner x, y, in place."""
    height, width = mask.shape
    left, top = np.maximum(corner, 0)
    right, bottom = np.minimum(corner + (width, height), CANVAS)
    if right <= left or bottom <= top:
        return
    part = slice(top - corner[1], bottom - corner[1]), slice(left - corner[0], right - corner[0])
    under = image[top:bottom, left:right]
    share = mask[part][..., None]
    under[:] = (under + share * (patch[part].astype(np.float32) - under)).astype(np.uint8)


def smooth_path(rng: Random, steps: int, speed: float) -> np.ndarray:
    """A path from (0, 0) with smoothly changing velocity: (steps, 2), pixels."""
    velocity = rng.normal(0, speed, 2)
    path = [np.zeros(2)]
    for _ in range(steps - 1):
        velocity = 0.9 * velocity + rng.normal(0, 0.4 * speed, 2)
        path.append(path[-1] + velocity)
    return np.array(path)


def add_lookalike(rng: Random, clip: Clip) -> None:
    """Pastes a copy of the target, from a later frame, beside it: a distractor of its class."""
    patch = _target_patch(clip, int(rng.integers(len(clip.images))))
    if patch is None:
        return
    height, width = patch.shape[:2]
    if rng.random() < 0.5:
        patch = patch[:, ::-1]
    mask = cv2.GaussianBlur(soft_shape(rng, width, height), (3, 3), 0)
    side = np.sqrt(clip.boxes[0, 2] * clip.boxes[0, 3])
    angle = rng.uniform(0, 2 * np.pi)
    distance = rng.uniform(0.9, 1.8) * np.array([np.cos(angle), np.sin(angle)])
    place = clip.boxes[0, :2] + clip.boxes[0, 2:] / 2 + distance * clip.boxes[0, 2:]
    path = place + smooth_path(rng, len(clip.images), 0.06 * side)
    for t, image in enumerate(clip.images):
        centre = clip.boxes[t, :2] + clip.boxes[t, 2:] / 2
        # It may touch the target, never hide it.
        room = 0.75 * (np.array([width, height]) + clip.boxes[t, 2:]) / 2
        if np.all(np.abs(path[t] - centre) < room):
            path[t:] += np.sign(path[t] - centre) * room - (path[t] - centre)
        paste(image, patch, mask, np.rint(path[t] - (width / 2, height / 2)).astype(int))


def add_occluder(rng: Random, clip: Clip, texture: np.ndarray) -> None:
    """Moves a piece of another canvas across the target; marks where it is mostly hidden."""
    steps = len(clip.images)
    middle = int(rng.integers(1, steps))
    box = clip.boxes[middle]
    size = np.maximum(rng.uniform(0.3, 1.3, 2) * box[2:], 4).astype(int)
    width, height = np.minimum(size, CANVAS - 1).tolist()
    at = rng.integers(0, CANVAS - max(width, height), 2)
    patch = texture[at[1] : at[1] + height, at[0] : at[0] + width]
    mask = soft_shape(rng, width, height)
    angle = rng.uniform(0, 2 * np.pi)
    speed = rng.uniform(0.08, 0.5) * np.sqrt(box[2] * box[3])
    velocity = speed * np.array([np.cos(angle), np.sin(angle)])
    centre = box[:2] + box[2:] * rng.uniform(0.3, 0.7, 2)
    for t in range(1, steps):
        corner = np.rint(centre + (t - middle) * velocity - (width / 2, height / 2)).astype(int)
        paste(clip.images[t], patch, mask, corner)
        if hidden_share(clip.boxes[t], corner, (width, height)) > HIDDEN:
            clip.present[t] = False


def hidden_share(box: np.ndarray, corner: np.ndarray, size: np.ndarray | tuple[int, int]) -> float:
    """Of a box x, y, w, h, what another one with this corner and size covers."""
    low = np.maximum(box[:2], corner)
    high = np.minimum(box[:2] + box[2:], corner + size)
    return float(np.prod(np.maximum(high - low, 0)) / np.prod(box[2:]))


def _target_patch(clip: Clip, t: int) -> np.ndarray | None:
    x, y, w, h = np.rint(clip.boxes[t]).astype(int)
    patch = clip.images[t][max(y, 0) : y + h, max(x, 0) : x + w]
    return patch.copy() if min(patch.shape[:2]) >= 4 else None
