# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How balls and digits move: straight on, off the walls, off each other."""

from __future__ import annotations

import numpy as np

MOVES = 2  # a frame; walls and collisions are looked for after each


def bounce(
    rng: np.random.Generator,
    videos: int,
    frames: int,
    bodies: int,
    radius: float,
    speed: float,
    wobble: float = 0.0,
    most: float = np.inf,
    spread: np.ndarray | None = None,
) -> np.ndarray:
    """Paths of discs of equal mass in a box; lengths are shares of its side.

    Args:
        rng: of places, directions and wobble.
        videos, frames, bodies: how many.
        radius: of a disc.
        speed: at the start, a frame; of all bodies together (the norm of all their velocities).
        wobble: deviation of what is added to each velocity each frame: a random walk of
            velocities, which for the places is a random walk with momentum.
        most: limit of a body's speed.
        spread: (videos,), how far from the middle the only body starts; 1: anywhere. None: all 1.

    Returns:
        (videos, frames, bodies, 2), x and y of the centres.
    """
    place = _apart(rng, videos, bodies, radius)
    if spread is not None:
        place = 0.5 + spread[:, None, None] * (place - 0.5)
    velocity = rng.standard_normal((videos, bodies, 2))
    velocity *= speed / np.linalg.norm(velocity, axis=(1, 2), keepdims=True)
    path = np.empty((videos, frames, bodies, 2), np.float32)
    for t in range(frames):
        path[:, t] = place
        if wobble:
            velocity += wobble * rng.standard_normal(velocity.shape)
            pace = np.linalg.norm(velocity, axis=-1, keepdims=True)
            velocity *= np.minimum(1, most / np.maximum(pace, 1e-12))
        for _ in range(MOVES):
            place += velocity / MOVES
            velocity = np.where(place < radius, np.abs(velocity), velocity)
            velocity = np.where(place > 1 - radius, -np.abs(velocity), velocity)
            _collide(place, velocity, radius)
    return path


def _apart(rng: np.random.Generator, videos: int, bodies: int, radius: float) -> np.ndarray:
    """Places at which no two bodies overlap."""
    place = rng.uniform(radius, 1 - radius, (videos, bodies, 2))
    while True:
        gaps = np.linalg.norm(place[:, :, None] - place[:, None], axis=-1)
        gaps += 2 * np.eye(bodies)  # a body is not in its own way
        bad = (gaps < 2 * radius).any((1, 2))
        if not bad.any():
            return place
        place[bad] = rng.uniform(radius, 1 - radius, (int(bad.sum()), bodies, 2))


def _collide(place: np.ndarray, velocity: np.ndarray, radius: float) -> None:
    """Bodies that touch and approach swap their velocities along the line between them."""
    for i in range(place.shape[1]):
        for j in range(i):
            line = place[:, i] - place[:, j]
            gap = np.linalg.norm(line, axis=-1, keepdims=True)
            line = line / np.maximum(gap, 1e-12)
            closing = ((velocity[:, i] - velocity[:, j]) * line).sum(-1, keepdims=True)
            swapped = np.where((gap < 2 * radius) & (closing < 0), closing, 0.0) * line
            velocity[:, i] -= swapped
            velocity[:, j] += swapped
