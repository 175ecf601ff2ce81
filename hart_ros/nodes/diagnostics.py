# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""How the node is: speed, latency, what became of the frames, and what is wrong."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from hart_ros.nodes.frame_buffer import Fate
from hart_ros.nodes.target import Target
from hart_ros.tracking.target_state import State

SILENCE = 2.0  # seconds without an image that are worth a warning
LOST_SHARE = 0.5  # of the frames that never arrive, likewise
RECENT = 5.0  # seconds for which a problem colours the status


@dataclass(frozen=True)
class Condition:
    """What the node knows about itself at one moment."""

    active: bool  # in the sense of the lifecycle
    enabled: bool
    topic: str
    publishers: int
    reliability: str
    silence: float  # seconds since the last image; infinite before the first
    state: State
    score: float
    lost_share: float | None
    failure: str
    problem: str

    def judge(self) -> tuple[bytes, str]:
        """Return level and message of the diagnostic status: the worst that is true."""
        if self.failure:
            return DiagnosticStatus.ERROR, f'the tracker fails: {self.failure}'
        if not self.active:
            return DiagnosticStatus.OK, 'inactive: activate it, as with ros2 lifecycle set'
        if not self.enabled:
            return DiagnosticStatus.OK, 'disabled: call ~/enable'
        if self.silence > SILENCE:
            who = f'{self.publishers} publishers' if self.publishers else 'nobody publishes it'
            return DiagnosticStatus.WARN, f'no images on {self.topic} ({who})'
        if self.lost_share is not None and self.lost_share > LOST_SHARE:
            return DiagnosticStatus.WARN, frames_lost(self.lost_share)
        if self.problem:
            return DiagnosticStatus.WARN, self.problem
        if self.state is State.IDLE:
            return DiagnosticStatus.OK, 'waiting for a box on ~/init_box'
        if self.state is State.TRACKING:
            return DiagnosticStatus.OK, 'tracking'
        advice = 'looked for nearby, or send a new box' if self.state is State.LOST else 'in doubt'
        return DiagnosticStatus.WARN, f'{self.state.value}, score {self.score:.2f}: {advice}'


def frames_lost(share: float) -> str:
    """Return what to tell users when most frames are lost on their way here."""
    return (
        f"{share:.0%} of the camera's frames never arrive, as their stamps show; with Fast DDS, "
        'start the camera driver and this node with share/hart_ros/config/fastdds.xml (see '
        'docs/deployment.md)'
    )


class Meter:
    """Speed and latency of the last seconds. Thread-safe."""

    def __init__(self, window: float = 5.0) -> None:
        self._window = window
        self._lock = threading.Lock()
        self._notes: deque[tuple[float, float, float, float]] = deque()

    def note(self, step_s: float, latency_s: float, age_s: float) -> None:
        """Note one published frame.

        Args:
            step_s: what converting and tracking took, seconds.
            latency_s: from arrival of the image to publication.
            age_s: from the image's stamp to publication, by the node's clock; NaN: unknown.
        """
        with self._lock:
            self._notes.append((time.monotonic(), step_s, latency_s, age_s))

    def values(self) -> dict[str, str]:
        """Return the figures as text; times in milliseconds."""
        now = time.monotonic()
        with self._lock:
            while self._notes and now - self._notes[0][0] > self._window:
                self._notes.popleft()
            notes = np.array(self._notes).reshape(-1, 4)
        if not len(notes):
            return {'fps': '0.0'}
        # Over the time since the first of them, so that a fresh start is not averaged away.
        fps = len(notes) / max(now - notes[0, 0], 1.0)
        step, latency, age = (notes[:, i] * 1e3 for i in (1, 2, 3))
        values = {
            'fps': f'{fps:.1f}',
            'step_ms': f'{np.median(step):.1f}',
            'latency_ms': f'{np.median(latency):.1f}',
            'latency_max_ms': f'{latency.max():.1f}',
        }
        known = age[np.isfinite(age)]
        return {**values, 'stamp_age_ms': f'{np.median(known):.1f}'} if len(known) else values


def frame_values(counts: dict[Fate, int]) -> dict[str, str]:
    """Return what became of the frames; all but the first add up to the first."""
    values = {'frames_received': str(sum(counts.values()))}
    return values | {f'frames_{fate.value}': str(count) for fate, count in counts.items()}


def target_values(targets: Sequence[Target]) -> dict[str, str]:
    """Return how many there are, and state and score of each."""
    each = {f'target {t.target_id}': f'{t.machine.state.value} {t.score:.3f}' for t in targets}
    return {'targets': str(len(targets)), **each}


def status(node_name: str, condition: Condition, values: dict[str, str]) -> DiagnosticStatus:
    """Return the node's diagnostic status."""
    level, message = condition.judge()
    state = condition.state.value if condition.enabled and condition.active else 'DISABLED'
    return _status(node_name, level, message, {'state': state, **values})


def unconfigured(node_name: str, failure: str) -> DiagnosticStatus:
    """Return the status of a node that has nothing yet; `failure`: why it could not get it."""
    if failure:
        return _status(node_name, DiagnosticStatus.ERROR, failure, {})
    message = 'unconfigured: configure it, as with ros2 lifecycle set'
    return _status(node_name, DiagnosticStatus.OK, message, {})


def _status(node: str, level: bytes, message: str, values: dict[str, str]) -> DiagnosticStatus:
    return DiagnosticStatus(
        level=level,
        name=f'{node}: tracker',
        message=message,
        hardware_id='',
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
