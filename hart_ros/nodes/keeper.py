# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Keeps the targets in a file, so that a node that was killed goes on with them."""

from __future__ import annotations

import errno
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hart_ros.apps.disk import FULL
from hart_ros.nodes.cursor import Cursor
from hart_ros.nodes.frame_buffer import Frame
from hart_ros.nodes.parameters import ParameterError
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.target import Target, seconds
from hart_ros.nodes.targets import Targets
from hart_ros.nodes.worker import Worker
from hart_ros.tracking import HartTracker, saved_state
from hart_ros.tracking.saved_state import OtherFileError, SavedStateError
from hart_ros.tracking.target_state import Limits, StateMachine

INTERVAL = 1.0  # seconds between two writes


@dataclass(frozen=True)
class Kept:
    """A target as it was in the file."""

    target_id: str
    class_id: str
    single: bool
    state: Any  # the tracker's TargetState
    machine: StateMachine

    def resumed(self, targets: Targets, frame: Frame) -> Target:
        """Return the target; this frame is the next that it is looked for in."""
        self.machine.limits = targets.limits
        return Target(
            self.target_id,
            self.class_id,
            self.single,
            Cursor(frame.number - 1, frame.number - 1),
            self.state,
            deque(maxlen=targets.trail_length),
            self.machine,
            frame.seconds,
        )


class Keeper:
    """Used by the thread that tracks, which it costs microseconds: another one writes."""

    def __init__(
        self,
        path: Path,
        max_age: float,
        tracker: HartTracker,
        report: Reporter,
        failed: Callable[[BaseException], None],
    ) -> None:
        """Read what was kept.

        Args:
            path: the file.
            max_age: seconds since the targets were seen, by the system's clock, after which they
                are not resumed; 0: always.
            tracker: that follows them.
            report: for what users should know.
            failed: called with errors that are none of the file's.

        Raises:
            ParameterError: there cannot be such a file, or it is somebody else's.
        """
        self.said = 'nothing to resume'  # what became of the kept targets
        self.problem = ''  # why they are not kept now
        self._path, self._max_age, self._report = path, max_age, report
        check_file(path)
        self._weights = saved_state.digest_of_weights(tracker.model)
        self._kept: list[Kept] = []
        self._seen, self._stamp_ns = 0.0, 0  # when they were seen last: time.time(), header.stamp
        self._changed = False  # since the last write
        self._count = 0
        self._written = -INTERVAL
        self._writing: Future | None = None
        if path.exists():
            self._read(tracker)
        self._writer = Worker(lambda: False, failed, 'keeper')

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def resume(self, targets: Targets, frame: Frame | None) -> None:
        """Follow the kept targets from this frame on, once."""
        if not self._kept or frame is None:
            return
        kept = sorted(self._kept, key=lambda k: not k.single)[: targets.most]
        self._kept = []
        age = time.time() - self._seen
        if self._max_age and not abs(age) <= self._max_age:  # negative: the clock was set back
            self._refuse(
                f'{self._path}: its targets were last seen {age:.1f} s ago, restore_max_age is '
                f'{self._max_age:g}'
            )
            return
        targets.all = [k.resumed(targets, frame) for k in kept]
        at = seconds(self._stamp_ns)
        self.said = f'resumed {_names(kept)}, last seen {age:.1f} s ago at {at}'
        self._report.info(f'{self.said}, from {self._path}')

    def note(self, targets: Sequence[Target], frame: Frame) -> None:
        """Keep the targets as they are after a frame; what is gone is not kept any longer."""
        self._seen, self._stamp_ns, self._changed = time.time(), frame.stamp_ns, True
        due = time.monotonic() - self._written >= INTERVAL
        if len(targets) < self._count or (due and (self._writing is None or self._writing.done())):
            self.save(targets)

    def save(self, targets: Sequence[Target]) -> None:
        """Keep the targets now, unless that was done."""
        if self._changed:
            self._submit(targets)

    def forget(self) -> None:
        """Keep nothing any longer."""
        self._kept = []
        self.said = 'nothing to resume'
        self._submit(())

    def _submit(self, targets: Sequence[Target]) -> None:
        self._changed, self._count, self._written = False, len(targets), time.monotonic()
        about = {
            'seen': self._seen,
            'stamp_ns': self._stamp_ns,
            'targets': [
                {
                    'id': target.target_id,
                    'class': target.class_id,
                    'single': target.single,
                    'memory': target.machine.memory(),
                }
                for target in targets
            ],
        }
        self._writing = self._writer.submit(self._write, [t.state for t in targets], about)

    def flush(self, timeout: float) -> None:
        """Wait until all is written."""
        if self._writing is not None:
            wait([self._writing], timeout)

    def close(self, targets: Sequence[Target], timeout: float) -> None:
        """Keep the targets for the last time."""
        self.save(targets)
        self.flush(timeout)
        self._writer.stop(timeout)

    def _read(self, tracker: HartTracker) -> None:
        try:
            states, about = saved_state.read(self._path, tracker, self._weights)
            self._seen, self._stamp_ns = float(about['seen']), int(about['stamp_ns'])
            for state, target in zip(states, about['targets'], strict=True):
                machine = StateMachine(Limits())
                machine.recall(target['memory'])
                name, class_name = str(target['id']), str(target['class'])
                self._kept.append(Kept(name, class_name, bool(target['single']), state, machine))
        except OtherFileError as error:
            raise ParameterError(f'restore_state: {error}; name another file') from error
        except SavedStateError as error:
            self._refuse(str(error))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            self._kept = []
            self._refuse(f'{self._path}: is damaged: {type(error).__name__}: {error}')
        else:
            self.said = f'waits for an image: {_names(self._kept)}'

    def _refuse(self, reason: str) -> None:
        self.said = f'not resumed: {reason}'
        self._report.warn_always(f'restore_state: {reason}: not resumed, send a new box')

    def _write(self, states: Sequence[Any], about: dict[str, Any]) -> None:
        try:
            if states:
                content = saved_state.to_bytes(states, self._weights, about)
                saved_state.write(self._path, content)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            mend = 'free some space' if error.errno in FULL else 'look at its folder'
            problem = f'restore_state: {self._path} cannot be written: {error.strerror}; {mend}'
        else:
            problem = ''
        if problem != self.problem:  # said once, not once a second
            self.problem = problem
            if problem:
                self._report.warn_always(f'{problem}. Tracking goes on')
            else:
                self._report.info(f'restore_state: {self._path} is written again')


def _names(kept: Sequence[Kept]) -> str:
    return ', '.join(repr(target.target_id) for target in kept)


def check_file(path: Path) -> None:
    """Raise ParameterError where no such file can be; a full disk may be so for now only."""
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, 'is a folder')
        part = saved_state.part_of(path)
        part.open('wb').close()
        part.unlink()
    except (OSError, ValueError) as error:
        if getattr(error, 'errno', None) not in FULL:
            reason = getattr(error, 'strerror', None) or error
            raise ParameterError(
                f'restore_state: {path}: {reason}; name a file in a folder that the node may write'
            ) from error
