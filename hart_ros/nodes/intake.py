# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Where images arrive: counted, checked without touching a pixel, put into the buffer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hart_ros.nodes.frame_buffer import Fate, Frame, FrameBuffer, FrameCounts
from hart_ros.nodes.image_codec import ImageError
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.stamps import Arrival, StampMonitor
from hart_ros.nodes.target import seconds


class Intake:
    """Runs in the executor's thread, which it must not hold up: the worker does the rest."""

    def __init__(
        self,
        check: Callable[[Any], None],
        buffer: FrameBuffer,
        counts: FrameCounts,
        report: Reporter,
    ) -> None:
        self.stamps = StampMonitor()
        self.enabled = True
        self._check = check
        self._buffer = buffer
        self._counts = counts
        self._report = report
        self._epoch = 0

    def receive(self, message: Any) -> bool:
        """Take an image message; return whether there is something new to track."""
        if not self.enabled:
            self._counts.add(Fate.DISABLED)
            return False
        try:
            self._check(message)
        except ImageError as error:
            self._counts.add(Fate.BAD)
            self._report.warn(f'image {error.field}', f'image skipped: {error}')
            return False
        stamp_ns = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
        if stamp_ns < 0:
            self._counts.add(Fate.BAD)
            self._report.warn(
                'image stamp',
                f'image skipped: header.stamp {stamp_ns / 1e9:.3f} s is negative; let the driver '
                'stamp with the time since 1970, or with zero',
            )
            return False
        arrival = self._in_order(stamp_ns)
        if arrival:
            size_bytes = len(message.data)
            self._buffer.add(Frame(message, stamp_ns, size_bytes, self._epoch))
        return arrival

    def _in_order(self, stamp_ns: int) -> bool:
        before_ns = self.stamps.last_ns
        arrival = self.stamps.classify(stamp_ns)
        if arrival is Arrival.NEW:
            return True
        if arrival is Arrival.JUMP:
            self._epoch += 1
            self._buffer.clear()
            self._report.warn(
                'time jump',
                f'header.stamp jumped back by {(before_ns - stamp_ns) / 1e9:.3f} s (a bag that '
                'loops, or a clock that was set): tracking goes on with the new stamps',
            )
            return True
        if arrival is Arrival.DUPLICATE:
            self._counts.add(Fate.DUPLICATE)
            self._report.warn(
                'duplicate',
                f'image skipped: header.stamp {seconds(stamp_ns)} came before; look for a second '
                'publisher of this topic',
            )
        else:
            self._counts.add(Fate.OUT_OF_ORDER)
            self._report.warn(
                'out of order',
                f'image skipped: header.stamp is {(before_ns - stamp_ns) / 1e9:.3f} s older than '
                'that of the image before; let the driver publish in order',
            )
        return False
