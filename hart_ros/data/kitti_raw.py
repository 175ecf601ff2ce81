# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A drive of KITTI's raw data: `2011_09_26/2011_09_26_drive_0001_sync`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import cv2

from hart_ros.data.boxes_file import FrameBoxes, read_lines, short
from hart_ros.data.image_folder import ImageList, list_images
from hart_ros.data.kitti import read_projection
from hart_ros.data.source import SourceError


class KittiRaw(ImageList):
    """A drive of KITTI's raw data, left colour camera, synchronised and rectified.

    Stamps come from `image_02/timestamps.txt`, the camera matrix from `calib_cam_to_cam.txt` in the
    folder above, boxes from `tracklet_labels.xml` (3D boxes, projected) with the calibration.

    Args:
        path: the drive's folder, which holds `image_02/data`.
        fps: frames a second, where there are no stamps.

    Raises:
        SourceError: no images, or one of the files above cannot be read.
    """

    def __init__(self, path: str | Path, fps: float = 10.0) -> None:
        folder = Path(path).resolve()
        files = list_images(folder / 'image_02' / 'data')
        times, calib = (
            folder / 'image_02' / 'timestamps.txt',
            folder.parent / 'calib_cam_to_cam.txt',
        )
        stamps = _read_stamps(times, len(files)) if times.is_file() else None
        camera = read_projection(calib, 'P_rect_02') if calib.is_file() else None
        tracklets = folder / 'tracklet_labels.xml'
        boxes: FrameBoxes = {}
        if tracklets.is_file() and calib.is_file():
            from hart_ros.data.kitti_tracklets import read_tracklets

            image = cv2.imread(str(files[0]))
            size = (0, 0) if image is None else (image.shape[1], image.shape[0])
            boxes = read_tracklets(tracklets, folder.parent, size, len(files))
        super().__init__(folder.name, files, fps, boxes, stamps, camera)


def _read_stamps(path: Path, count: int) -> list[float]:
    """Return seconds since the first line; lines are dates with nanoseconds."""
    lines = [line.strip() for line in read_lines(path) if line.strip()]
    if len(lines) != count:
        raise SourceError(f'{path}: {len(lines)} stamps for {count} images; unpack the drive again')
    out: list[float] = []
    start = None
    for number, line in enumerate(lines, start=1):
        whole, _, fraction = line.partition('.')
        try:
            second = datetime.strptime(whole, '%Y-%m-%d %H:%M:%S')
            if fraction and not fraction.isdecimal():
                raise ValueError
            part = float(f'0.{fraction or 0}')
        except ValueError:
            raise SourceError(
                f"{path}:{number}: '{short(line)}' is not a time like 2011-09-26 13:02:25.964389445"
            ) from None
        start = start or (second, part)
        out.append((second - start[0]).total_seconds() + part - start[1])
        if len(out) > 1 and out[-1] <= out[-2]:
            raise SourceError(f'{path}:{number}: is not later than the line before; sort the file')
    return out
