# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The thread that tracks. Needs no ROS."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from hart_ros.nodes.worker import Worker

TIMEOUT = 30.0


class Bench:
    def __init__(self) -> None:
        self.left = 0
        self.done = threading.Event()
        self.errors: list[BaseException] = []
        self.fail = False
        self.worker = Worker(self.work, self.errors.append)

    def work(self) -> bool:
        if self.fail:
            self.fail = False
            raise ValueError('of the work')
        self.left -= 1
        if self.left <= 0:
            self.done.set()
        return self.left > 0


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    if bench.worker.is_alive():
        bench.worker.stop(TIMEOUT)
    assert not bench.worker.is_alive()


def test_it_works_until_there_is_nothing_left(bench: Bench) -> None:
    bench.left = 5
    bench.worker.wake()
    bench.worker.start()
    assert bench.done.wait(TIMEOUT)
    assert bench.left <= 0


def test_all_commands_come_before_the_next_piece_of_work(bench: Bench) -> None:
    bench.left = 1000
    lefts = [bench.worker.submit(lambda: bench.left) for _ in range(5)]
    bench.worker.start()
    assert {future.result(TIMEOUT) for future in lefts} == {1000}


def test_commands_run_in_order_in_its_thread(bench: Bench) -> None:
    order: list[int] = []
    futures = [bench.worker.submit(order.append, i) for i in range(20)]
    name = bench.worker.submit(lambda: threading.current_thread().name)
    bench.worker.start()
    assert name.result(TIMEOUT) == 'tracker'
    assert all(future.done() for future in futures)
    assert order == list(range(20))


def test_errors_end_neither_commands_nor_work(bench: Bench) -> None:
    bench.worker.start()
    failed = bench.worker.submit(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        failed.result(TIMEOUT)
    bench.fail = True
    assert bench.worker.submit(lambda: 'still here').result(TIMEOUT) == 'still here'
    assert bench.worker.submit(lambda: 'and here').result(TIMEOUT) == 'and here'
    assert {type(error) for error in bench.errors} == {ZeroDivisionError, ValueError}
