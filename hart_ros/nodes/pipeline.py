# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""All that a configured node has: the network, the target, its topics and services.

Two threads. The executor's only receives and answers: images go into the frame buffer, boxes and
service calls to the worker. The worker's thread alone tracks, owns the target, and publishes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Detection2D, Detection2DArray

from hart_ros.nodes import cv_bridge_support, diagnostics, image_codec, messages, parameters
from hart_ros.nodes.frame_buffer import FrameBuffer, FrameCounts
from hart_ros.nodes.inputs import Inputs
from hart_ros.nodes.intake import Intake
from hart_ros.nodes.keeper import Keeper
from hart_ros.nodes.outputs import Outputs
from hart_ros.nodes.reporting import Reporter
from hart_ros.nodes.session import Session
from hart_ros.nodes.target import BoxRequest, Result
from hart_ros.nodes.worker import Worker
from hart_ros.tracking import HartTracker, InvalidBoxError
from hart_ros.tracking.target_state import Limits

ANSWER_WITHIN = 2.0  # seconds that a service call waits for the frame at hand
END_WITHIN = 1.5  # seconds that the end waits for it
WRITE_WITHIN = 0.3  # seconds that the end waits for a disk
LIMITS = [field.name for field in fields(Limits)]


class Pipeline:
    """Topics and services around one `Session`. Images come while it is active."""

    def __init__(self, node: Node, values: Mapping[str, Any], report: Reporter) -> None:
        """Load the network, and offer the topics and services.

        Args:
            node: whose they are.
            values: of all parameters, checked.
            report: for what users should know.

        Raises:
            ParameterError: a parameter that the node cannot work with.
            WeightsError: the weights cannot be used.
        """
        self.report = report
        self._node = node
        self._inputs: Inputs | None = None  # while it is active
        self._transport = values['image_transport']
        self._last_image = -math.inf
        self._losses_said = False
        self._limits = Limits()
        self._meter = diagnostics.Meter()
        self._tracker = _load_tracker(values)
        self._keeper = self._make_keeper(values)

        compressed = self._transport == 'compressed'
        self._counts = FrameCounts()
        self._buffer = FrameBuffer(
            values['buffer_seconds'], values['buffer_megabytes'], self._counts
        )
        self._intake = Intake(
            image_codec.check_compressed if compressed else image_codec.check,
            self._buffer,
            self._counts,
            self.report,
        )
        self._outputs = Outputs(node, values['debug_image_width'], values['glimpse_height'], report)
        self._session = Session(
            self._tracker,
            image_codec.decode_compressed if compressed else image_codec.decode,
            self._buffer,
            self._counts,
            self._publish,
            self._outputs.publish_state,
            self.report,
            self._keeper,
        )
        self._services = [
            node.create_service(Trigger, '~/reset', self._reset),
            node.create_service(SetBool, '~/enable', self._enable),
        ]
        self._worker = Worker(self._session.work, self._worker_failed)
        self.apply(values, default_box=True)
        if self._keeper is not None:
            self._keeper.start()
        self._worker.start()

    @property
    def active(self) -> bool:
        """Whether it listens."""
        return self._inputs is not None

    def activate(self) -> None:
        """Subscribe.

        Raises:
            ParameterError: a quality of service that there is not; nothing is subscribed then.
        """
        self._inputs = Inputs(
            self._node,
            self._transport,
            self._receive_image,
            self._receive_box,
            self._receive_boxes,
            self.report,
        )
        self._last_image = -math.inf
        self._ask(self._session.activate, True)
        self._node.get_logger().info(
            f'images from {self._inputs.images.topic}, boxes from {self._inputs.box_topic}; '
            f'{self._device()}; images are converted by {cv_bridge_support.describe()}'
        )

    def deactivate(self) -> None:
        """Unsubscribe; nothing is published any more. The target is kept."""
        self._unsubscribe()
        self._ask(self._session.activate, False)

    def close(self) -> None:
        """End the worker's thread, take all topics and services away."""
        self._unsubscribe()
        self._worker.stop(END_WITHIN)
        for service in self._services:
            self._node.destroy_service(service)
        self._services.clear()
        self._outputs.close()
        if self._keeper is not None:
            self._keeper.close(self._session.targets.all, WRITE_WITHIN)

    def _unsubscribe(self) -> None:
        if self._inputs is not None:
            self._inputs.close()
        self._inputs = None

    # ---- the executor's thread

    def _receive_image(self, msg: Any) -> None:
        self._last_image = time.monotonic()
        if self._intake.receive(msg):
            self._worker.wake()

    def _receive_box(self, msg: Detection2D) -> None:
        try:
            request = messages.to_request(msg, self._buffer.last_number)
        except InvalidBoxError as error:
            self._worker.submit(self._session.waiting.refuse, str(error))
            return
        self._worker.submit(self._session.request, request)

    def _receive_boxes(self, msg: Detection2DArray) -> None:
        requests = []
        for request in messages.to_requests(msg, self._buffer.last_number):
            if isinstance(request, str):
                self._worker.submit(self._session.waiting.refuse, request)
            else:
                requests.append(request)
        self._worker.submit(self._session.request, *requests)  # together: they may share a frame

    def _reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = self._ask(self._session.reset)
        if self._keeper is not None:
            self._keeper.flush(ANSWER_WITHIN)  # so that it holds even for a node that is killed
        return response

    def _enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._intake.enabled = request.data
        response.success, response.message = self._ask(self._session.enable, request.data)
        return response

    def _ask(self, command: Any, *args: Any) -> tuple[bool, str]:
        future = self._worker.submit(command, *args)
        try:
            return True, future.result(ANSWER_WITHIN)
        except FutureTimeoutError:
            return True, 'will be done after the frame at hand'

    def apply(self, values: Mapping[str, Any], default_box: bool = False) -> None:
        """Put checked parameters into effect; a default box only where no target is resumed."""
        session, outputs = self._session, self._outputs
        waiting, targets = session.waiting, session.targets
        if 'buffer_seconds' in values or 'buffer_megabytes' in values:
            self._buffer.resize(values.get('buffer_seconds'), values.get('buffer_megabytes'))
        waiting.buffer_seconds = values.get('buffer_seconds', waiting.buffer_seconds)
        waiting.stamp_tolerance = values.get('stamp_tolerance', waiting.stamp_tolerance)
        targets.most = values.get('max_targets', targets.most)
        outputs.debug_image_width = values.get('debug_image_width', outputs.debug_image_width)
        outputs.glimpse_height = values.get('glimpse_height', outputs.glimpse_height)
        limits = {name: values[name] for name in LIMITS if name in values}
        if limits:
            self._limits = replace(self._limits, **limits)
            self._worker.submit(targets.set_limits, self._limits)
        if 'trail_length' in values:
            self._worker.submit(targets.set_trail_length, values['trail_length'])
        box = parameters.as_box(values['init_box']) if 'init_box' in values else None
        if box is not None:
            number = self._buffer.last_number
            request = BoxRequest(box, after_number=number, default=default_box)
            self._worker.submit(session.request, request)

    def values(self) -> tuple[diagnostics.Condition, dict[str, str]]:
        """Return how it is, and its figures as text."""
        session, counts = self._session, self._counts.snapshot()
        single, waiting = session.targets.single, session.waiting
        condition = self._condition()
        share = condition.lost_share
        return condition, {
            'target_id': single.target_id if single else '',
            'score': f'{single.score:.3f}' if single else '',
            **diagnostics.target_values(session.targets.all),
            **self._meter.values(),
            **diagnostics.frame_values(counts),
            'frames_buffered': str(len(self._buffer)),
            'lost_on_the_way': '' if share is None else f'{share:.0%}',
            'last_init': waiting.last,
            'waiting_box': '; '.join(waiting.describe()),
            'image_topic': condition.topic,
            'image_publishers': str(condition.publishers),
            'image_reliability': condition.reliability,
            'restored': self._keeper.said if self._keeper else '',
            'device': self._device(),
            'converter': cv_bridge_support.describe(),
        }

    def _condition(self) -> diagnostics.Condition:
        targets, images = self._session.targets, self._inputs.images if self._inputs else None
        share = self._intake.stamps.lost_share()
        losing = share is not None and share > diagnostics.LOST_SHARE
        if share is not None and losing and not self._losses_said:
            self.report.warn('losses', diagnostics.frames_lost(share))
        self._losses_said = losing
        return diagnostics.Condition(
            active=images is not None,
            enabled=self._session.enabled,
            topic=images.topic if images else '',
            publishers=images.publishers if images else 0,
            reliability=images.reliability.name.lower() if images else '',
            silence=time.monotonic() - self._last_image,
            state=targets.state,
            score=min((target.score for target in targets.shown), default=0.0),
            lost_share=share,
            failure=self._session.failure,
            problem=(self._keeper.problem if self._keeper else '')
            or self.report.last_problem(diagnostics.RECENT),
        )

    def _make_keeper(self, values: Mapping[str, Any]) -> Keeper | None:
        if not values['restore_state']:
            return None
        path = Path(values['restore_state']).expanduser()
        max_age = values['restore_max_age']
        return Keeper(path, max_age, self._tracker, self.report, self._worker_failed)

    # ---- the worker's thread

    def _publish(self, result: Result) -> None:
        if not self._node.context.ok():
            return
        self._outputs.publish(result)
        if result.live:
            latency = time.monotonic() - result.frame.received
            self._meter.note(result.step_s, latency, self._age(result.frame.stamp_ns))

    def _device(self) -> str:
        return f'{self._tracker.device} ({self._tracker.backend})'

    def _age(self, stamp_ns: int) -> float:
        """Return the seconds since a stamp, or NaN where the camera's clock is not ours."""
        age = (self._node.get_clock().now().nanoseconds - stamp_ns) / 1e9
        return age if stamp_ns and 0 <= age < 60 else math.nan

    def _worker_failed(self, error: BaseException) -> None:
        if self._node.context.ok():  # else it is only that nothing can be published any more
            self.report.error(type(error).__name__, f'{type(error).__name__}: {error}', error)


def _load_tracker(values: Mapping[str, Any]) -> HartTracker:
    weights = Path(values['weights']).expanduser() if values['weights'] else None
    try:
        tracker = HartTracker(weights, values['device'], values['threads'], values['backend'])
    except ValueError as error:
        raise parameters.ParameterError(str(error)) from error
    # The first steps take much longer than the others: not while a target moves away.
    frame = np.zeros((48, 64, 3), np.uint8)
    state = tracker.init(frame, (16.0, 16.0, 32.0, 16.0))
    tracker.update(frame, state)
    return tracker
