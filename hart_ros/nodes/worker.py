# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The one thread that tracks: commands first, in order, then frames."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class Worker(threading.Thread):
    """Calls `work` while it returns True, and whatever is submitted, all in one thread."""

    def __init__(
        self,
        work: Callable[[], bool],
        failed: Callable[[BaseException], None],
        name: str = 'tracker',
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._failed = failed
        self._changed = threading.Condition()
        self._commands: deque[tuple[Future, Callable[..., Any], tuple]] = deque()
        self._woken = False
        self._stopping = False

    def submit(self, command: Callable[..., Any], *args: Any) -> Future:
        """Run a command before the next piece of work; its result is in the future."""
        future: Future = Future()
        with self._changed:
            self._commands.append((future, command, args))
            self._changed.notify()
        return future

    def wake(self) -> None:
        """Say that there is something to do."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stop(self, timeout: float) -> None:
        """End the thread after the piece of work at hand."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self.join(timeout)

    def run(self) -> None:
        """Work until stopped."""
        while True:
            with self._changed:
                # The time-out lets work look at the clock: a box does not wait for ever.
                self._changed.wait_for(
                    lambda: self._stopping or self._woken or self._commands, timeout=0.25
                )
                if self._stopping:
                    return
                commands, self._commands = self._commands, deque()
                self._woken = False
            try:
                for command in commands:
                    self._run_command(*command)
                if self._work():
                    self.wake()
            except Exception as error:  # the thread must not end: nothing would track any more
                self._failed(error)

    def _run_command(self, future: Future, command: Callable[..., Any], args: tuple) -> None:
        try:
            future.set_result(command(*args))
        except Exception as error:
            future.set_exception(error)
            self._failed(error)
