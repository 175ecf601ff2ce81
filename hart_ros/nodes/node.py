# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""The node `hart`, a managed one: unconfigured, inactive, active; see `Pipeline` for its work.

Configuring loads the network and offers the topics; activating subscribes to the camera;
deactivating keeps the target; cleaning up frees everything, so that other weights can be loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.exceptions import ParameterException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from hart_ros.nodes import diagnostics, parameters
from hart_ros.nodes.pipeline import Pipeline
from hart_ros.nodes.reporting import Reporter
from hart_ros.tracking import WeightsError

SUCCESS = TransitionCallbackReturn.SUCCESS
TOLD = (parameters.ParameterError, ParameterException, WeightsError)  # need no more words


class TrackerNode(LifecycleNode):
    """Parameters, transitions and diagnostics around a `Pipeline`."""

    def __init__(self, name: str = 'hart', **node_options: Any) -> None:
        """Declare the parameters; nothing else is there before the node is configured.

        Args:
            name: of the node.
            node_options: for `rclpy.node.Node`.

        Raises:
            ParameterError: a parameter that the node cannot start with.
        """
        super().__init__(name, **node_options)
        self.failure = ''  # why the last transition failed
        self._starting = False
        self._ended = False
        self._box_is_new = True  # init_box: not tracked yet
        self._report = Reporter(self.get_logger())
        self._pipeline: Pipeline | None = None
        self._values = parameters.declare(self)
        for line in parameters.misspelt(self):
            self._report.warn_always(line)
        parameters.watch(self, self._values, self._is_configured, self._apply)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # goes on while simulated time stands
        self._timer = self.create_timer(1.0, self._publish_diagnostics, clock=steady)
        self._survive_wrong_transitions()

    @property
    def autostart(self) -> bool:
        """Whether nobody else is going to configure and activate it."""
        return self._values['autostart']

    def start(self) -> bool:
        """Configure and activate; return whether it is active now, else `failure` says why not."""
        self._starting = True
        started = self.trigger_configure() == SUCCESS and self.trigger_activate() == SUCCESS
        self._starting = False
        return started

    def close(self) -> None:
        """Free everything, in whatever state it is."""
        if self._pipeline is not None:
            self._pipeline.close()
        self._pipeline = None

    # ---- transitions

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the network, offer topics and services."""
        return self._do('configure', self._configure)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to images and boxes."""
        assert self._pipeline is not None
        done = self._do('activate', self._pipeline.activate)
        self._box_is_new &= done != SUCCESS
        return done

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe; the target is kept."""
        assert self._pipeline is not None
        return self._do('deactivate', self._pipeline.deactivate)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to where nothing is configured."""
        return self._do('clean up', self.close)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End for good; the process waits for its signal."""
        # The timer stays: by it the executor sees within a second that the process is to end.
        self._ended = True
        return self._do('shut down', self.close)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to where nothing is configured, from where it can be tried again."""
        return self._do('clean up', self.close)

    def _configure(self) -> None:
        values = dict(self._values)
        if not self._box_is_new:  # by now it is the place of something else
            values['init_box'] = parameters.NO_BOX
        self._pipeline = Pipeline(self, values, self._report)

    def _do(self, what: str, action: Callable[[], None]) -> TransitionCallbackReturn:
        """Act; what goes wrong is kept and logged, which rclpy would not do."""
        try:
            action()
        except Exception as error:
            told = isinstance(error, TOLD)
            self.failure = str(error) if told else f'{type(error).__name__}: {error}'
            if self.context.ok():  # else it is only that the end has come
                self._log(f'cannot {what}: {self.failure}')
                self._report.trace(error)
            return TransitionCallbackReturn.FAILURE
        self.failure = ''
        return SUCCESS

    def _log(self, failure: str) -> None:
        if self._starting:
            self.get_logger().fatal(failure)
        else:
            self.get_logger().error(failure)

    def _survive_wrong_transitions(self) -> None:
        """Refuse a transition that the state does not have.

        Up to Jazzy rclpy raises then, out of the executor: one wrong request would end the node.
        """
        service = self._service_change_state
        change = service.callback

        def checked(request: Any, response: Any) -> Any:
            try:
                return change(request, response)
            except RuntimeError as error:  # RCLError
                self._report.warn('transition', f'transition refused: {error}')
                response.success = False
                return response

        service.callback = checked

    # ---- parameters and diagnostics

    def _is_configured(self) -> bool:
        return self._pipeline is not None

    def _apply(self, values: Mapping[str, Any]) -> None:
        if self._pipeline is not None:
            self._pipeline.apply(values)
        if 'init_box' in values and (self._pipeline is None or not self._pipeline.active):
            self._box_is_new = True

    def _publish_diagnostics(self) -> None:
        if self._ended:
            return
        name = self.get_fully_qualified_name().lstrip('/')
        if self._pipeline is None:
            status = diagnostics.unconfigured(name, self.failure)
        else:
            status = diagnostics.status(name, *self._pipeline.values())
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)
