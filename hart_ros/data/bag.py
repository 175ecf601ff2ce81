# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""rosbag2 bags, sqlite3 and MCAP, read without ROS by the package `rosbags`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hart_ros.data import image_message
from hart_ros.data.source import BoxXYWH, SourceError, SourceFrame

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.rosbag2 import Reader

DECODERS = {
    'sensor_msgs/msg/Image': image_message.decode,
    'sensor_msgs/msg/CompressedImage': image_message.decode_compressed,
}
OTHER_TRANSPORTS = ('/compressedDepth', '/theora')  # CompressedImage, but nothing OpenCV reads
STORAGE = ('.mcap', '.db3')
PROBED = 30  # first frames, of whose stamps the rate is taken


@dataclass(frozen=True)
class BagFrame(SourceFrame):
    """A frame, and what its message says besides.

    Attributes:
        stamp_ns: of its header, nanoseconds; when it was recorded, where the camera does not stamp.
        frame_id: of its header.
        recorded_ns: when it was recorded.
    """

    stamp_ns: int
    frame_id: str
    recorded_ns: int


class _Message(NamedTuple):
    recorded_ns: int
    data: bytes


class BagSource:
    """The images of one topic of a bag; raw or compressed. There are no boxes.

    Messages are read in order. Iterating and stepping forwards is cheap; `source[i]` with an
    earlier `i` than last time starts over. The camera matrix is P of the first `camera_info` beside
    the images, where there is one.

    Args:
        path: folder with `metadata.yaml`, or a file .mcap or .db3.
        sequence: the topic; not needed where only one has images.
        fps: overrides the rate that the stamps of the first frames have.

    Raises:
        SourceError: no bag, no such topic, none or several with images (the message lists them),
            or `rosbags` is not installed.
    """

    def __init__(
        self, path: str | Path, sequence: str | None = None, fps: float | None = None
    ) -> None:
        self.path = Path(path)
        self.name = self.path.resolve().stem
        self.track_ids: Sequence[int] = ()
        with open_bag(self.path) as reader:
            images = [c for c in reader.connections if _has_images(c)]
            self.topic = _choose(self.path, images, sequence)
            self._type = next(c.msgtype for c in images if c.topic == self.topic)
            self._length = sum(c.msgcount for c in images if c.topic == self.topic)
            with _named(self.path, 'camera_info'):
                self.camera_matrix = _camera_matrix(reader, self.topic)
        stamps = [self._header(m)[0] for m in islice(self._messages(), PROBED)]
        if not stamps:
            raise SourceError(f'{self.path}: {self.topic} has no messages; choose another topic')
        self._first_ns = stamps[0]
        gaps = [after - before for before, after in pairwise(stamps) if after > before]
        if fps is not None and not 0 < fps < float('inf'):
            raise SourceError(f'{path}: fps is {fps:g}; give a positive number of frames a second')
        self.fps = float(fps or (1e9 / median(gaps) if gaps else 10.0))
        self._ahead: Iterator[tuple[int, _Message]] = iter(())  # of __getitem__
        self._last: BagFrame | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether the storage is sqlite3, not MCAP."""
        files = [self.path] if self.path.is_file() else self.path.iterdir()
        return any('.db3' in file.suffixes for file in files)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> BagFrame:
        """Return one frame; see the class for what that costs."""
        if index < 0:
            index += self._length
        if not 0 <= index < self._length:
            raise IndexError(f'{self.name}: frame {index} of {self._length}')
        if self._last is not None and self._last.index == index:
            return self._last
        if self._last is None or index < self._last.index:
            self._ahead = enumerate(self._messages())
        for number, message in self._ahead:
            if number == index:
                self._last = self._frame(index, message)
                return self._last
        raise SourceError(f'{self.path}: ends before message {index + 1} of {self.topic}')

    def __iter__(self) -> Iterator[BagFrame]:
        """Yield all frames in order, independently of other iterators and of `source[i]`."""
        return (self._frame(index, message) for index, message in enumerate(self._messages()))

    def boxes(self, index: int) -> Mapping[int, BoxXYWH]:
        """Return none: bags hold no ground truth."""
        return {}

    def _messages(self) -> Iterator[_Message]:
        with open_bag(self.path) as reader:
            chosen = [c for c in reader.connections if c.topic == self.topic]
            with _named(self.path, self.topic):
                for _, recorded_ns, data in reader.messages(chosen):
                    yield _Message(recorded_ns, data)

    def _header(self, message: _Message) -> tuple[int, str, Any]:
        """Stamp, frame_id, and the message itself, whose data are not copied."""
        with _named(self.path, self.topic):
            parsed: Any = _store().deserialize_cdr(message.data, self._type)
        stamp = parsed.header.stamp
        stamp_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
        return stamp_ns or message.recorded_ns, parsed.header.frame_id, parsed

    def _frame(self, index: int, message: _Message) -> BagFrame:
        stamp_ns, frame_id, parsed = self._header(message)
        try:
            image = DECODERS[self._type](parsed)
        except image_message.ImageError as error:
            raise SourceError(
                f'{self.path}: message {index + 1} of {self.topic}: {error}'
            ) from error
        if not image.flags.writeable:  # a view of what was read; torch wants its own
            image = image.copy()
        seconds = (stamp_ns - self._first_ns) * 1e-9
        return BagFrame(index, seconds, image, {}, stamp_ns, frame_id, message.recorded_ns)


@contextmanager
def open_bag(path: Path) -> Iterator[Reader]:
    """Open a bag as long as the `with` statement runs.

    Raises:
        SourceError: it cannot be read, or `rosbags` is not installed.
    """
    try:
        from rosbags.rosbag2 import Reader
    except ImportError as error:
        raise SourceError(f'{path}: bags need {error.name}: pip install rosbags') from error
    try:
        reader = Reader(_storage(path))
        reader.open()
    except Exception as error:  # of whatever a damaged file makes of its format
        raise SourceError(
            f'{path}: cannot be read as a bag ({_reason(error)}); ros2 bag reindex may mend it'
        ) from error
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def _named(path: Path, topic: str) -> Iterator[None]:
    """Say of which topic the messages are that cannot be read."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # likewise
        raise SourceError(
            f'{path}: messages of {topic} are damaged ({_reason(error)}); record it again, or '
            'copy it anew'
        ) from error


def _reason(error: Exception) -> str:
    text = ' '.join(f'{type(error).__name__}: {error}'.split())
    return text if len(text) <= 100 else f'{text[:97]}...'


def _storage(path: Path) -> Path:
    """The folder, or its only file where a recording was cut short before metadata.yaml."""
    if path.is_file() or (path / 'metadata.yaml').is_file():
        return path
    files = [file for file in path.iterdir() if file.suffix in STORAGE]
    return files[0] if len(files) == 1 else path


@cache
def _store() -> Any:
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS2_HUMBLE)  # images are the same in all


def _has_images(connection: Connection) -> bool:
    return connection.msgtype in DECODERS and not connection.topic.endswith(OTHER_TRANSPORTS)


def _choose(path: Path, images: Sequence[Connection], sequence: str | None) -> str:
    counts: dict[str, int] = {}
    for connection in images:
        counts[connection.topic] = counts.get(connection.topic, 0) + connection.msgcount
    listed = ', '.join(f'{topic} ({count})' for topic, count in sorted(counts.items()))
    if not counts:
        raise SourceError(f'{path}: no topic has images (sensor_msgs Image or CompressedImage)')
    if sequence:
        topic = '/' + sequence.lstrip('/')
        if topic not in counts:
            raise SourceError(f'{path}: no images on {topic}; there are {listed}')
        return topic
    if len(counts) > 1:
        raise SourceError(f'{path}: several topics have images; choose one as sequence: {listed}')
    return next(iter(counts))


def _camera_matrix(reader: Reader, topic: str) -> np.ndarray | None:
    beside = topic.removesuffix('/compressed').rpartition('/')[0] + '/camera_info'
    found = [
        c for c in reader.connections if c.topic == beside and c.msgtype.endswith('CameraInfo')
    ]
    for connection, _, data in reader.messages(found) if found else ():
        projection = _store().deserialize_cdr(data, connection.msgtype).p.reshape(3, 4)
        return projection.copy() if projection.any() and np.isfinite(projection).all() else None
    return None
