# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The node `player`: a recorded or synthetic sequence in place of a camera."""

from __future__ import annotations

import enum

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger

from hart_ros.data.parsing import source_options
from hart_ros.data.source import open_source
from hart_ros.nodes.parameters import misspelt
from hart_ros.nodes.player_outputs import Outputs
from hart_ros.nodes.player_parameters import check_rate, declare
from hart_ros.nodes.read_ahead import ReadAhead

POLL = 0.1  # seconds between looks at who subscribes
SETTLE = 10  # looks in a row that must find them: a tracker may subscribe anew to suit the player


class State(enum.Enum):
    """What the player does."""

    WAITING = 'waiting for subscribers'
    PLAYING = 'playing'
    PAUSED = 'paused'
    ENDED = 'at the end'


class PlayerNode(Node):
    """Publishes the frames of a source at a steady rate.

    `finished` is done when there is nothing left to do, with an exception if that was an error.
    """

    def __init__(self) -> None:
        super().__init__('player')
        self.finished: Future = Future()
        self._settings = given = declare(self)
        for line in misspelt(self):
            self.get_logger().warning(line)
        options = source_options(given.source, given.sequence, given.size, given.frames)
        self._source = open_source(given.source, **options)
        self._outputs = Outputs(self, self._source, given)
        self._reader = ReadAhead(self._source, given.frames, given.loop)
        self._played = 0  # frames since the last start
        self._looks = 0  # in a row that found all subscribers
        # Steady: sim time stands still until the player itself makes it go on.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._started = self._steady.now()
        period = 1 / (self._settings.rate or self._source.fps)
        self._watch = self.create_timer(POLL, self._look_for_subscribers, clock=self._steady)
        self._tick = self.create_timer(period, self._next_frame, clock=self._steady)
        self.create_service(SetBool, '~/play', self._on_play)
        self.create_service(Trigger, '~/restart', self._on_restart)
        self.add_on_set_parameters_callback(self._on_parameters)
        self._announce()
        self._change_to(State.PAUSED if self._settings.start_paused else State.WAITING)
        self._reader.start()

    def close(self) -> None:
        """Stop reading; after the last frame, see that it arrives."""
        self._reader.stop()
        if self._state is State.ENDED and rclpy.ok():
            self._outputs.flush()

    def _announce(self) -> None:
        frames = min(self._settings.frames or len(self._source), len(self._source))
        image, init, target = self._outputs.image, self._outputs.init, self._outputs.target
        log = self.get_logger()
        log.info(f'{self._source.name}: {frames} frames at {self._rate:g} Hz on {image.topic_name}')
        if init is not None and target is not None:
            log.info(f'box {target.name} of frame {target.index + 1} goes to {init.topic_name}')
        elif target is None:
            log.info('no box is known: send one to the tracker, or set init_box to [x, y, w, h]')
        if self._settings.start_paused:
            log.info('paused: call ~/play with data: true')

    @property
    def _rate(self) -> float:
        return 1e9 / self._tick.timer_period_ns

    # ---- from state to state

    def _change_to(self, state: State) -> None:
        self._state = state
        self._looks = 0
        for timer, runs in (
            (self._watch, state is State.WAITING),
            (self._tick, state is State.PLAYING),
        ):
            if runs:
                timer.reset()
            else:
                timer.cancel()

    def _look_for_subscribers(self) -> None:
        wanted = self._settings.wait_for_subscribers
        missing = self._outputs.missing_subscribers(wanted)
        if missing:
            self._looks = 0
            self.get_logger().info(f'waiting for {missing}', throttle_duration_sec=5.0)
            return
        self._looks += 1
        if self._reader.waiting and self._looks >= (SETTLE if wanted else 1):
            self._started = self._steady.now()
            self._change_to(State.PLAYING)
            self._next_frame()

    def _next_frame(self) -> None:
        try:
            frame = self._reader.take()
            if frame is not None:
                self._outputs.publish(frame)
                self._played += 1
        except Exception as error:
            self._tick.cancel()
            if rclpy.ok():  # otherwise Ctrl-C took the publishers away
                self.finished.set_exception(error)
            return
        if frame is None and self._reader.ended:
            self._end()
        elif frame is None:
            self.get_logger().warning(
                f'the source is slower than {self._rate:g} Hz, frames come late: lower `rate`',
                throttle_duration_sec=5.0,
            )

    def _end(self) -> None:
        self._change_to(State.ENDED)
        seconds = (self._steady.now() - self._started).nanoseconds * 1e-9
        report = f'end of {self._source.name}: {self._played} frames in {seconds:.1f} s'
        if self._settings.exit_at_end:
            self.get_logger().info(report)
            self.finished.set_result(None)
        else:
            self.get_logger().info(f'{report}; ~/restart plays it again')

    # ---- services and parameters

    def _on_play(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.success = self._state is not State.ENDED
        if request.data and self._state is State.PAUSED:
            self._change_to(State.PLAYING if self._played else State.WAITING)
        elif not request.data and self._state is not State.ENDED:
            self._change_to(State.PAUSED)
        response.message = self._state.value + ('' if response.success else ': call ~/restart')
        return response

    def _on_restart(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._reader.restart()
        self._played = 0
        self._change_to(State.WAITING)
        response.success, response.message = True, f'{self._source.name} plays from the start'
        return response

    def _on_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        values = {parameter.name: parameter.value for parameter in parameters}
        if 'rate' in values:
            try:
                rate = check_rate(values['rate']) or self._source.fps
            except ValueError as error:
                return SetParametersResult(successful=False, reason=str(error))
            self._tick.timer_period_ns = round(1e9 / rate)
        if 'loop' in values:
            self._reader.loop = values['loop']
        return SetParametersResult(successful=True)
