# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Drawing into an image: textured polygons, sprites with soft edges, soft shadows.

Continuous image coordinates as everywhere: the centre of pixel (i, j) is (j + 0.5, i + 0.5), which
OpenCV calls (j, i); hence the halves below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

_SHIFT = 4  # fractional bits of polygon corners
_FAR = 1 << 18  # pixels; corners further out are pulled in, to stay within OpenCV's integers

Pyramid = Sequence[np.ndarray]


def pyramid(texture: np.ndarray, levels: int = 4) -> Pyramid:
    """Return a texture and its halvings, for drawing it small without flicker."""
    out = [texture]
    while len(out) < levels and min(out[-1].shape[:2]) >= 8:
        height, width = out[-1].shape[:2]
        out.append(cv2.resize(out[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA))
    return out


def fixed(points: np.ndarray) -> np.ndarray:
    """Return polygon corners (N, 2) as OpenCV's fixed-point integers."""
    return np.rint((np.clip(points, -_FAR, _FAR) - 0.5) * (1 << _SHIFT)).astype(np.int32)


def region(points: np.ndarray, shape: Sequence[int]) -> tuple[int, int, int, int] | None:
    """Return x0, y0, x1, y1 of the pixels that a polygon (N, 2) may touch, or None."""
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    if x1 < -1 or y1 < -1 or x0 > shape[1] + 1 or y0 > shape[0] + 1:
        return None
    x0, y0 = max(math.floor(x0) - 1, 0), max(math.floor(y0) - 1, 0)
    x1, y1 = min(math.ceil(x1) + 1, shape[1]), min(math.ceil(y1) + 1, shape[0])
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def fill(canvas: np.ndarray, points: np.ndarray, value: int) -> None:
    """Fill a convex polygon (N, 2) with a value, hard edges."""
    cv2.fillConvexPoly(canvas, fixed(points), value, cv2.LINE_8, _SHIFT)


def coverage(points: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return how much of each pixel of a region a convex polygon covers: (h, w) uint8."""
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    cv2.fillConvexPoly(mask, fixed(points - box[:2]), 255, cv2.LINE_AA, _SHIFT)
    return mask


def blend(target: np.ndarray, patch: np.ndarray, mask: np.ndarray) -> None:
    """Mix a patch (h, w, 3) into a view of the image by a mask (h, w), both uint8."""
    mask3 = cv2.merge((mask, mask, mask))
    cv2.multiply(target, cv2.bitwise_not(mask3), target, 1 / 255)
    cv2.add(target, cv2.multiply(patch, mask3, scale=1 / 255), target)


def textured(
    canvas: np.ndarray,
    points: np.ndarray,
    plane: np.ndarray,
    texture: Pyramid,
    gain: float,
    fog: float,
) -> None:
    """Draw a textured convex polygon.

    Args:
        canvas: (H, W, 3) image, drawn into.
        points: (N, 2) corners in the image.
        plane: (3, 3) homography from texture coordinates in [0, 1] to the image.
        texture: pyramid of BGR pictures.
        gain: brightness factor.
        fog: grey level added.
    """
    box = region(points, canvas.shape)
    if box is None:
        return
    area = abs(cv2.contourArea(points.astype(np.float32)))
    if area < 0.5:
        return
    picture = texture[_level(texture, area)]
    patch = _warp(picture, plane, box, cv2.BORDER_REPLICATE)
    patch = cv2.convertScaleAbs(patch, alpha=gain, beta=fog)
    blend(canvas[box[1] : box[3], box[0] : box[2]], patch, coverage(points, box))


def sprite(
    canvas: np.ndarray,
    rect: tuple[float, float, float, float],
    texture: Pyramid,
    gain: float,
    fog: float,
) -> None:
    """Draw an upright picture with premultiplied alpha (BGRA) into a rectangle x0, y0, x1, y1."""
    found = _sprite_patch(canvas.shape, rect, texture)
    if found is None:
        return
    (x0, y0, x1, y1), patch = found
    alpha = patch[:, :, 3]
    alpha3 = cv2.merge((alpha, alpha, alpha))
    target = canvas[y0:y1, x0:x1]
    colour = cv2.convertScaleAbs(patch[:, :, :3], alpha=gain)
    cv2.multiply(target, cv2.bitwise_not(alpha3), target, 1 / 255)
    cv2.add(target, colour, target)
    if fog >= 1:
        cv2.add(target, cv2.convertScaleAbs(alpha3, alpha=fog / 255), target)


def stamp_sprite(
    canvas: np.ndarray, rect: tuple[float, float, float, float], texture: Pyramid, value: int
) -> None:
    """Write a value wherever a sprite is more than half opaque."""
    found = _sprite_patch(canvas.shape, rect, texture)
    if found is not None:
        (x0, y0, x1, y1), patch = found
        canvas[y0:y1, x0:x1][patch[:, :, 3] > 127] = value


def darken(
    canvas: np.ndarray, points: np.ndarray, plane: np.ndarray, texture: np.ndarray, strength: float
) -> None:
    """Darken the image by a one-channel picture laid on a plane: a soft shadow."""
    box = region(points, canvas.shape)
    if box is None:
        return
    mask = _warp(texture, plane, box, cv2.BORDER_CONSTANT)
    light = cv2.convertScaleAbs(mask, alpha=-strength, beta=255)
    target = canvas[box[1] : box[3], box[0] : box[2]]
    cv2.multiply(target, cv2.merge((light, light, light)), target, 1 / 255)


def _level(texture: Pyramid, area: float) -> int:
    """Choose the level of a pyramid whose pixels are about as large as the image's."""
    height, width = texture[0].shape[:2]
    level = round(0.5 * math.log2(height * width / area) - 0.3)
    return min(max(level, 0), len(texture) - 1)


def _warp(
    picture: np.ndarray, plane: np.ndarray, box: tuple[int, int, int, int], border: int
) -> np.ndarray:
    height, width = picture.shape[:2]
    from_pixels = np.array([[1 / width, 0, 0.5 / width], [0, 1 / height, 0.5 / height], [0, 0, 1]])
    to_pixels = np.array([[1, 0, -0.5 - box[0]], [0, 1, -0.5 - box[1]], [0, 0, 1.0]])
    return cv2.warpPerspective(
        picture,
        to_pixels @ plane @ from_pixels,
        (box[2] - box[0], box[3] - box[1]),
        flags=cv2.INTER_LINEAR,
        borderMode=border,
    )


def _sprite_patch(
    shape: Sequence[int], rect: tuple[float, float, float, float], texture: Pyramid
) -> tuple[tuple[int, int, int, int], np.ndarray] | None:
    x0, y0, x1, y1 = rect
    box = region(np.array([[x0, y0], [x1, y1]]), shape)
    if box is None or (x1 - x0) * (y1 - y0) < 0.5:
        return None
    picture = texture[_level(texture, (x1 - x0) * (y1 - y0))]
    height, width = picture.shape[:2]
    sx, sy = (x1 - x0) / width, (y1 - y0) / height
    affine = np.array(
        [[sx, 0, x0 - box[0] + 0.5 * sx - 0.5], [0, sy, y0 - box[1] + 0.5 * sy - 0.5]]
    )
    patch = cv2.warpAffine(
        picture,
        affine,
        (box[2] - box[0], box[3] - box[1]),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return box, patch
