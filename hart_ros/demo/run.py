# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""One run of the demonstration, from the start of the processes to the files."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import SetBool

from hart_ros.apps.disk import naming
from hart_ros.apps.video import Video, pick_encoder
from hart_ros.demo import report
from hart_ros.demo.pictures import compose, contact_sheet
from hart_ros.demo.processes import NodeProcess
from hart_ros.demo.progress import Progress
from hart_ros.demo.recorder import Record, Recorder

START_WITHIN = 120.0  # seconds: importing torch from a cold disk takes its time
IDLE = 3.0  # seconds without a detection after which the tracker is done
SHEET = 12  # pictures on the contact sheet


class DemoError(RuntimeError):
    """The run cannot go on; the message says why, with a node's last lines."""


class Run:
    """Starts player and tracker, plays, records, reports.

    Args:
        args: of `hart_ros.demo.main.parse`.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._source = args.source
        self._out: Path = args.out
        self._rate = args.rate or self._source.fps
        self._total = min(args.frames or len(self._source), len(self._source))
        self._children: list[NodeProcess] = []
        self._video: Video | None = None
        self._sheet: list[np.ndarray] = []
        self._progress = Progress(self._total)
        self._recorder: Recorder | None = None
        self._interrupted = False

    def run(self) -> int:
        """Do everything; return the exit status."""
        print(
            f'{self._source.name}: {self._total} frames at {self._rate:g} Hz '
            f'(to look inside: export ROS_DOMAIN_ID={os.environ["ROS_DOMAIN_ID"]})'
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)
        status = 0
        try:
            self._start()
            self._play()
        except (DemoError, OSError) as error:
            self._progress.end()
            status = self._fail(error)
        except KeyboardInterrupt:
            self._progress.end()
            print('hart-demo: interrupted', file=sys.stderr)
            status = 130
        finally:
            self._stop()
        try:
            if self._video is not None:
                self._video.close()
            self._report()
        except OSError as error:
            status = status or self._fail(error)
        return status

    @staticmethod
    def _fail(error: Exception) -> int:
        print(f'hart-demo: {error}', file=sys.stderr)
        return 1

    def _interrupt(self, *_: object) -> None:
        # No exception here: in the middle of rclpy it would come out as another one.
        self._interrupted = True

    def _start(self) -> None:
        print('starting tracker and player ...', flush=True)
        for module, arguments in (
            ('hart_ros.nodes.tracker_node', [f'device:={self._args.device}']),
            ('hart_ros.nodes.player_node', self._player_parameters()),
        ):
            pairs = [part for argument in arguments for part in ('-p', argument)]
            log = self._out / f'{module.rpartition(".")[2]}.log'
            self._children.append(NodeProcess(module, pairs, log))
        self._encoder = pick_encoder()  # now: while it plays, every core has its work
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
        self._executor = SingleThreadedExecutor()
        self._recorder = recorder = Recorder(self._progress.show, self._on_picture)
        self._executor.add_node(recorder)
        play = recorder.create_client(SetBool, 'player/play')
        ready = self._spin_until(
            lambda: recorder.is_connected() and play.service_is_ready(), START_WITHIN
        )
        if not ready:
            raise DemoError(f'the nodes are not there after {START_WITHIN:.0f} s\n{self._lines()}')
        play.call_async(SetBool.Request(data=True))

    def _player_parameters(self) -> list[str]:
        args = self._args
        values = {
            'source': json.dumps(args.play),  # ROS reads values as YAML: 0001, '[a] b: c'
            'frames': args.frames,
            'rate': float(args.rate),
            'start_paused': 'true',
            'wait_for_subscribers': 1,
            'exit_at_end': 'true',
        }
        if args.sequence:
            values['sequence'] = json.dumps(args.sequence)
        if args.size:
            values['size'] = 'x'.join(map(str, args.size))
        if args.track is not None:
            values['track_id'] = args.track
        if args.init is not None:
            values['init_box'] = list(args.init)
        return [f'{name}:={value}' for name, value in values.items()]

    def _play(self) -> None:
        tracker, player = self._children
        recorder = self._recorder
        assert recorder is not None
        self._spin_until(lambda: player.status is not None, None)
        if player.status != 0:
            raise DemoError(f'the player ended with status {player.status}\n{player.last_lines}')
        seen, since = -1, time.monotonic()

        def idle() -> bool:
            nonlocal seen, since
            tracked = sum(record.box is not None for record in recorder.records.values())
            if tracked != seen:
                seen, since = tracked, time.monotonic()
            return recorder.is_complete or time.monotonic() - since > IDLE

        self._spin_until(idle, 60.0)
        # The counts come once a second.
        played = len(recorder.records)
        self._spin_until(lambda: int(recorder.diagnostics.get('frames_received', 0)) >= played, 1.5)
        recorder.finish()
        self._progress.end()
        if sum(record.box is not None for record in recorder.records.values()) < 2:
            raise DemoError(f'nothing was tracked\n{tracker.last_lines}')

    def _spin_until(self, condition: Callable[[], bool], seconds: float | None) -> bool:
        """Receive until the condition is true; False when time is up."""
        end = None if seconds is None else time.monotonic() + seconds
        while not condition():
            if self._interrupted:
                raise KeyboardInterrupt
            for child in self._children:
                if child.status is not None and (child.name != 'player_node' or child.status):
                    raise DemoError(
                        f'{child.name} ended with status {child.status}\n{child.last_lines}'
                    )
            if end is not None and time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True

    def _on_picture(self, record: Record, debug: np.ndarray, glimpse: np.ndarray | None) -> None:
        picture = compose(debug, glimpse, record)
        if self._video is None:
            size = (picture.shape[1], picture.shape[0])
            self._video = Video(self._out / 'demo.mp4', self._rate, size, self._encoder)
            self._first = record.index
        # A frame that was not tracked shows the picture before it, so that time runs as it did.
        times = max(1, record.index - self._first + 1 - self._video.frames)
        self._video.write(picture, times)
        if len(self._sheet) * self._total <= record.index * SHEET and len(self._sheet) < SHEET:
            self._sheet.append(picture)

    def _stop(self) -> None:
        for child in reversed(self._children):
            child.stop()
        if self._recorder is not None:
            self._recorder.destroy_node()
        rclpy.try_shutdown()

    def _report(self) -> None:
        """Write and say what there is. Raises OSError."""
        if self._recorder is None or not self._recorder.records:
            return
        files = []
        if self._video is not None:
            files.append(f'{self._video.path}  {self._video.codec}')
        if self._sheet:
            sheet = self._out / 'contact_sheet.png'
            png = cv2.imencode('.png', contact_sheet(self._sheet))[1]
            with naming(sheet):
                sheet.write_bytes(png.tobytes())
            files.append(str(sheet))
        summary = report.summarise(self._recorder)
        data = {
            'source': str(self._args.play),
            'name': self._source.name,
            'sequence': self._args.sequence,
            'track': self._args.track,
            'init_xywh': self._args.init,
            'frames': self._total,
            'rate_hz': self._rate,
        }
        result = self._out / 'result.json'
        with naming(result):
            report.write_json(result, self._recorder, summary, data)
        files.append(str(result))
        print(report.describe(summary, files))

    def _lines(self) -> str:
        return '\n'.join(f'{child.name}:\n{child.last_lines}' for child in self._children)
