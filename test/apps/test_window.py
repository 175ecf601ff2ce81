# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The window on a virtual display, with the mouse and the keys of X."""

from __future__ import annotations

import threading
import time
import weakref

import numpy as np
import pytest

from hart_ros.apps.window import BoxWindow, DisplayError, select_box


@pytest.fixture
def on_display(virtual_display, monkeypatch):
    monkeypatch.setenv('DISPLAY', virtual_display)


def poll_until(window, condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, 'waited in vain'
        window.poll()
        time.sleep(0.005)


@pytest.mark.parametrize(
    ('shape', 'scale'), [((375, 700, 3), 1), ((90, 160), 4), ((1500, 3000, 3), 1024 * 0.85 / 3000)]
)
def test_a_box_is_drawn_and_a_key_is_pressed(on_display, user, shape, scale):
    boxes, keys = [], []
    window = BoxWindow('test', 'help', boxes.append, {'r': lambda: keys.append('r')})
    window.show(np.full(shape, 80, np.uint8))
    window.mark((1, 1, 20, 20))
    poll_until(window, lambda: window._root.winfo_viewable())
    left, top = window._canvas.winfo_rootx(), window._canvas.winfo_rooty()
    user('mousemove', left + 40, top + 60, 'mousedown', 1)
    poll_until(window, lambda: window.dragging)
    user('mousemove', left + 119, top + 99, 'mouseup', 1)
    poll_until(window, lambda: boxes)
    assert boxes[0] == pytest.approx((40 / scale, 60 / scale, 80 / scale, 40 / scale))
    assert not window.dragging
    user('click', 1)  # is no box
    user('key', 'r')
    poll_until(window, lambda: keys)
    assert len(boxes) == 1
    window.close()
    window.poll()
    assert not window.is_open


def test_pictures_arrive_on_the_screen_as_they_are(on_display):
    image = np.zeros((100, 700, 3), np.uint8)
    image[20:40, 30:60] = (250, 10, 90)  # BGR
    window = BoxWindow('test', '', lambda _: None, {})
    window.show(image)
    assert window._photo.get(45, 30) == (90, 10, 250)
    assert window._photo.get(5, 5) == (0, 0, 0)
    window.close()


@pytest.mark.parametrize(('keys', 'box'), [(['Return'], (40, 60, 80, 40)), (['q'], None)])
def test_select_box(on_display, user, keys, box):
    def act():
        time.sleep(0.5)  # until it is on the screen; a drag that comes too early is repeated
        while thread_may_run.is_set():
            user('mousemove', 40, 60, 'mousedown', 1, 'sleep', 0.05)
            user('mousemove', 119, 99, 'sleep', 0.05, 'mouseup', 1, 'sleep', 0.1, 'key', *keys)
            time.sleep(0.3)

    thread_may_run = threading.Event()
    thread_may_run.set()
    thread = threading.Thread(target=act)
    thread.start()
    try:
        found = select_box(np.zeros((300, 700, 3), np.uint8), 'test')
    finally:
        thread_may_run.clear()
        thread.join()
    assert found == box


def test_leaving_through_the_frame_of_the_window_is_no_choice(on_display, monkeypatch):
    def close(window):
        window._on_box((1, 2, 30, 40))
        window._root.tk.call(window._root.protocol('WM_DELETE_WINDOW'))

    monkeypatch.setattr(BoxWindow, 'poll', close)
    assert select_box(np.zeros((300, 700, 3), np.uint8), 'test') is None


def test_a_closed_window_leaves_nothing_of_tk_to_garbage_collection(on_display):
    """Which may run in another thread, and then Tk would abort the process."""
    window = BoxWindow('test', '', lambda _: window.close(), {'q': lambda: window.close()})
    window.show(np.zeros((300, 700, 3), np.uint8))
    window.poll()
    tk = [weakref.ref(part) for part in (window._root, window._canvas, window._text, window._photo)]
    window.close()
    assert [part() for part in tk] == [None] * 4


def test_without_a_display_it_says_so(monkeypatch):
    pytest.importorskip('tkinter', reason='needs Tk: sudo apt install python3-tk')
    monkeypatch.delenv('DISPLAY', raising=False)
    with pytest.raises(DisplayError, match='ssh -X'):
        BoxWindow('test', '', lambda _: None, {})
