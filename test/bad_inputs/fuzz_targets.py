# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Functions of bytes that raise nothing, whatever the bytes: for hypothesis and for atheris.

Each feeds one kind of input, lets pass the error that is documented for it, and checks what comes
out otherwise. `SEEDS` are good inputs to begin with.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import struct
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import torch

from hart_ros.data.image_message import (
    ENCODINGS,
    ImageError,
    check,
    check_compressed,
    decode,
    decode_compressed,
)
from hart_ros.data.kitti import read_labels, read_projection, read_trajectories
from hart_ros.data.kitti_tracklets import read_tracklets
from hart_ros.data.otb import _read_track
from hart_ros.data.source import SourceError, open_source
from hart_ros.data.video import _read_csv
from hart_ros.model.hart import HART, HartConfig
from hart_ros.nodes.stamps import StampMonitor
from hart_ros.tracking import HartTracker, WeightsError, save_weights
from hart_ros.tracking.saved_state import SavedStateError, digest_of_weights, read, to_bytes
from hart_ros.tracking.target_state import Limits, StateMachine
from hart_ros.tracking.types import InvalidBoxError, InvalidFrameError, check_box, check_frame
from hart_ros.training.checkpoint import load_checkpoint, save_checkpoint
from hart_ros.training.config import TrainConfig, checked, load_config, with_setting
from hart_ros.training.settings import ConfigError

SMALL = HartConfig(glimpse_size=32, v1_widths=(8, 8, 8, 8, 8, 8), hidden=16, key_width=8)
IMAGE = struct.Struct('<BHHIB')  # encoding, height, width, step, is_bigendian; then the data
NUMBERS = struct.Struct('<4d')
BOX = (20.0, 16.0, 24.0, 16.0)  # of a target in `_noise`


@functools.cache
def _folder() -> Path:
    """Where files are written; in memory where there is such a place."""
    memory = Path('/dev/shm')
    place = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
    _kept.append(place)
    return Path(place.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []  # removed when the process ends


def _file(name: str, data: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(data)
    return path


def _noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def _is_frame(pixels: np.ndarray) -> None:
    with suppress(InvalidFrameError):  # of one row or column
        check_frame(pixels)
    assert pixels.dtype == np.uint8
    assert pixels.shape[2:] in ((), (3,))


def image(data: bytes) -> None:
    """The fields of a sensor_msgs/Image."""
    if len(data) < IMAGE.size:
        return
    encoding, height, width, step, bigendian = IMAGE.unpack_from(data)
    msg = SimpleNamespace(
        encoding=(*ENCODINGS, '', 'rgb64')[encoding % (len(ENCODINGS) + 2)],
        height=height,
        width=width,
        step=step,
        is_bigendian=bigendian,
        data=data[IMAGE.size :],
    )
    with suppress(ImageError):
        check(msg)
        pixels = decode(msg)
        _is_frame(pixels)
        assert pixels.shape[:2] == (height, width)


def compressed_image(data: bytes) -> None:
    """The data of a sensor_msgs/CompressedImage."""
    msg = SimpleNamespace(format='jpeg', data=data)
    with suppress(ImageError):
        check_compressed(msg)
        _is_frame(decode_compressed(msg))


def box(data: bytes) -> None:
    """Four numbers of a vision_msgs/Detection2D, as the node turns them into a box."""
    if len(data) < NUMBERS.size:
        return
    x, y, w, h = NUMBERS.unpack_from(data)
    with suppress(InvalidBoxError):
        found = check_box((x - w / 2, y - h / 2, w, h), (375, 1242, 3))
        assert all(map(math.isfinite, found))
        assert found[2] >= 2 and found[3] >= 2


def stamps(data: bytes) -> None:
    """Stamps and scores of images that arrive; what comes of them is a state and a share."""
    monitor, machine = StampMonitor(), StateMachine(Limits())
    for stamp_ns, score in struct.iter_unpack('<qd', data[: len(data) // 16 * 16]):
        before = monitor.last_ns
        monitor.classify(abs(stamp_ns))  # negative ones are refused before
        machine.update(score, (monitor.last_ns - before) / 1e9)
        assert math.isfinite(machine.shown(score))
    share = monitor.lost_share()
    assert share is None or 0 <= share <= 1


def labels(data: bytes) -> None:
    """A file of any format of boxes."""
    path = _file('boxes.txt', data)
    with suppress(SourceError):
        _are_boxes(_read_csv(path, 20))
    with suppress(SourceError):
        _are_boxes(read_labels(path))
    with suppress(SourceError):
        for way in read_trajectories(path):
            assert np.isfinite(way.places).all() and np.isfinite(way.headings).all()
    with suppress(SourceError):
        assert np.isfinite(read_projection(path, 'P2')).all()
    found: dict = {}
    with suppress(SourceError):
        _read_track(path, 1, found, 20, 0)
        _are_boxes(found)


def _are_boxes(boxes: Mapping[int, Mapping[int, tuple[float, ...]]]) -> None:
    for tracks in boxes.values():
        for found in tracks.values():
            assert all(map(math.isfinite, found))
            assert found[2] > 0 and found[3] > 0


def tracklets(data: bytes) -> None:
    """A file tracklet_labels.xml of KITTI's raw data."""
    path = _file('tracklet_labels.xml', data)
    _file(
        'calib_cam_to_cam.txt',
        b'P_rect_02: 100 0 32 0 0 100 24 0 0 0 1 0\nR_rect_00: 1 0 0 0 1 0 0 0 1\n',
    )
    _file('calib_velo_to_cam.txt', b'R: 0 -1 0 0 0 -1 1 0 0\nT: 0 0 0\n')
    with suppress(SourceError):
        _are_boxes(read_tracklets(path, path.parent, (64, 48), 5))


def bag(data: bytes) -> None:
    """An MCAP file."""
    with suppress(SourceError):
        source = open_source(_file('drive.mcap', data))
        assert source.camera_matrix is None or np.isfinite(source.camera_matrix).all()
        assert 0 < source.fps < math.inf
        for frame in itertools.islice(source, 20):
            _is_frame(frame.image)


def settings(data: bytes) -> None:
    """A file of settings, and its first line as a setting of the command line."""
    with suppress(ConfigError):
        checked(load_config(_file('train.yaml', data)))
    with suppress(ConfigError):
        with_setting(TrainConfig(), data.partition(b'\n')[0].decode(errors='replace'))


def weights(data: bytes) -> None:
    """A file of weights; what loads answers finite boxes, or says that it cannot."""
    path = _file('hart.safetensors', data)
    with suppress(WeightsError):
        tracker = HartTracker(path, 'cpu', backend='torch')
        frame = _noise()
        state = tracker.init(frame, BOX)
        with suppress(FloatingPointError):
            for _ in range(2):
                track, state = tracker.update(frame, state)
                assert all(map(math.isfinite, (*track.box, track.score)))


@functools.cache
def _follower() -> tuple[HartTracker, str]:
    tracker = HartTracker(_file('follower.safetensors', _safetensors()), 'cpu', backend='torch')
    return tracker, digest_of_weights(tracker.model)


def saved_targets(data: bytes) -> None:
    """A file of `restore_state`: what was damaged is refused."""
    with suppress(SavedStateError):
        states, _ = read(_file('targets.safetensors', data), *_follower())
        for track, _ in _follower()[0].update_many(_noise(), states):
            assert all(map(math.isfinite, (*track.box, track.score)))


def checkpoint(data: bytes) -> None:
    """A file last.pt."""
    with suppress(ConfigError):
        assert isinstance(load_checkpoint(_file('last.pt', data)), dict)


def _safetensors() -> bytes:
    torch.manual_seed(0)
    path = _folder() / 'seed.safetensors'
    save_weights(HART(SMALL), path)
    return path.read_bytes()


def _targets() -> bytes:
    tracker, weights = _follower()
    return to_bytes([tracker.init(_noise(), BOX)] * 2, weights, {'about': 'them'})


def _last_pt() -> bytes:
    path = _folder() / 'seed.pt'
    content = {'step': 3, 'model': {'w': torch.zeros(2, 3)}, 'config': asdict(SMALL)}
    save_checkpoint(path, content)
    return path.read_bytes()


def _mcap() -> bytes:
    """Three images of 4 x 2 pixels."""
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    kind, store = 'sensor_msgs/msg/Image', get_typestore(Stores.ROS2_HUMBLE)
    time, header = store.types['builtin_interfaces/msg/Time'], store.types['std_msgs/msg/Header']
    place = _folder() / 'seed_bag'
    with Writer(place, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection('/image', kind, typestore=store)
        for second in range(1, 4):
            pixels = np.full(24, second, np.uint8)
            image = store.types[kind](header(time(second, 0), 'c'), 2, 4, 'bgr8', 0, 12, pixels)
            writer.write(connection, second * 10**9, store.serialize_cdr(image, kind))
    (file,) = place.glob('*.mcap')
    return file.read_bytes()


def _picture(suffix: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return cv2.imencode(suffix, pixels)[1].tobytes()


_LABEL = '{} 0 Car 0 0 -1.79 1 2 30 40 2.0 1.8 4.4 -4.5 1.8 13.4 -2.1\n'
_TRACKLETS = (
    '<b><tracklets><item><h>2</h><w>2</w><l>4</l><first_frame>1</first_frame><poses><item>'
    '<tx>20</tx><ty>0</ty><tz>-1</tz><rz>0</rz><truncation>0</truncation></item></poses></item>'
    '</tracklets></b>'
)
TARGETS: dict[str, Callable[[bytes], None]] = {
    'image': image,
    'compressed_image': compressed_image,
    'box': box,
    'stamps': stamps,
    'labels': labels,
    'tracklets': tracklets,
    'bag': bag,
    'settings': settings,
    'weights': weights,
    'saved_targets': saved_targets,
    'checkpoint': checkpoint,
}
_SETTINGS = {'steps': 9, 'optimiser': {'kind': 'adamw'}, 'curriculum': {'stages': [[0, 4]]}}


@functools.cache
def seeds(target: str) -> tuple[bytes, ...]:
    """Good inputs of a target."""
    return {
        'image': lambda: tuple(
            IMAGE.pack(k, 4, 6, 48, 0) + bytes(range(192)) for k in range(len(ENCODINGS))
        ),
        'compressed_image': lambda: (_picture('.png'), _picture('.jpg')),
        'box': lambda: (NUMBERS.pack(50, 40, 20, 10), NUMBERS.pack(math.nan, 1e308, 1e308, 1)),
        'stamps': lambda: (b''.join(struct.pack('<qd', k * 10**8, 0.1 * k) for k in range(30)),),
        'labels': lambda: (
            b'frame,track_id,x,y,w,h\n1,1,2,3,4,5\n2,1,2,3,4,5\n',
            (_LABEL.format(0) + _LABEL.format(1)).encode(),
            b'1,2,30,40\nnan,nan,nan,nan\n1\t2\t3\t4\n',
            b'P2: 700 0 30 40 0 700 20 2 0 0 1 0.003\n',
        ),
        'tracklets': lambda: (_TRACKLETS.encode(),),
        'bag': lambda: (_mcap(),),
        'settings': lambda: (json.dumps(_SETTINGS).encode(), b'seed: 1\nclips:\n  noise: 0.1\n'),
        'weights': lambda: (_safetensors(),),
        'saved_targets': lambda: (_targets(),),
        'checkpoint': lambda: (_last_pt(),),
    }[target]()
