# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Reads a source in a thread, a few frames ahead of whoever shows them. Pure Python."""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice

from hart_ros.data.source import Source, SourceError, SourceFrame


class ReadAhead(threading.Thread):
    """Keeps the next frames of a source ready, so that decoding does not disturb the timing.

    Args:
        source: read in order, from this thread only.
        frames: stop after so many; 0 reads all.
        loop: start over at the end. May be changed while it runs, at the latest `depth` frames
            before the end.
        depth: frames kept ready.
    """

    def __init__(self, source: Source, frames: int = 0, loop: bool = False, depth: int = 8) -> None:
        super().__init__(name='read ahead', daemon=True)
        self.loop = loop
        self._source = source
        self._frames = frames
        self._depth = depth
        self._changed = threading.Condition()
        self._ready: deque[SourceFrame] = deque()
        self._run = 0  # grows with every restart
        self._ended = False
        self._stopping = False
        self._error: SourceError | None = None

    def take(self) -> SourceFrame | None:
        """Return the next frame, or None while it is not read yet or when there is no more.

        Raises:
            SourceError: the frame cannot be read.
        """
        with self._changed:
            if self._ready:
                self._changed.notify()
                return self._ready.popleft()
            if self._error is not None:
                raise self._error
            return None

    @property
    def waiting(self) -> bool:
        """Whether `take` has something to say: a frame, the end or an error."""
        with self._changed:
            return bool(self._ready) or self._ended or self._error is not None

    @property
    def ended(self) -> bool:
        """Whether all frames were taken."""
        with self._changed:
            return self._ended and not self._ready

    def restart(self) -> None:
        """Go on with the first frame."""
        with self._changed:
            self._run += 1
            self._ended = False
            self._ready.clear()
            self._changed.notify()

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self.is_alive():
            self.join(timeout)

    def run(self) -> None:
        """Read, run after run, until stopped."""
        try:
            while not self._stopping:
                run = self._run
                if self._read_through(run) and not self.loop:
                    self._wait_at_end(run)
        except Exception as error:  # a reader of any format: whatever it raises ends the show
            if not isinstance(error, SourceError):
                error = SourceError(f'{self._source.name}: {type(error).__name__}: {error}')
            with self._changed:
                self._error = error

    def _read_through(self, run: int) -> bool:
        """Read the source once; return False if a restart or the end of the thread cut in."""
        empty = True
        for frame in islice(self._source, self._frames or None):
            empty = False
            with self._changed:
                self._changed.wait_for(
                    lambda: len(self._ready) < self._depth or self._interrupted(run)
                )
                if self._interrupted(run):
                    return False
                self._ready.append(frame)
        if empty:
            raise SourceError(f'{self._source.name}: has no frames')
        return True

    def _wait_at_end(self, run: int) -> None:
        with self._changed:
            self._ended = not self._interrupted(run)
            self._changed.wait_for(lambda: self._interrupted(run))

    def _interrupted(self, run: int) -> bool:
        return self._stopping or self._run != run
