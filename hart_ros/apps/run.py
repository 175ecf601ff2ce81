# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""One run of hart-track: frame after frame, into files that are whole whatever ends it."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from hart_ros.apps.box_files import BoxFile
from hart_ros.apps.video import Video, pick_encoder
from hart_ros.data.source import BoxXYWH, Source, SourceError, SourceFrame
from hart_ros.tracking import InvalidFrameError, Track, Tracker
from hart_ros.tracking.draw import draw_debug

TRAIL = 50  # past positions drawn
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Job:
    """What to follow and where to write it."""

    source: Source
    start: int  # index of the first frame
    frames: int  # no more than so many; 0: all
    track_id: int
    box: BoxXYWH  # x, y, w, h in that frame, pixels
    video: Path | None
    bag: Path | None
    files: Mapping[str, Path]  # by format, see `box_files.FORMATS`


class Output(Protocol):
    """Something that is written frame by frame."""

    path: Path

    def write(self, frame: SourceFrame, track: Track) -> None:
        """Append a frame. Raises OutputError."""

    def close(self) -> None:
        """Finish the file. Raises OutputError."""


class TrackVideo:
    """The frames with what the tracker says of them."""

    def __init__(self, path: Path, fps: float, track_id: int) -> None:
        self.path = path
        self._fps, self._track_id = fps, track_id
        self._encoder = pick_encoder()
        self._trail: deque[tuple[float, float]] = deque(maxlen=TRAIL)
        self._video: Video | None = None

    def write(self, frame: SourceFrame, track: Track) -> None:
        """Append a frame."""
        x, y, w, h = track.box
        self._trail.append((x + w / 2, y + h / 2))
        truth = frame.boxes.get(self._track_id)
        picture = draw_debug(frame.image, track, self._trail, truth_xywh=truth)
        if self._video is None:
            size = (picture.shape[1], picture.shape[0])
            self._video = Video(self.path, self._fps, size, self._encoder)
        self._video.write(picture)

    def close(self) -> None:
        """Finish the file."""
        if self._video is not None:
            self._video.close()


def run(tracker: Tracker, job: Job) -> int:
    """Track, write, and say what was done; return the exit status.

    Raises:
        InvalidBoxError: the box does not lie on the first frame; nothing was written.
        SourceError: the first frame cannot be read; nothing was written.
    """
    last = job.start + job.frames if job.frames else None
    frames = islice(job.source, job.start, last)
    first = next(frames, None)
    if first is None:
        raise SourceError(f'{job.source.name}: ends before frame {job.start + 1}')
    track = tracker.init(first.image, job.box)
    total = min(len(job.source), last or len(job.source)) - job.start
    scores: list[float] = []
    errors: list[Exception] = []
    with contextlib.ExitStack() as stack:
        stopped = stack.enter_context(_stop_signals())
        # On a terminal only: a log file is no place for a bar.
        bar = stack.enter_context(tqdm(total=total, unit=' frames', disable=None))
        outputs: list[Output] = []
        try:
            for output in _open_outputs(job):
                outputs.append(output)
                stack.callback(_close, output, errors)
            frame: SourceFrame | None = first
            while frame is not None:
                for output in outputs:
                    output.write(frame, track)
                scores.append(track.score)
                bar.set_postfix_str(f'score {track.score:.2f}', refresh=False)
                bar.update()
                if stopped or (frame := next(frames, None)) is None:
                    break
                track = tracker.update(frame.image)
        except (SourceError, InvalidFrameError, OSError) as error:
            errors.append(error)
    return _report(scores, outputs, errors, interrupted=bool(stopped))


def _close(output: Output, errors: list[Exception]) -> None:
    """Finish an output, so that the others are finished in any case."""
    try:
        output.close()
    except OSError as error:
        errors.append(error)


def _open_outputs(job: Job) -> Iterator[Output]:
    if job.video is not None:
        yield TrackVideo(job.video, job.source.fps, job.track_id)
    if job.bag is not None:
        from hart_ros.apps.bag_output import BagOutput  # few have rosbags

        yield BagOutput(job.bag, job.source, job.track_id)
    for kind, path in job.files.items():
        numbers = getattr(job.source, 'numbers', ())
        yield BoxFile(path, kind, job.track_id, job.start, numbers)


def _report(
    scores: list[float], outputs: list[Output], errors: list[Exception], interrupted: bool
) -> int:
    if scores:
        print(f'{len(scores)} frames, mean score {sum(scores) / len(scores):.2f}')
        print('\n'.join(f'  {output.path}' for output in outputs), flush=True)
    if errors:
        for line in dict.fromkeys(map(str, errors)):
            print(f'hart-track: {line}', file=sys.stderr)
        return 1 if scores else 2
    if interrupted:
        print('hart-track: interrupted', file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """A list that gets the signals asking for an end, so that no frame is left half-written.

    A second one ends the program at once.
    """
    seen: list[int] = []
    before = {number: signal.getsignal(number) for number in STOPS}
    before = {n: handler for n, handler in before.items() if handler is not signal.SIG_IGN}  # nohup

    def note(number: int, _: object) -> None:
        seen.append(number)
        signal.signal(number, signal.SIG_DFL)

    for number in before:
        signal.signal(number, note)
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
