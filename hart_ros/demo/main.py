# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The command hart-demo: watch the tracker follow a target through real processes and topics."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hart_ros.apps import arguments as kinds
from hart_ros.data.parsing import source_options
from hart_ros.data.source import SourceError, open_source
from hart_ros.demo.environment import private_environment

EPILOG = """examples:
  hart-demo                                             a synthetic drive
  hart-demo --video film.mp4 --init 412,180,96,64       your video, and the box to follow
  hart-demo --play kitti/training --sequence 0003       KITTI tracking, first track
  hart-demo --play drives/car --frames 300              a folder with video.mp4 and boxes.csv

exit status: 0 tracked, 1 failed, 2 wrong arguments, 130 interrupted"""


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; ends the program with status 2 if it makes no sense."""
    parser = argparse.ArgumentParser(
        prog='hart-demo',
        description='Player and tracker as two processes over DDS; writes video, contact sheet '
        'and figures.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        '--play',
        metavar='SOURCE',
        default='synthetic',
        help='folder (KITTI, OTB, images, video.mp4 with boxes.csv), video, or synthetic[:SEED]',
    )
    what.add_argument('--video', metavar='FILE', dest='play', help='the same, for a video')
    parser.add_argument(
        '--sequence', default='', help='sequence of a folder with several, e.g. 0003 of KITTI'
    )
    parser.add_argument(
        '--init', metavar='X,Y,W,H', type=kinds.box, help='box in the first frame, pixels'
    )
    parser.add_argument('--track', metavar='ID', type=int, help='track to follow, else the first')
    parser.add_argument('--frames', metavar='N', type=kinds.frames, default=0, help='play so many')
    parser.add_argument(
        '--rate', metavar='HZ', type=_rate, default=0.0, help="frames a second, else the source's"
    )
    parser.add_argument(
        '--size', metavar='WxH', type=kinds.size, help='size of synthetic frames, e.g. 640x192'
    )
    kinds.add_device(parser)
    parser.add_argument(
        '--out',
        metavar='FOLDER',
        type=Path,
        default=Path('demo_output'),
        help='for all that is written (demo_output)',
    )
    args = parser.parse_args(arguments)
    try:
        options = source_options(args.play, args.sequence, args.size, args.frames)
        args.source = open_source(args.play, **options)
        if args.init is None and not args.source.track_ids:
            raise SourceError(f'{args.play}: no boxes are known; give --init x,y,w,h')
        args.out.mkdir(parents=True, exist_ok=True)
    except (SourceError, OSError) as error:
        parser.error(str(error))
    return args


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration; return the exit status."""
    args = parse(arguments)
    os.environ.update(private_environment(os.environ))
    try:
        from hart_ros.demo.run import Run
    except ImportError as error:
        print(f'hart-demo: {error}: run scripts/demo.sh, or source ROS 2', file=sys.stderr)
        return 1
    return Run(args).run()


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError(f'{text!r} is no rate from 0 to 1000 Hz')
    return rate


if __name__ == '__main__':
    sys.exit(main())
