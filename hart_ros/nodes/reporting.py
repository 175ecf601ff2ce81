# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Log lines that a camera at 30 Hz cannot turn into a flood."""

from __future__ import annotations

import threading
import time
import traceback
from typing import Any


class Reporter:
    """Logs through a ROS logger, each kind of problem at most once in `period` seconds.

    Remembers the last problem for the diagnostics. Thread-safe.
    """

    def __init__(self, logger: Any, period: float = 2.0) -> None:
        self._logger = logger
        self._period = period
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}
        self._silenced: dict[str, int] = {}
        self._problem: tuple[float, str] | None = None

    def info(self, text: str) -> None:
        """Log always."""
        self._logger.info(text)

    def warn(self, kind: str, text: str) -> None:
        """Log a problem with something that arrived, unless this kind was logged just now."""
        line = self._throttled(kind, text)
        if line:
            self._logger.warning(line)

    def warn_always(self, text: str) -> None:
        """Log what cannot repeat itself quickly."""
        with self._lock:
            self._problem = (time.monotonic(), text)
        self._logger.warning(text)

    def error(self, kind: str, text: str, cause: BaseException | None = None) -> None:
        """Log a problem of our own, and where it was raised, unless this kind was just now."""
        line = self._throttled(kind, text)
        if line:
            self._logger.error(line)
            if cause is not None:
                self.trace(cause)

    def trace(self, error: BaseException) -> None:
        """Log where an error of our own was raised, for those who debug."""
        self._logger.debug(''.join(traceback.format_exception(error)))

    def last_problem(self, within: float) -> str:
        """Return the last problem of this many seconds, or ''."""
        with self._lock:
            if self._problem and time.monotonic() - self._problem[0] <= within:
                return self._problem[1]
            return ''

    def _throttled(self, kind: str, text: str) -> str:
        now = time.monotonic()
        with self._lock:
            self._problem = (now, text)
            if now - self._last.get(kind, -self._period) < self._period:
                self._silenced[kind] = self._silenced.get(kind, 0) + 1
                return ''
            self._last[kind] = now
            silenced = self._silenced.pop(kind, 0)
        return f'{text} [{silenced} more like this]' if silenced else text
