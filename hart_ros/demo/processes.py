# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Nodes as child processes: started, listened to, and never left behind."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == 'linux' else None


class NodeProcess:
    """A node of this package in a process of its own.

    Args:
        module: its module, e.g. `hart_ros.nodes.player_node`.
        arguments: what follows `--ros-args`.
        log: file for everything it prints.
    """

    def __init__(self, module: str, arguments: Sequence[str], log: Path) -> None:
        self.name = module.rpartition('.')[2]
        self.log = log
        self._last: deque[str] = deque(maxlen=15)
        self._process = subprocess.Popen(
            [sys.executable, '-m', module, '--ros-args', *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors='replace',
            start_new_session=True,  # Ctrl-C is ours: we end them one after the other
            preexec_fn=_end_with_parent,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status, or None while it runs."""
        return self._process.poll()

    @property
    def last_lines(self) -> str:
        """The last of what it printed."""
        if self.status is not None:
            self._reader.join(2)
        return ''.join(self._last).rstrip()

    def stop(self) -> None:
        """End it: kindly first."""
        for how, seconds in ((signal.SIGINT, 10), (signal.SIGTERM, 3), (signal.SIGKILL, 10)):
            if self.status is not None:
                break
            self._process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self._reader.join(2)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self.log.open('w') as log:
            for line in self._process.stdout:
                log.write(line)
                log.flush()
                self._last.append(line)


def _end_with_parent() -> None:
    """Linux: end when the demonstration ends, however that happens."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
