# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The thread that reads a source ahead of the player; no ROS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hart_ros.data.source import SourceError, SourceFrame
from hart_ros.nodes.read_ahead import ReadAhead


class Numbers:
    """A source of numbered frames that counts how many were read."""

    name = 'numbers'

    def __init__(self, length: int, fails_at: int | None = None) -> None:
        self.length = length
        self.fails_at = fails_at
        self.read = 0

    def __iter__(self) -> Iterator[SourceFrame]:
        for index in range(self.length):
            if index == self.fails_at:
                raise OSError('the disk is gone')
            self.read += 1
            yield SourceFrame(index, index / 10, np.zeros((2, 2), np.uint8), {})


def wait_for(condition: Callable[[], object]) -> object:
    end = time.monotonic() + 20
    while not (result := condition()):
        assert time.monotonic() < end
        time.sleep(0.002)
    return result


@pytest.fixture
def start() -> Iterator[Callable[..., ReadAhead]]:
    readers = []

    def begin(*args: object, **options: object) -> ReadAhead:
        reader = ReadAhead(*args, **options)  # type: ignore[arg-type]
        readers.append(reader)
        reader.start()
        return reader

    yield begin
    for reader in readers:
        reader.stop()
        assert not reader.is_alive()


def take(reader: ReadAhead, count: int) -> list[int]:
    frames = []
    while len(frames) < count:
        wait_for(lambda: reader.waiting)
        frame = reader.take()
        assert frame is not None
        frames.append(frame.index)
    return frames


def test_all_frames_in_order_then_the_end(start):
    reader = start(Numbers(20))
    assert take(reader, 20) == list(range(20))
    wait_for(lambda: reader.ended)
    assert reader.take() is None


def test_reads_no_further_ahead_than_its_depth(start):
    source = Numbers(1000)
    reader = start(source, depth=4)
    take(reader, 3)
    wait_for(lambda: source.read == 3 + 4 + 1)  # one more is in its hand
    time.sleep(0.05)
    assert source.read == 8


def test_stops_after_so_many_frames(start):
    reader = start(Numbers(20), frames=5)
    assert take(reader, 5) == [0, 1, 2, 3, 4]
    wait_for(lambda: reader.ended)


def test_loops(start):
    reader = start(Numbers(3), loop=True)
    assert take(reader, 8) == [0, 1, 2, 0, 1, 2, 0, 1]
    assert not reader.ended


@pytest.mark.parametrize('taken', [0, 1, 7, 10])
def test_restart_forgets_what_was_read(start, taken):
    reader = start(Numbers(10))
    take(reader, taken)
    reader.restart()
    assert take(reader, 10) == list(range(10))


def test_an_error_comes_after_the_frames_before_it(start):
    reader = start(Numbers(5, fails_at=2))
    assert take(reader, 2) == [0, 1]
    wait_for(lambda: reader.waiting)
    with pytest.raises(SourceError, match='numbers: OSError: the disk is gone'):
        reader.take()


def test_a_source_without_frames_is_an_error(start):
    reader = start(Numbers(0), loop=True)
    wait_for(lambda: reader.waiting)
    with pytest.raises(SourceError, match='no frames'):
        reader.take()
