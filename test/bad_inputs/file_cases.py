# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Bad videos, folders, labels, and what people type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from bad_input import Case, Group

from hart_ros.data.parsing import parse_box, parse_size
from hart_ros.data.source import SourceError, first_box, open_source
from hart_ros.tracking.types import InvalidBoxError, InvalidFrameError, check_box, check_frame

Files = dict[str, str | bytes]
PICTURE = np.full((48, 64, 3), 90, np.uint8)
PNG = cv2.imencode('.png', PICTURE)[1].tobytes()
CSV = 'frame,track_id,x,y,w,h\n'
LABEL = '{} {} Car 0 0 -1.79 {} 2.0 1.8 4.4 -4.5 1.8 13.4 -2.1\n'
CAMERA = '100 0 32 0 0 100 24 0 0 0 1 0'


def write(folder: Path, files: Files) -> None:
    """Write files into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def opened(files: Files, name: str = '', **options: Any) -> Callable[[Path], None]:
    """A source, opened and played to the end."""

    def give(folder: Path) -> None:
        write(folder, files)
        before = sorted(path for path in folder.rglob('*'))
        try:
            for _ in open_source(folder / name, **options):
                pass
        finally:
            assert sorted(path for path in folder.rglob('*')) == before

    return give


def labelled_video(csv: str | bytes) -> Callable[[Path], None]:
    """A video of three frames with boxes."""

    def give(folder: Path) -> None:
        code = cv2.VideoWriter.fourcc(*'mp4v')
        writer = cv2.VideoWriter(str(folder / 'video.mp4'), code, 10.0, (64, 48))
        for _ in range(3):
            writer.write(PICTURE)
        writer.release()
        opened({'boxes.csv': csv})(folder)

    return give


def kitti(label: str = '', calib: str = '', images: tuple[str, ...] = ('000000', '000001')) -> Any:
    """A root of KITTI tracking with one sequence."""
    files: Files = {f'image_02/0003/{name}.png': PNG for name in images}
    files |= {'label_02/0003.txt': label} if label else {}
    return opened(files | ({'calib/0003.txt': calib} if calib else {}))


def raw(tracklets: str = '', times: str = '', camera: str = CAMERA) -> Callable[[Path], None]:
    """A drive of KITTI's raw data with two images."""
    files: Files = {f'drive/image_02/data/{k:010d}.png': PNG for k in range(2)}
    files['calib_cam_to_cam.txt'] = f'P_rect_02: {camera}\nR_rect_00: 1 0 0 0 1 0 0 0 1\n'
    files['calib_velo_to_cam.txt'] = 'R: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n'
    files |= {'drive/tracklet_labels.xml': tracklets} if tracklets else {}
    return opened(files | ({'drive/image_02/timestamps.txt': times} if times else {}), 'drive')


def tracklet(**fields: str) -> str:
    values = {'h': '2', 'w': '2', 'l': '4', 'first_frame': '0', **fields}
    size = ''.join(f'<{k}>{values[k]}</{k}>\n' for k in ('h', 'w', 'l', 'first_frame'))
    pose = ''.join(f'<{k}>{fields.get(k, "5")}</{k}>' for k in ('tx', 'ty', 'tz', 'rz'))
    poses = f'<poses>\n<item>{pose}<truncation>0</truncation></item></poses>'
    return f'<b><tracklets>\n<item>{size}{poses}</item></tracklets></b>'


def otb(text: str) -> Callable[[Path], None]:
    """Three images with a box each."""
    images: Files = {f'img/{k:04d}.png': PNG for k in range(1, 4)}
    return opened(images | {'groundtruth_rect.txt': text})


def no_rights(folder: Path) -> None:
    write(folder, {'img/1.png': PNG})
    (folder / 'groundtruth_rect.txt').mkdir()
    open_source(folder)


SOURCES = Group(
    'Videos and folders',
    "`hart-track`, `hart-evaluate`, `hart-train`, and the player's `source`: one line and exit "
    'status 2 (1 of `player_node`). Files are only read.',
    SourceError,
    'all files; nothing was begun',
    (
        Case('nothing there', opened({}, 'film.mp4')),
        Case('an empty folder', opened({})),
        Case('a folder of something else', opened({'clip.mkv': b'1'})),
        Case('no video, though named so', opened({'film.mp4': b'no video' * 99}, 'film.mp4')),
        Case('an empty video', opened({'film.mp4': b''}, 'film.mp4')),
        Case('no bag, though named so', opened({'a.mcap': b'no bag'}, 'a.mcap'), elide=r'\(.*\)'),
        Case('boxes without a video', opened({'boxes.csv': CSV})),
        Case(
            'an image that is damaged',
            opened({'1.png': PNG, '2.png': PNG[:40]}),
            'all files; the frames before it were played',
        ),
        Case('a folder named like an image', opened({'1.png/notes.txt': '', '2.png': PNG})),
        Case('a rate that is none', opened({'a/1.png': PNG}, 'a', fps=float('nan'))),
        Case('an option that the reader lacks', opened({'1.png': PNG}, sequence='0003')),
        Case('a seed that is no number', lambda _: open_source('synthetic:red')),
        Case('a synthetic drive of no size', lambda _: open_source('synthetic', size=(3, 2))),
        Case('labels to move by, but none there', lambda f: open_source('synthetic', motions=f)),
        Case(
            'no box known, none given',
            lambda f: first_box(open_source(write(f, {'a/1.png': PNG}) or f / 'a')),
        ),
    ),
)

BOXES_CSV = Group(
    'boxes.csv',
    'Beside `video.mp4`, or `NAME.csv` beside `NAME.mp4`.',
    SourceError,
    'all files; nothing was begun',
    (
        Case('empty', labelled_video('')),
        Case('not text', labelled_video(b'\xff\xfe\x00\x01')),
        Case('no header', labelled_video('1,1,2,3,4,5\n')),
        Case('a field is missing', labelled_video(CSV + '1,1,2,3,4\n')),
        Case('a frame that is no number', labelled_video(CSV + 'one,1,2,3,4,5\n')),
        Case('frames from 0', labelled_video(CSV + '0,1,2,3,4,5\n')),
        Case('a frame behind the end', labelled_video(CSV + '1,1,2,3,4,5\n9,1,2,3,4,5\n')),
        Case('a coordinate that is no number', labelled_video(CSV + '1,1,left,3,4,5\n')),
        Case('NaN', labelled_video(CSV + '1,1,nan,3,4,5\n')),
        Case('beyond all images', labelled_video(CSV + '1,1,1e300,3,4,5\n')),
        Case('no size', labelled_video(CSV + '1,1,2,3,0,5\n')),
        Case('two boxes of a track', labelled_video(CSV + '1,1,2,3,4,5\n1,1,2,3,4,5\n')),
        Case('a number of 5000 digits', labelled_video(CSV + '9' * 5000 + ',1,2,3,4,5\n')),
    ),
)

KITTI = Group(
    'KITTI and OTB',
    'Labels and calibration of KITTI tracking, tracklets of its raw data, '
    '`groundtruth_rect.txt` of OTB.',
    SourceError,
    'all files; nothing was begun',
    (
        Case('tracking: no such sequence', opened({'image_02/0003/0.png': PNG}, sequence='0009')),
        Case('tracking: a file of something else', kitti('0 0 Car\n')),
        Case('tracking: an edge that is no number', kitti(LABEL.format(0, 0, '1 2 x 4'))),
        Case('tracking: right of it is left', kitti(LABEL.format(0, 0, '5 2 1 4'))),
        Case('tracking: a frame without image', kitti(LABEL.format(8, 0, '1 2 5 4'))),
        Case('tracking: two boxes of a track', kitti(LABEL.format(0, 0, '1 2 5 4') * 2)),
        Case('tracking: an image without number', kitti(images=('a', 'b'))),
        Case('tracking: two images of a number', kitti(images=('0', '00'))),
        Case('tracking: calibration of another camera', kitti(calib=f'P0: {CAMERA}\n')),
        Case('tracking: calibration with NaN', kitti(calib=f'P2: nan {CAMERA[4:]}\n')),
        Case('raw: a stamp too few', raw(times='2011-09-26 13:02:59.9\n')),
        Case('raw: no time', raw(times='2011-09-26 13:02:59.9\nnoon\n')),
        Case('raw: back in time', raw(times='2011-09-26 13:02:59.9\n' * 2)),
        Case('raw: tracklets are not XML', raw('<open>'), elide=r'\(.*\)'),
        Case('raw: an entity', raw('<!DOCTYPE b [\n<!ENTITY a "aa">]><b>&a;</b>')),
        Case('raw: a field is missing', raw(tracklet().replace('<h>2</h>', ''))),
        Case('raw: a place that is no number', raw(tracklet(tx='far'))),
        Case('raw: a frame behind the end', raw(tracklet(first_frame='7'))),
        Case('OTB: a number is missing', otb('1,1,9,9\n1,1,9\n')),
        Case('OTB: no number', otb('1,1,9,x\n')),
        Case('OTB: negative size', otb('1,1,-9,9\n')),
        Case('OTB: more boxes than images', otb('1,1,9,9\n' * 4)),
        Case('OTB: fewer boxes than images', otb('1,1,9,9\n')),
        Case('OTB: not a file', no_rights),
    ),
)

TYPED = Group(
    'Arguments of commands and of the launch file',
    'Here for a box of `--init`; one line and exit status 2.',
    ValueError,
    'nothing was begun',
    (
        Case('a number is missing', lambda _: parse_box('1,2,3', '--init')),
        Case('not numbers', lambda _: parse_box('a,b,c,d', '--init')),
        Case('no size', lambda _: parse_box('1,2,0,4', '--init')),
        Case('NaN', lambda _: parse_box('1,2,nan,4', '--init')),
        Case('a size without `x`', lambda _: parse_size('640', '--size')),
    ),
)

FRAMES = Group(
    'Frames and boxes given to `hart_ros.Tracker`',
    'Raises `InvalidFrameError` or `InvalidBoxError`, both of them `ValueError`.',
    ValueError,
    'target and state of the tracker',
    (
        Case('no array', lambda _: check_frame([[1, 2]])),  # type: ignore[arg-type]
        Case('float', lambda _: check_frame(np.zeros((4, 4, 3)))),
        Case('four channels', lambda _: check_frame(np.zeros((4, 4, 4), np.uint8))),
        Case('no pixels', lambda _: check_frame(np.zeros((0, 4, 3), np.uint8))),
        Case('three numbers', lambda _: check_box((0, 0, 5), (120, 160))),
        Case('NaN', lambda _: check_box((float('nan'), 0, 5, 5), (120, 160))),
        Case('no size', lambda _: check_box((0, 0, 0, 5), (120, 160))),
        Case('outside', lambda _: check_box((500, 500, 20, 20), (120, 160))),
    ),
)
assert issubclass(InvalidFrameError, ValueError) and issubclass(InvalidBoxError, ValueError)

GROUPS = (SOURCES, BOXES_CSV, KITTI, TYPED, FRAMES)
