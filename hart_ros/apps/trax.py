# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The command hart-trax: a tracker that the VOT toolkit, or any client of TraX, starts and asks."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hart_ros.apps.arguments import add_device
from hart_ros.apps.trax_protocol import (
    VERSION,
    Message,
    ProtocolError,
    box_of,
    image_of,
    parse,
    region_of,
    text_of,
)

if TYPE_CHECKING:
    from hart_ros.tracking import HartTracker
    from hart_ros.tracking.tracker import TargetState
    from hart_ros.tracking.types import BoxXYWH

EPILOG = """for the VOT toolkit, in trackers.ini of its workspace:
  [HART]
  label = HART
  protocol = trax
  command = hart-trax

TraX 4 on standard input and output: rectangles; images as paths, raw pixels, JPEG or PNG; several
objects at once. The property `confidence` of a state is the overlap that the tracker expects.

exit status: 0 the client is done; 1 the session ended with an error, which the client is told;
2 wrong arguments or weights; 130 interrupted"""

HELLO = Message(
    'hello',
    properties={
        'trax.version': str(VERSION),
        'trax.name': 'HART',
        'trax.description': 'Hierarchical Attentive Recurrent Tracking',
        'trax.family': 'HART',
        'trax.region': 'rectangle;',
        'trax.image': 'path;memory;buffer;',
        'trax.channels': 'color;',
        'trax.multiobject': '1',
    },
)


class Session:
    """What has to be remembered between messages: the targets, and boxes of targets to come."""

    def __init__(self, tracker: HartTracker) -> None:
        self._tracker = tracker
        self._targets: list[TargetState] = []
        self._new: list[BoxXYWH] = []

    def answer(self, message: Message) -> list[Message]:
        """Act on a message of the client.

        Raises:
            ProtocolError: it makes no sense here.
            InvalidBoxError, InvalidFrameError: no target can be followed so.
        """
        if message.kind == 'initialize':
            if not message.arguments:  # everything anew
                self._targets, self._new = [], []
            self._new += map(box_of, message.arguments)
            return []  # the frame comes next
        if message.kind != 'frame' or len(message.arguments) != 1:
            raise ProtocolError(
                f'{message.kind} with {len(message.arguments)} arguments; '
                'expected initialize with a region, or frame with an image'
            )
        if not self._targets and not self._new:
            raise ProtocolError('a frame before any object was given')
        return self._follow(message.arguments[0])

    def _follow(self, image: str) -> list[Message]:
        frame = image_of(image)
        found = self._tracker.update_many(frame, self._targets)
        states = [_state(track.box, track.score) for track, _ in found]
        self._targets = [state for _, state in found]
        for box in self._new:
            target = self._tracker.init(frame, box)
            self._targets.append(target)
            states.append(_state(target.box, 1.0))
        self._new = []
        return states


def _state(box: BoxXYWH, score: float) -> Message:
    return Message('state', [region_of(box)], {'confidence': f'{score:.4f}'})


def converse(tracker: HartTracker, lines: Iterable[str]) -> Iterator[Message]:
    """Yield what is to be said to a client that says these lines."""
    yield HELLO
    session = Session(tracker)
    for line in lines:
        message = parse(line)
        if message is None:
            continue
        if message.kind == 'quit':
            break
        yield from session.answer(message)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return the exit status."""
    args = _parser().parse_args(argv)
    if sys.stdin.isatty():
        print('hart-trax: a client such as the VOT toolkit starts it; see --help', file=sys.stderr)
        return 2
    try:
        return _serve(args)
    except KeyboardInterrupt:
        return 130


def _serve(args: argparse.Namespace) -> int:
    # Only TraX goes to standard output; what libraries print goes where errors go.
    out = os.fdopen(os.dup(sys.stdout.fileno()), 'wb', buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Only now: torch takes a second to import.
    from hart_ros.tracking import HartTracker, InvalidBoxError, InvalidFrameError, WeightsError

    try:
        tracker = HartTracker(args.weights, args.device, args.threads)
    except (WeightsError, ValueError) as error:
        print(f'hart-trax: {error}', file=sys.stderr)
        return 2
    try:
        for message in converse(tracker, map(os.fsdecode, sys.stdin.buffer)):
            out.write(os.fsencode(text_of(message)))
    except (ProtocolError, InvalidBoxError, InvalidFrameError) as error:
        print(f'hart-trax: {error}', file=sys.stderr)
        out.write(os.fsencode(text_of(Message('quit', properties={'trax.reason': str(error)}))))
        return 1
    except BrokenPipeError:
        return 0  # the client has gone
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='hart-trax',
        description='HART as a tracker that speaks TraX, for the VOT toolkit.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add('--weights', metavar='FILE', type=Path, help='made by hart-train, else the shipped ones')
    add_device(parser)
    add('--threads', metavar='N', type=int, default=1, help='CPU threads; 1 is mostly the fastest')
    return parser


if __name__ == '__main__':
    sys.exit(main())
