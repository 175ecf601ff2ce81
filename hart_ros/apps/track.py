# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The command hart-track: follows a target through a video, and writes where it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hart_ros.apps import arguments as kinds
from hart_ros.apps.box_files import FORMATS
from hart_ros.data.parsing import source_options
from hart_ros.data.source import BoxXYWH, Source, SourceError, first_box, is_synthetic, open_source

EPILOG = """examples:
  hart-track film.mp4 --init 412,180,96,64 -o out.mp4 --csv boxes.csv
  hart-track film.mp4 --select -o out.mp4                draw the box with the mouse
  hart-track kitti/training --sequence 0003 --kitti 0003.txt
  hart-track drive.mcap --topic /camera/image_raw --init 412,180,96,64 --bag tracked
  hart-track synthetic -o out.mp4                        a drive with boxes: follows its first

A target is given by --init or --select; where the source has boxes, the first is followed
otherwise. Files that exist are replaced, bags are not.

exit status: 0 tracked; 1 an error in the middle, the files hold what was tracked until then;
2 arguments, source, box or weights are wrong, nothing was written; 130 interrupted (Ctrl-C, end of
the ssh session, nothing selected), the files are complete up to there"""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return the exit status."""
    args = _parser().parse_args(argv)
    try:
        return _track(args)
    except KeyboardInterrupt:  # before the first frame; afterwards `run` finishes the files
        return 130
    except SourceError as error:
        return _fail(error)


def _track(args: argparse.Namespace) -> int:
    source = _open(args)
    start, track_id, box = _target(args, source)
    if box is None:
        print('hart-track: no box was drawn', file=sys.stderr)
        return 130
    # Only now: torch takes a second to import.
    from hart_ros.apps.run import Job, run
    from hart_ros.tracking import InvalidBoxError, InvalidFrameError, Tracker, WeightsError

    try:
        tracker = Tracker(args.weights, args.device, args.threads)
    except (WeightsError, ValueError) as error:
        return _fail(error)
    files = {kind: path for kind in FORMATS if (path := getattr(args, kind))}
    job = Job(source, start, args.frames, track_id, box, args.video, args.bag, files)
    try:
        return run(tracker, job)
    except (InvalidBoxError, InvalidFrameError) as error:
        return _fail(error)


def _fail(error: Exception) -> int:
    print(f'hart-track: {error}', file=sys.stderr)
    return 2


def _open(args: argparse.Namespace) -> Source:
    """The source; raises SourceError, also for outputs that cannot be."""
    given = (args.video, args.bag, *(getattr(args, kind) for kind in FORMATS))
    outputs = [path for path in given if path]
    if not outputs:
        raise SourceError('nothing to write: give -o out.mp4, --csv boxes.csv, --bag tracked, ...')
    if args.video and args.video.suffix.lower() != '.mp4':
        raise SourceError(f'{args.video}: videos are written as .mp4; name it so')
    if args.bag and args.bag.exists():
        raise SourceError(f'{args.bag}: is there already; bags are not replaced')
    # Of a drive there is no place; a folder of its name has nothing to do with it.
    place = None if is_synthetic(args.source) else Path(args.source).expanduser().resolve()
    for path in outputs:
        if not path.absolute().parent.is_dir():
            raise SourceError(f'{path}: no folder {path.absolute().parent}; make it first')
        if path.resolve() == place:
            raise SourceError(f'{path}: is the source itself; give another name')
        if path.exists() and place in path.resolve().parents:
            raise SourceError(f'{path}: is there already, in the source; give another name')
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise SourceError('two outputs have the same name; give each its own')
    length = args.frames and args.frames + args.start - 1  # of a drive: as it is asked to be
    options = source_options(args.source, args.sequence, args.size, length)
    return open_source(args.source, **options)


def _target(args: argparse.Namespace, source: Source) -> tuple[int, int, BoxXYWH | None]:
    """First frame, track id and box of the target; no box where the user drew none."""
    start = args.start - 1
    if args.init is None and not args.select:
        if not source.track_ids:
            raise SourceError(f'{source.name}: no boxes are known; give --init x,y,w,h or --select')
        if start:
            raise SourceError('--start goes with --init or --select; a track has its own')
        return first_box(source, args.track)
    if start >= len(source):
        raise SourceError(f'{source.name}: --start {args.start} of {len(source)} frames')
    new = max(source.track_ids, default=0) + 1  # of none that the source knows
    if not args.select:
        return start, new, args.init
    from hart_ros.apps.window import DisplayError, select_box

    try:
        return start, new, select_box(source[start].image, f'{source.name}: drag a box')
    except DisplayError as error:
        raise SourceError(f'--select: {error}, or give --init x,y,w,h') from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='hart-track',
        description='Follows one target through a video, and writes a video and files of boxes.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        'source',
        help='video, bag (rosbag2: folder, .mcap, .db3), folder (images, video.mp4 with boxes.csv, '
        'KITTI, OTB), or synthetic[:SEED]',
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument('--init', metavar='X,Y,W,H', type=kinds.box, help='the target, in pixels')
    target.add_argument('--select', action='store_true', help='draw it in a window')
    target.add_argument('--track', metavar='ID', type=int, help='a track that the source has')
    add(
        '--start',
        metavar='N',
        type=kinds.frame_number,
        default=1,
        help='frame that --init or --select is about, counted from 1 (1)',
    )
    add('--frames', metavar='N', type=kinds.frames, default=0, help='track no more than so many')
    add(
        '--sequence',
        '--topic',
        default='',
        metavar='NAME',
        help='of a source with several: 0003 of KITTI, a topic of a bag',
    )
    add('--size', metavar='WxH', type=kinds.size, help='of synthetic frames, as 640x192')
    out = parser.add_argument_group('what is written')
    out.add_argument('-o', '--video', metavar='OUT.mp4', type=Path, help='box, window, score, path')
    out.add_argument(
        '--bag', metavar='FOLDER', type=Path, help='a new bag: the source, detections, pictures'
    )
    about = {
        'csv': 'frame,track_id,x,y,w,h: the boxes.csv of hart_ros',
        'otb': 'x,y,w,h a frame, as OTB',
        'mot': 'MOTChallenge',
        'kitti': "results of KITTI tracking; the class is 'Misc'",
    }
    for kind, text in about.items():
        out.add_argument(f'--{kind}', metavar='FILE', type=Path, help=text)
    network = parser.add_argument_group('network')
    network.add_argument('--weights', metavar='FILE', type=Path, help='made by hart-train')
    kinds.add_device(network)
    network.add_argument(
        '--threads', metavar='N', type=int, default=1, help='CPU threads; 1 is mostly the fastest'
    )
    return parser


if __name__ == '__main__':
    sys.exit(main())
