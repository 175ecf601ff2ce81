# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The processes of the node's benchmark, and what is done with them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import rclpy

from hart_ros.data.synthetic import SyntheticDrive
from hart_ros.demo.processes import NodeProcess

from .node_camera import Camera, Film, wait_for
from .node_report import Block, RateResult, Start, result_of

SIZE = (1242, 375)  # width, height: a frame of KITTI
FRAMES = 40
TRACKER = 'hart_ros.nodes.tracker_node'
PASS_THROUGH = 'hart_ros.benchmark.node_pass_through'
START_WITHIN = 120.0  # seconds: importing torch from a cold disk takes its time
SETTLE = 1.5  # seconds after which the node has adapted to our quality of service


class BenchmarkError(RuntimeError):
    """The run cannot go on; the message says why, with a node's last lines."""


class Bench(contextlib.ExitStack):
    """One film, and the nodes that it is shown to. Use it in a `with` statement.

    Args:
        reliable: how the cameras publish.
        logs: folder for what the nodes print.
    """

    def __init__(self, reliable: bool, logs: Path) -> None:
        super().__init__()
        self._reliable = reliable
        self._logs = logs
        self._film = Film(SyntheticDrive(frames=FRAMES, size=SIZE), FRAMES)
        self._context = rclpy.Context()
        rclpy.init(args=[], context=self._context)
        self.callback(rclpy.shutdown, context=self._context)
        self.description = {
            'rmw': rclpy.get_rmw_implementation_identifier(),
            'image': f'{SIZE[0]}x{SIZE[1]} bgr8',
            'reliability': 'reliable' if reliable else 'best effort',
        }

    def start(self) -> Start:
        """Start the tracker while the camera runs at 30 Hz; return when it did what."""
        with self._camera('start') as camera:
            began = time.monotonic()
            with self._node(TRACKER, camera) as process:
                subscribed: list[float] = []

                def is_over() -> bool:
                    if not subscribed and camera.is_connected():
                        subscribed.append(time.monotonic())
                    self._check(process, time.monotonic() - began < START_WITHIN)
                    return bool(camera.answers.answered)

                answers = camera.publish(30.0, is_over)
                first = min(answers.answered.values())
                return Start(min(subscribed[0], first) - began, first - began)

    def compare(self, rates: Sequence[float], rounds: int, seconds: float) -> list[RateResult]:
        """Show both nodes the same film, in turns, so that a busy machine is busy for both."""
        with contextlib.ExitStack() as stack:
            nodes = {}
            for module, name in ((PASS_THROUGH, 'pass_through'), (TRACKER, 'tracker')):
                camera = stack.enter_context(self._camera(name))
                process = stack.enter_context(self._node(module, camera))
                self._check(process, wait_for(camera.is_connected, START_WITHIN))
                nodes[module] = (camera, process)
            time.sleep(SETTLE)
            for camera, process in nodes.values():  # the box's frame, and what warms up
                self._check(process, bool(camera.block(10.0, 10).answered))
            results = []
            for rate in rates:
                blocks: dict[str, list[Block]] = {module: [] for module in nodes}
                for _ in range(rounds):
                    for module, (camera, process) in nodes.items():
                        blocks[module].append(_measure(camera, process, rate, seconds))
                results.append(result_of(rate, blocks[TRACKER], blocks[PASS_THROUGH]))
            return results

    @contextlib.contextmanager
    def _camera(self, name: str) -> Iterator[Camera]:
        camera = Camera(name, self._film, self._reliable, self._context)
        try:
            yield camera
        finally:
            camera.close()

    @contextlib.contextmanager
    def _node(self, module: str, camera: Camera) -> Iterator[NodeProcess]:
        box = ', '.join(f'{value:.1f}' for value in self._film.box_xywh)
        arguments = ['-r', f'__ns:=/{camera.name}', '-p', f'init_box:=[{box}]']
        process = NodeProcess(module, arguments, self._logs / f'{camera.name}.log')
        try:
            yield process
        finally:
            process.stop()

    @staticmethod
    def _check(process: NodeProcess, is_fine: bool) -> None:
        if process.status is not None:
            raise BenchmarkError(f'{process.name} ended\n{process.last_lines}')
        if not is_fine:
            raise BenchmarkError(f'{process.name} does not answer\n{process.last_lines}')


def _measure(camera: Camera, process: NodeProcess, rate: float, seconds: float) -> Block:
    cpu_before, began = cpu_seconds(process.pid), time.monotonic()
    answers = camera.block(rate, max(round(rate * seconds), 1))
    cpu, took = cpu_seconds(process.pid), time.monotonic() - began
    step = None
    if camera.name == 'tracker':  # its figures are those of the last 5 seconds: of this block
        step_ms = camera.next_status().get('step_ms')
        step = float(step_ms) / 1e3 if step_ms else None
    share = (cpu - cpu_before) / took if cpu is not None and cpu_before is not None else None
    return Block(answers.latencies(), len(answers.published), share, step)


def cpu_seconds(pid: int) -> float | None:
    """User and system time of a process; None where there is no /proc."""
    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
