# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A window with an image on which boxes are dragged.

Tk, which comes with Python: OpenCV's own windows are missing in its headless builds, and those of
its other wheels bring a Qt that gets in the way of rviz2's and rqt's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np

from hart_ros.apps.drag import BoxDrag
from hart_ros.tracking.types import BoxXYWH

SMALLEST = 640  # screen pixels of width; smaller images are enlarged, so that a box can be drawn
SCREEN_SHARE = 0.85  # larger ones are made smaller
TARGET, DRAWN = '#3cdc3c', '#ffffff'


class DisplayError(RuntimeError):
    """There is nothing to open a window on; the message says what to do."""


class BoxWindow:
    """Shows images; tells of boxes that are drawn and keys that are pressed.

    Everything happens in the thread that made it, within `poll`.

    Args:
        title: of the window.
        help_text: the line below the image.
        on_box: called with x, y, w, h, pixels of the image, when the button goes up.
        keys: by name, as 'r' or 'Return', what is called.

    Raises:
        DisplayError: no display, or this Python has no Tk.
    """

    def __init__(
        self,
        title: str,
        help_text: str,
        on_box: Callable[[BoxXYWH], None],
        keys: Mapping[str, Callable[[], None]],
    ) -> None:
        try:
            import tkinter
        except ImportError as error:
            raise DisplayError(f'{error}: sudo apt install python3-tk') from error
        try:
            self._root = tkinter.Tk(className='hart_ros')
        except tkinter.TclError as error:
            raise DisplayError(
                f'{error}: run it where there is a screen, or through ssh -X'
            ) from error
        self._tk: Any = tkinter
        self._on_box = on_box
        self._drag = BoxDrag((1, 1))
        self._photo: Any = None  # Tk shows an image only as long as somebody holds it
        self.is_open = True
        self._root.title(title)
        self._root.resizable(False, False)
        self._root.protocol('WM_DELETE_WINDOW', self.close)
        self._canvas = tkinter.Canvas(
            self._root, highlightthickness=0, borderwidth=0, cursor='crosshair'
        )
        self._canvas.pack()
        self._text = tkinter.Label(self._root, text=help_text)
        self._text.pack()
        self._image = self._canvas.create_image(0, 0, anchor='nw')
        self._target = self._canvas.create_rectangle(0, 0, 0, 0, outline=TARGET, width=3)
        self._drawn = self._canvas.create_rectangle(0, 0, 0, 0, outline=DRAWN, width=2)
        for item in (self._target, self._drawn):
            self._place(item, None)
        self._canvas.bind('<ButtonPress-1>', lambda event: self._press(event.x, event.y))
        self._canvas.bind('<B1-Motion>', lambda event: self._move(event.x, event.y))
        self._canvas.bind('<ButtonRelease-1>', lambda event: self._release(event.x, event.y))
        for key, action in keys.items():
            self._root.bind(f'<KeyPress-{key}>', _without_event(action))

    @property
    def dragging(self) -> bool:
        """Whether a box is being drawn: its image should stay as long."""
        return self._drag.active

    def show(self, image: np.ndarray) -> None:
        """Show an image, (H, W, 3) BGR or (H, W) mono, uint8."""
        height, width = image.shape[:2]
        if (width, height) != self._drag.image_size:
            self._fit(width, height)
        scale = self._drag.scale
        if scale != 1:
            size = (round(width * scale), round(height * scale))
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
            image = cv2.resize(image, size, interpolation=how)
        # P5 and P6, grey and RGB, need no coding, and Tk takes them from memory.
        mono = image.ndim == 2 or image.shape[2] == 1
        pixels = image if mono else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        head = f'P{5 if mono else 6} {image.shape[1]} {image.shape[0]} 255\n'.encode()
        self._photo = self._tk.PhotoImage(
            master=self._root, data=head + pixels.tobytes(), format='PPM'
        )
        self._canvas.itemconfigure(self._image, image=self._photo)

    def mark(self, box: BoxXYWH | None) -> None:
        """Draw the target here, x, y, w, h in pixels of the image; None: nowhere."""
        self._place(self._target, box)

    def say(self, text: str) -> None:
        """Write the line below the image."""
        self._text.configure(text=text)

    def poll(self) -> None:
        """Let what happened in the window take effect."""
        if self.is_open:
            self._root.update()

    def close(self) -> None:
        """Close the window, as its user may do too."""
        if self.is_open:
            self.is_open = False
            self._root.destroy()
            # Let go here: Tk aborts the process if what is its own is freed by another thread,
            # which may run the garbage collection that finds this window.
            del self._root, self._canvas, self._text, self._photo, self._on_box

    def _fit(self, width: int, height: int) -> None:
        """Choose the scale for images of this size."""
        across = SCREEN_SHARE * self._root.winfo_screenwidth() / width
        down = SCREEN_SHARE * self._root.winfo_screenheight() / height
        scale = min(across, down, max(1, SMALLEST // width))
        self._drag = BoxDrag((width, height), scale)
        self._canvas.configure(width=round(width * scale), height=round(height * scale))

    def _place(self, item: int, box: BoxXYWH | None) -> None:
        if box is None:
            self._canvas.itemconfigure(item, state='hidden')
            return
        x, y, w, h = (value * self._drag.scale for value in box)
        self._canvas.coords(item, x, y, x + w, y + h)
        self._canvas.itemconfigure(item, state='normal')

    def _press(self, x: int, y: int) -> None:
        self._drag.press(x, y)

    def _move(self, x: int, y: int) -> None:
        self._drag.move(x, y)
        self._place(self._drawn, self._drag.box)

    def _release(self, x: int, y: int) -> None:
        box = self._drag.release(x, y)
        self._place(self._drawn, None)
        if box is not None:
            self._on_box(box)


def _without_event(action: Callable[[], None]) -> Callable[[Any], None]:
    return lambda _: action()


def select_box(image: np.ndarray, title: str) -> BoxXYWH | None:
    """Let the user draw a box on an image; None if they leave without one.

    Raises:
        DisplayError: see `BoxWindow`.
    """
    drawn: list[BoxXYWH] = []
    accepted: list[BoxXYWH] = []

    def draw(box: BoxXYWH) -> None:
        drawn[:] = [box]
        window.mark(box)

    def accept() -> None:
        if drawn:
            accepted[:] = drawn
            window.close()

    def leave() -> None:
        window.close()

    keys = {'Return': accept, 'space': accept, 'q': leave, 'Escape': leave}
    text = 'Drag a box around the target; again to change it. Enter: go on.  q: quit.'
    window = BoxWindow(title, text, draw, keys)
    window.show(image)
    while window.is_open:
        window.poll()
        time.sleep(0.01)
    return accepted[0] if accepted else None
