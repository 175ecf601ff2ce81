# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The live line on the terminal."""

from __future__ import annotations

import shutil
import sys
import time

from hart_ros.demo.recorder import Record


class Progress:
    """Shows the frame at hand: rewritten on a terminal, a line every few seconds elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._overlaps: list[float] = []
        self._is_first = True
        self._terminal = sys.stdout.isatty()
        self._shown = 0.0

    def show(self, record: Record) -> None:
        """Show a record with its box."""
        if record.iou is not None and not self._is_first:  # that box was given
            self._overlaps.append(record.iou)
        self._is_first = False
        now = time.monotonic()
        last = record.index + 1 >= self._total
        if now - self._shown < (0.1 if self._terminal else 2.0) and not last:
            return
        self._shown = now
        line = f'  frame {record.index + 1:4}/{self._total}'
        if record.iou is not None:
            line += f'  IoU {record.iou:.2f}'
        if self._overlaps:
            line += f' (mean {sum(self._overlaps) / len(self._overlaps):.2f})'
        if record.score is not None:
            line += f'  score {record.score:.2f}'
        if record.latency_ms is not None:
            line += f'  latency {record.latency_ms:.0f} ms'
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f'\r{line[:width]:<{min(width, 78)}}', end='', flush=True)
        else:
            print(line, flush=True)

    def end(self) -> None:
        """Leave the live line."""
        if self._terminal and self._shown:
            print()
