# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The tracker node under load for a long time: new boxes, debug subscribers that come and go."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .node_camera import Camera, wait_for
from .node_run import SETTLE, START_WITHIN, TRACKER, Bench, cpu_seconds
from .soak_report import Sample

RATE = 30.0  # Hz
BLOCK = 5.0  # seconds
# What is watched in each block; over and over. With the first of them a new box is sent.
WATCHED: tuple[tuple[str, ...], ...] = ((), ('debug_image',), ('debug_image', 'glimpse'), ())
CYCLE = BLOCK * len(WATCHED)  # seconds


class Soak(Bench):
    """A bench whose tracker runs for long."""

    def soak(
        self, seconds: float, tell: Callable[[Sample], None]
    ) -> tuple[list[Sample], Mapping[str, str]]:
        """Run whole cycles for about so long.

        Args:
            seconds: at least one cycle is run.
            tell: hears each sample as it is taken.

        Returns:
            The samples, and the node's diagnostics after the last frame.

        Raises:
            BenchmarkError: the node ended or does not answer.
        """
        samples: list[Sample] = []
        with self._camera('soak') as camera, self._node(TRACKER, camera) as process:
            self._check(process, wait_for(camera.is_connected, START_WITHIN))
            time.sleep(SETTLE)
            began = time.monotonic()
            for block in range(max(round(seconds / CYCLE), 1) * len(WATCHED)):
                turn = block % len(WATCHED)
                camera.watch(WATCHED[turn])
                if turn == 0:
                    camera.init()
                sample = _block(camera, process.pid, began)
                self._check(process, bool(sample.latencies_ms))
                samples.append(sample)
                tell(sample)
            camera.next_status()  # may have been on its way before the last frame
            return samples, camera.next_status()


def _block(camera: Camera, pid: int, began: float) -> Sample:
    """Publish the frames of one block and look at the process."""
    cpu_before, started = cpu_seconds(pid) or 0.0, time.monotonic()
    answers = camera.block(RATE, round(RATE * BLOCK))
    now = time.monotonic()
    process = Path('/proc') / str(pid)
    pages = int((process / 'statm').read_text().split()[1])
    return Sample(
        seconds=now - began,
        latencies_ms=[1e3 * latency for latency in answers.latencies()],
        published=len(answers.published),
        rss_mb=pages * os.sysconf('SC_PAGE_SIZE') / 1e6,
        descriptors=len(list((process / 'fd').iterdir())),
        threads=len(list((process / 'task').iterdir())),
        cpu=100.0 * ((cpu_seconds(pid) or 0.0) - cpu_before) / (now - started),
    )
