# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""3D boxes of KITTI's raw data, projected into the left colour camera."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np

from hart_ros.data.boxes_file import FrameBoxes, real, whole
from hart_ros.data.kitti import read_numbers, read_projection
from hart_ros.data.source import BoxXYWH, SourceError

_NEAR, _SMALLEST = 0.5, 4.0  # metres, pixels
_IMAGE_TRUNCATIONS = (0, 1)  # states of truncation that lie in the image at least in part


def read_tracklets(path: Path, calibration: Path, size: tuple[int, int], frames: int) -> FrameBoxes:
    """Read `tracklet_labels.xml`; a track's id is its position in the file.

    Args:
        path: the file.
        calibration: folder with `calib_cam_to_cam.txt` and `calib_velo_to_cam.txt`.
        size: width and height of the images in pixels.
        frames: number of images.

    Raises:
        SourceError: one of the files is missing, broken or lacks a field.
    """
    to_image = _velodyne_to_image(calibration)
    root, lines = _parse(path)
    boxes: FrameBoxes = {}
    for track_id, item in enumerate(root.findall('tracklets/item')):
        where = f'{path}:{lines[item]}: tracklet {track_id}'
        height, width, length = (_number(item, name, where) for name in 'hwl')
        first = whole(_text(item, 'first_frame', where), 'first_frame', where)
        for frame, pose in enumerate(item.findall('poses/item'), start=first):
            where = f'{path}:{lines[pose]}: tracklet {track_id}'
            if not 0 <= frame < frames:
                raise SourceError(f'{where}: frame {frame}, but there are {frames} images')
            if round(_number(pose, 'truncation', where)) not in _IMAGE_TRUNCATIONS:
                continue
            foot = np.array([_number(pose, name, where) for name in ('tx', 'ty', 'tz')])
            yaw = _number(pose, 'rz', where)
            box = _project(to_image, foot, yaw, (length, width, height), size)
            if box is not None:
                boxes.setdefault(frame, {})[track_id] = box
    return boxes


def _parse(path: Path) -> tuple[Element, Mapping[Element, int]]:
    """Return the root of an XML file, and the line of each element.

    Entities are refused: a few lines of them unfold to gigabytes.
    """
    builder, lines = TreeBuilder(), dict[Element, int]()
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        lines[builder.start(tag, attributes)] = parser.CurrentLineNumber

    def refuse(*_: object) -> None:
        raise SourceError(f'{path}:{parser.CurrentLineNumber}: declares an entity; remove it')

    parser.StartElementHandler = start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(path.read_bytes(), True)
    except OSError as error:
        raise SourceError(f'{path}: {error.strerror}; check its permissions') from error
    except SourceError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as error:  # or of an unknown encoding
        line = parser.CurrentLineNumber
        raise SourceError(f'{path}:{line}: is not XML ({error})') from None
    return builder.close(), lines


def _velodyne_to_image(folder: Path) -> np.ndarray:
    """Return the matrix (3, 4) from the laser scanner's coordinates to pixels."""
    cameras, scanner = folder / 'calib_cam_to_cam.txt', folder / 'calib_velo_to_cam.txt'
    if not scanner.is_file():
        raise SourceError(f'{scanner}: missing; unpack the calibration of that day there')
    pose, between = read_numbers(scanner), read_numbers(cameras)
    rotation, shift = pose.get('R', []), pose.get('T', [])
    rectify = between.get('R_rect_00', [])
    if len(rotation) != 9 or len(shift) != 3:
        raise SourceError(f"{scanner}: needs lines 'R:' with 9 and 'T:' with 3 numbers")
    if len(rectify) != 9:
        raise SourceError(f"{cameras}: no line 'R_rect_00:' with 9 numbers")
    to_camera, rectification = np.eye(4), np.eye(4)
    to_camera[:3, :3], to_camera[:3, 3] = np.reshape(rotation, (3, 3)), shift
    rectification[:3, :3] = np.reshape(rectify, (3, 3))
    return read_projection(cameras, 'P_rect_02') @ rectification @ to_camera


def _project(
    to_image: np.ndarray,
    foot: np.ndarray,
    yaw: float,
    extent: tuple[float, float, float],
    size: tuple[int, int],
) -> BoxXYWH | None:
    """Return the tight box of a 3D box's corners within the image, None if it is out of sight."""
    signs = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0, 1)])
    c, s = np.cos(yaw), np.sin(yaw)
    corners = signs * extent @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]) + foot
    pixels = np.column_stack([corners, np.ones(8)]) @ to_image.T
    if pixels[:, 2].min() < _NEAR:
        return None
    points = pixels[:, :2] / pixels[:, 2:] + 0.5  # KITTI counts from the centre of the first pixel
    x0, y0 = np.maximum(points.min(axis=0), 0)
    x1, y1 = np.minimum(points.max(axis=0), size)
    if min(x1 - x0, y1 - y0) < _SMALLEST:
        return None
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)


def _text(item: Element, name: str, where: str) -> str:
    text = item.findtext(name)
    if text is None:
        raise SourceError(f'{where}: has no <{name}>; unpack the file again')
    return text.strip()


def _number(item: Element, name: str, where: str) -> float:
    return real(_text(item, name, where), name, where)
