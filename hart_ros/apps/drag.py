# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A box dragged with the mouse; needs no display."""

from __future__ import annotations

from hart_ros.tracking.types import MIN_VISIBLE, BoxXYWH

CLICK = 4  # screen pixels: a drag that is shorter, across or down, is a click


class BoxDrag:
    """From mouse events to a box of the image.

    Args:
        image_size: width and height of the image, pixels.
        scale: screen pixels that an image pixel takes.
    """

    def __init__(self, image_size: tuple[int, int], scale: float = 1.0) -> None:
        self.image_size, self.scale = image_size, scale
        self._from: tuple[int, int] | None = None
        self._to = (0, 0)

    @property
    def active(self) -> bool:
        """Whether the button is down."""
        return self._from is not None

    @property
    def box(self) -> BoxXYWH | None:
        """What is drawn so far: x, y, w, h in pixels of the image, clipped to it.

        Both the pixel where the button went down and the one under the mouse belong to it. None as
        long as it is a mere click, or has less than 2 x 2 pixels on the image.
        """
        if self._from is None or min(abs(a - b) for a, b in zip(self._from, self._to)) + 1 < CLICK:
            return None
        (left, right), (top, bottom) = (
            (self._edge(min(pair), side), self._edge(max(pair) + 1, side))
            for pair, side in zip(zip(self._from, self._to), self.image_size)
        )
        if right - left < MIN_VISIBLE or bottom - top < MIN_VISIBLE:
            return None
        return left, top, right - left, bottom - top

    def press(self, x: int, y: int) -> None:
        """The button goes down on this pixel of the screen, counted from the image's corner."""
        self._from = self._to = (x, y)

    def move(self, x: int, y: int) -> None:
        """The mouse is here now; it may be outside the image."""
        self._to = (x, y)

    def release(self, x: int, y: int) -> BoxXYWH | None:
        """The button goes up; return the box, or None for a mere click."""
        self.move(x, y)
        box, self._from = self.box, None
        return box

    def _edge(self, screen: int, side: int) -> float:
        return min(max(screen / self.scale, 0.0), float(side))
