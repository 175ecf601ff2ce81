# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Photographs as a source of things to follow: there are more of them than of annotated video.

Outlines that somebody drew lie beside a photograph, `NAME.mask.png` for `NAME.jpg`: the pixels of
its things are numbered from 1, the others are 0. Without such a file the outline of what it shows
is found (GrabCut, Rother et al. 2004, started from the middle of the picture); where there is none,
the photograph is background only.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from .clips import CANVAS, Clip, Random, film, panned
from .cuttings import Cutting
from .settings import ConfigError

SUFFIXES = {'.jpg', '.jpeg', '.png', '.webp', '.bmp'}
WORKING_SIDE = 192  # pixels, longest side while the outline is sought
BORDER = 0.1  # of the picture, each side, where nothing belongs to the thing
SMALLEST_SHARE, LARGEST_SHARE = 0.04, 0.6  # of the picture that a believable thing covers
WHOLE = 0.8  # share of what was found that its largest piece must have
DRAWN = '.mask.png'  # ends the names of outlines that were drawn
LEAST_SIDE = 24  # pixels of the photograph as it is used, of a thing with such an outline
EDGE = 4  # pixels, likewise, that its box may lose on each side with its outermost pixels


@dataclass(frozen=True)
class Still:
    """A photograph, and the picture and numbers of its things' outlines, if it has any."""

    image: Path
    outline: Path | None
    things: tuple[int, ...] = ()


def load_stills(folder: Path, cache: Path, workers: int = 2) -> list[Still]:
    """All photographs under a folder; outlines that nobody drew are found once, for the cache.

    An outline older than its photograph is found anew; what cannot be read is left out.

    Raises:
        ConfigError: no photograph there, or outlines that do not number the things of theirs.
    """
    pictures = sorted(p for p in folder.rglob('*') if p.suffix.lower() in SUFFIXES)
    photographs = [p for p in pictures if not p.name.endswith(DRAWN)]
    if not photographs:
        raise ConfigError(f'{folder}: no photographs (*.jpg, *.png); name a folder that has some')
    outlined = [_drawn(p) for p in photographs if p.with_suffix(DRAWN).is_file()]
    drawn = [still for still in outlined if still]
    paths = [p for p in photographs if not p.with_suffix(DRAWN).is_file()]
    place = folder.resolve()
    # Folders of one name, and files that differ in their suffix, are told apart.
    home = cache / f'stills-{place.name}-{zlib.crc32(str(place).encode()):08x}'
    outlines = [home / f'{path.relative_to(folder)}.png' for path in paths]
    missing = [k for k, outline in enumerate(outlines) if _outdated(outline, paths[k])]
    # Spawned: OpenCV's threads, used before, do not live on in a fork.
    with ProcessPoolExecutor(workers, get_context('spawn')) as pool:
        made = pool.map(_make_outline, [paths[k] for k in missing], [outlines[k] for k in missing])
        for _ in tqdm(made, desc='outlines', total=len(missing), mininterval=5.0, disable=None):
            pass
    found = [
        Still(path, outline, (255,)) if outline.stat().st_size else Still(path, None)
        for path, outline in zip(paths, outlines)
        if outline.is_file()
    ]
    return sorted([*drawn, *found], key=lambda still: still.image)


def _drawn(image: Path) -> Still | None:
    """A photograph with the things outlined beside it that are large enough and wholly on it.

    None if it cannot be read.
    """
    picture = cv2.imread(str(image), cv2.IMREAD_COLOR)
    if picture is None:
        return None
    mask = image.with_suffix(DRAWN)
    numbers = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
    if numbers is None or numbers.ndim != 2 or numbers.dtype != np.uint8:
        raise ConfigError(
            f'{mask}: is no picture of one channel of 8 bits; number the things from 1 in such a '
            'one, or remove it'
        )
    (height, width), (rows, columns) = picture.shape[:2], numbers.shape
    if abs(width * rows / (height * columns) - 1) > 0.02:
        raise ConfigError(
            f'{mask}: {columns} x {rows} pixels, but its photograph has {width} x {height}; draw '
            'it anew, or remove it'
        )
    edge = np.concatenate((numbers[[0, -1]].ravel(), numbers[:, [0, -1]].ravel()))
    things = sorted(set(np.unique(numbers)) - set(np.unique(edge)) - {0})
    large = tuple(int(k) for k in things if _lasts(numbers == k, _size(picture)))
    return Still(image, mask if large else None, large)


def _lasts(drawn: np.ndarray, size: tuple[int, int]) -> bool:
    """Whether a thing (H, W) is large, and hardly smaller without its outermost pixels."""
    scale = np.array(size) / drawn.shape[::-1]
    x, y, w, h = cv2.boundingRect(drawn.astype(np.uint8))
    whole = np.array(((x, y), (x + w, y + h))) * scale
    if min(whole[1] - whole[0]) < LEAST_SIDE:
        return False
    x, y, w, h = cv2.boundingRect(_inside(drawn, size))
    near = np.abs(whole - ((x, y), (x + w, y + h))).max() <= EDGE * max(1.0, *scale)
    return bool(near) and min(w, h) >= LEAST_SIDE


def _outdated(outline: Path, image: Path) -> bool:
    return not outline.is_file() or outline.stat().st_mtime < image.stat().st_mtime


def _make_outline(image: Path, outline: Path) -> None:
    """Draws the outline; an empty file says that there is none, no file that nothing was read."""
    cv2.setNumThreads(1)
    picture = cv2.imread(str(image), cv2.IMREAD_COLOR)
    if picture is None or min(picture.shape[:2]) < 64:
        return
    found = find_outline(picture)
    outline.parent.mkdir(parents=True, exist_ok=True)
    part = outline.with_suffix(f'.part{os.getpid()}')  # several processes may be at it
    part.write_bytes(b'' if found is None else cv2.imencode('.png', found)[1].tobytes())
    part.replace(outline)


def find_outline(picture: np.ndarray) -> np.ndarray | None:
    """The thing in the middle of a picture (H, W, 3), as (h, w) uint8 0 or 255, smaller; or None.

    What touches the picture's border, is tiny or in pieces is not believed.
    """
    scale = WORKING_SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    left, top = int(BORDER * width), int(BORDER * height)
    labels = np.zeros((height, width), np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    area = (left, top, width - 2 * left, height - 2 * top)
    cv2.grabCut(small, labels, area, *models, 4, cv2.GC_INIT_WITH_RECT)
    found = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    mask = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    size = stats[largest, cv2.CC_STAT_AREA]
    whole = size >= WHOLE * mask.sum()
    fits = SMALLEST_SHARE <= size / mask.size <= LARGEST_SHARE
    if not (whole and fits):
        return None
    return np.where(pieces == largest, 255, 0).astype(np.uint8)


class Stills:
    """Random pieces of photographs; all follow from the random numbers alone."""

    def __init__(self, stills: Sequence[Still] = ()) -> None:
        self.all = list(stills)
        self.things = [(still, thing) for still in stills for thing in still.things]

    def __bool__(self) -> bool:
        return bool(self.things)

    def scene(self, rng: Random, steps: int) -> np.ndarray:
        """A camera pans over a photograph: canvases (steps, CANVAS, CANVAS, 3)."""
        picture = _read(self.all[int(rng.integers(len(self.all)))])
        return panned(rng, [picture] * steps)

    def clip(self, rng: Random, steps: int, zooming: float = 0.0) -> Clip:
        """A photograph's thing where it was photographed; only the camera moves.

        Around the photograph is its mirror image: things fill most of their photographs.
        """
        picture, outline = self._outlined(rng)
        height, width = picture.shape[:2]
        around = height // 2, height // 2, width // 2, width // 2
        picture = cv2.copyMakeBorder(picture, *around, cv2.BORDER_REFLECT_101)
        x, y, w, h = cv2.boundingRect(outline)
        box = np.array([x + width // 2, y + height // 2, w, h], np.float64)
        boxes = np.repeat(box[None], steps, 0)
        return film(rng, [picture] * steps, boxes, np.ones(steps, bool), zooming)

    def cutting(self, rng: Random) -> Cutting:
        """A photograph's thing, cut out."""
        picture, outline = self._outlined(rng)
        x, y, w, h = cv2.boundingRect(outline)
        zoom = min(1.0, CANVAS / max(w, h))  # it is pasted smaller than a canvas
        resized = partial(cv2.resize, dsize=None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        shape = outline[y : y + h, x : x + w].astype(np.float32) / 255.0
        return Cutting(resized(picture[y : y + h, x : x + w]), resized(shape))

    def _outlined(self, rng: Random) -> tuple[np.ndarray, np.ndarray]:
        still, thing = self.things[int(rng.integers(len(self.things)))]
        picture = _read(still)
        assert still.outline is not None
        numbers = _image(still.outline, cv2.IMREAD_GRAYSCALE)
        # What was found has been opened, what was drawn has been looked at: it does not vanish.
        return picture, _inside(numbers == thing, picture.shape[1::-1])


def _inside(drawn: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """A thing (H, W) without its outermost pixels, which show the background; scaled, 0 or 255."""
    inner = cv2.erode(255 * drawn.astype(np.uint8), np.ones((3, 3), np.uint8))
    outline = cv2.resize(inner, size, interpolation=cv2.INTER_LINEAR)
    return np.where(outline > 127, 255, 0).astype(np.uint8)


def _size(picture: np.ndarray) -> tuple[int, int]:
    """Width and height at which a photograph is used, at most some 500 pixels."""
    height, width = picture.shape[:2]
    shrink = max(1, round(max(height, width) / 500))
    return width // shrink, height // shrink


def _read(still: Still) -> np.ndarray:
    """A photograph, at most some 500 pixels wide: (H, W, 3), uint8 BGR."""
    picture = _image(still.image, cv2.IMREAD_COLOR)
    size = _size(picture)
    if size == picture.shape[1::-1]:
        return picture
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _image(path: Path, flags: int) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise ConfigError(f'{path}: OpenCV cannot read it any more')
    return image
