# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A bag with the detections: all that the source's bag holds, and what was tracked in it."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from hart_ros.apps import vision_types
from hart_ros.apps.disk import naming, need_space
from hart_ros.data.bag import BagFrame, BagSource, open_bag
from hart_ros.data.source import Source, SourceError, SourceFrame
from hart_ros.tracking.draw import draw_debug
from hart_ros.tracking.types import Track

if TYPE_CHECKING:
    from rosbags.interfaces import Connection

DETECTIONS = '/hart/detection'  # as the node's
PICTURES = '/hart/debug_image/compressed'
PICTURE = 'sensor_msgs/msg/CompressedImage'
UNKNOWN_HASH = 'RIHS01_' + 64 * '0'  # of a type that the source's bag does not define
EPOCH_NS = 1_000_000_000  # of sources without a date; a stamp of zero would mean "not stamped"


class BagOutput:
    """A new bag, readable by rosbag2, rviz2 and Foxglove.

    What the source's bag holds is copied as it is, in the order of recording; each image is
    followed by its detection and a picture of it. It ends with the last frame that was tracked,
    and with the source's last message if that was the last frame.

    Args:
        path: a folder that does not exist yet.
        source: what is tracked; of other sources than bags nothing is copied.
        track_id: `id` of the detections.

    Raises:
        SourceError: `rosbags` is missing, or the source holds a topic of ours.
        OutputError: the bag cannot be written. A disk that fills up is noticed while what was
            written so far can be finished: close it.
    """

    def __init__(self, path: Path, source: Source, track_id: int) -> None:
        try:
            from rosbags.rosbag2 import StoragePlugin, Writer
            from rosbags.typesys import Stores, get_typestore
        except ImportError as error:
            raise SourceError(f'{path}: bags need {error.name}: pip install rosbags') from error
        self.path = path
        self._frames, self._name = len(source), str(track_id)
        self._store: Any = get_typestore(Stores.LATEST)
        vision_types.add_types(self._store)
        self._stack = ExitStack()
        self._rest: Iterator[tuple[Connection, int, bytes]] = iter(())
        self._next: tuple[Connection, int, bytes] | None = None
        self._copies: dict[int, Connection] = {}
        connections: list[Connection] = []
        plugin = StoragePlugin.MCAP
        if isinstance(source, BagSource):
            reader = self._stack.enter_context(open_bag(source.path))
            connections = list(reader.connections)
            self._rest = reader.messages()
            self._next = next(self._rest, None)
            plugin = StoragePlugin.SQLITE3 if source.is_sqlite else StoragePlugin.MCAP
        if {c.topic for c in connections} & {DETECTIONS, PICTURES}:
            self._stack.close()
            raise SourceError(f'{path}: the source holds {DETECTIONS} already; track the original')
        # 8: QoS as text. From 9 on it is a YAML sequence, at which Humble's reader fails.
        self._writer = Writer(path, version=8, storage_plugin=plugin)
        with _errors(path):
            need_space(path)
            self._writer.open()
            same: dict[Any, Connection] = {}  # other tools write a topic's messages in several
            for connection in connections:
                kind = connection.topic, connection.msgtype, str(connection.ext)
                if kind not in same:
                    same[kind] = self._copy_of(connection)
                self._copies[connection.id] = same[kind]
            self._detections, self._pictures = (
                self._writer.add_connection(topic, kind, typestore=self._store)
                for topic, kind in ((DETECTIONS, vision_types.DETECTION), (PICTURES, PICTURE))
            )

    def write(self, frame: SourceFrame, track: Track) -> None:
        """Copy what was recorded up to this frame, then add what was tracked in it."""
        with _errors(self.path):
            need_space(self.path)
            self._write(frame, track)

    def close(self) -> None:
        """Finish the bag."""
        with _errors(self.path), self._stack:
            self._writer.close()

    def _write(self, frame: SourceFrame, track: Track) -> None:
        if isinstance(frame, BagFrame):
            stamp_ns, recorded_ns, frame_id = frame.stamp_ns, frame.recorded_ns, frame.frame_id
        else:
            stamp_ns = recorded_ns = EPOCH_NS + round(frame.stamp * 1e9)
            frame_id = 'camera'
        self._copy(until_ns=recorded_ns)
        types = self._store.types
        time = types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, 1_000_000_000))
        header = types['std_msgs/msg/Header'](stamp=time, frame_id=frame_id)
        found = vision_types.detection(self._store, header, track.box, track.score, self._name)
        _, jpeg = cv2.imencode('.jpg', draw_debug(frame.image, track))
        picture = types[PICTURE](header=header, format='jpeg', data=jpeg.ravel())
        for connection, message in ((self._detections, found), (self._pictures, picture)):
            data = self._store.serialize_cdr(message, connection.msgtype)
            self._writer.write(connection, recorded_ns, data)
        if frame.index + 1 == self._frames:
            self._copy(until_ns=None)

    def _copy(self, until_ns: int | None) -> None:
        while self._next is not None and (until_ns is None or self._next[1] <= until_ns):
            connection, recorded_ns, data = self._next
            self._writer.write(self._copies[connection.id], recorded_ns, data)
            self._next = next(self._rest, None)

    def _copy_of(self, connection: Connection) -> Connection:
        text, digest = connection.msgdef.data, connection.digest
        if connection.msgtype in self._store.fielddefs:  # bags of Humble do not define their types
            text = text or self._store.generate_msgdef(connection.msgtype, ros_version=2)[0]
            digest = digest or self._store.hash_rihs01(connection.msgtype)
        ext: Any = connection.ext
        return self._writer.add_connection(
            connection.topic,
            connection.msgtype,
            msgdef=text,
            rihs01=digest or UNKNOWN_HASH,
            serialization_format=ext.serialization_format,
            offered_qos_profiles=ext.offered_qos_profiles,
        )


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Raises OutputError for errors of SQLite too."""
    with naming(path):
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OSError(
                errno.ENOSPC if 'full' in str(error) else errno.EIO, str(error)
            ) from error
