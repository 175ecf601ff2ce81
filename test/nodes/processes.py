# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""What tests share that start real nodes as processes and talk to them over DDS.

`start_node` starts a node, `peer` is the test's own node. Both live in a DDS domain of this
pytest process alone. Tests wait for conditions with generous time-outs, and never just sleep.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Seconds, for what takes milliseconds on a free machine.
TIMEOUT = float(os.environ.get('HART_TEST_TIMEOUT', '60'))
AGAIN = 10.0  # seconds until what may have been lost is sent again


def again(action: Callable[..., Any]) -> Callable[..., None]:
    """Return a function, to be called often, that runs the action at once and every 10 s."""
    due = -math.inf

    def run(*args: Any) -> None:
        nonlocal due
        if time.monotonic() > due:
            due = time.monotonic() + AGAIN
            action(*args)

    return run


@contextlib.contextmanager
def _own_domain() -> Iterator[int]:
    """Hold a DDS domain id that no other pytest process of this machine holds."""
    for domain in range(1, 101):
        path = Path(tempfile.gettempdir()) / f'hart_ros_domain_{domain}.lock'
        with contextlib.suppress(OSError), path.open('w') as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield domain
            return
    pytest.fail('no free ROS_DOMAIN_ID in 1 to 100')


@pytest.fixture(scope='session')
def ros_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment of all nodes of this pytest process; set in the process itself too."""
    pytest.importorskip('rclpy', reason='needs ROS 2: bash scripts/setup.sh, or source a distro')
    profile = str(ROOT / 'config' / 'fastdds.xml')
    with pytest.MonkeyPatch.context() as patch, _own_domain() as domain:
        patch.setenv('ROS_DOMAIN_ID', str(domain))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        if os.environ.get('ROS_DISTRO') == 'humble':
            patch.setenv('ROS_LOCALHOST_ONLY', '1')
        patch.setenv('ROS_LOG_DIR', str(tmp_path_factory.mktemp('ros_log')))
        patch.setenv('PYTHONUNBUFFERED', '1')
        # rclpy says so where Fast DDS drops a response, see Peer.call: nothing the node prints.
        patch.setenv('PYTHONWARNINGS', 'ignore:failed to send response:RuntimeWarning')
        patch.setenv('PYTHONPATH', str(ROOT), prepend=os.pathsep)
        for name in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'):
            patch.setenv(name, os.environ.get(name, profile))
        yield dict(os.environ)


class NodeProcess:
    """A node in a process of its own, and what it printed so far."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=ROOT,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def output(self) -> str:
        """Everything printed so far."""
        return ''.join(self._lines)

    def wait_for_output(self, pattern: str, timeout: float = TIMEOUT, after: int = 0) -> re.Match:
        """Wait until a pattern is printed, not counting the first `after` characters."""
        end = time.monotonic() + timeout
        while True:
            ended = self.process.poll() is not None
            if ended:
                self._reader.join(5)
            found = re.search(pattern, self.output[after:])
            if found:
                return found
            if ended or time.monotonic() > end:
                state = f'exited with {self.process.returncode}' if ended else 'runs'
                raise AssertionError(f'no {pattern!r}; the node {state}:\n{self.output[-4000:]}')
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT, timeout: float = TIMEOUT) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(how)
        return self.wait(timeout)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Wait for the end and return the exit code."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'the node does not end:\n{self.output[-4000:]}') from None
        self._reader.join(5)
        return code

    def kill(self) -> None:
        """Make sure that nothing is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._lines.extend(self.process.stdout)


@pytest.fixture(scope='session')
def start_node(ros_environment: dict[str, str]) -> Iterator[Callable[..., NodeProcess]]:
    """Return a function that starts `python -m MODULE --ros-args ARGUMENTS...`.

    Named arguments are variables of its environment. A path to a .py file works in place of the
    module. Use it in a `with` statement; whatever still runs at the end of the session is killed.
    """
    with contextlib.ExitStack() as stack:

        def start(module: str, *arguments: str, **variables: str) -> NodeProcess:
            what = [module] if module.endswith('.py') else ['-m', module]
            command = [sys.executable, *what, '--ros-args', *arguments]
            return stack.enter_context(NodeProcess(command, {**ros_environment, **variables}))

        yield start


class Peer:
    """The test's own node. Its callbacks run while it waits, in the test's thread."""

    def __init__(self, node: Any, executor: Any) -> None:
        self.node = node
        self._executor = executor
        self._clients: dict[str, Any] = {}

    def spin_once(self, timeout: float = 0.05) -> None:
        """Let at most one callback run."""
        self._executor.spin_once(timeout_sec=timeout)

    def spin(self, seconds: float) -> None:
        """Receive for a while: to pace a publisher, not to wait for something."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.spin_once(left)

    def wait_for(
        self, condition: Callable[[], Any], timeout: float = TIMEOUT, what: str = ''
    ) -> Any:
        """Receive until the condition returns something true, and return that."""
        end = time.monotonic() + timeout
        while not (result := condition()):
            assert time.monotonic() < end, f'waited {timeout} s in vain for {what or condition}'
            self.spin_once()
        return result

    def collect(self, message_type: Any, topic: str, qos: Any = 1000) -> list:
        """Subscribe; return the list that fills with messages."""
        messages: list = []
        self.node.create_subscription(message_type, topic, messages.append, qos)
        return messages

    def publisher(self, message_type: Any, topic: str, qos: Any = 10, subscribers: int = 1) -> Any:
        """Create a publisher and wait until so many subscribers are matched."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        self.wait_for(
            lambda: publisher.get_subscription_count() >= subscribers, what=f'subscriber of {topic}'
        )
        return publisher

    def client(self, service_type: Any, name: str) -> Any:
        """Return the client of a service, made at the first call and kept."""
        if name not in self._clients:
            self._clients[name] = self.node.create_client(service_type, name)
        return self._clients[name]

    def call(self, service_type: Any, name: str, request: Any = None) -> Any:
        """Call a service and return its response.

        It is called again every 10 s: where it has not found us yet, although we have found it,
        Fast DDS drops its response. A client that was made well before is hardly hit by that.
        """
        client = self.client(service_type, name)
        calls: list[Any] = []
        call = again(lambda: calls.append(client.call_async(request or service_type.Request())))

        def response() -> Any:
            call()
            return next((made for made in calls if made.done()), None)

        self.wait_for(client.service_is_ready, what=f'service {name}')
        return self.wait_for(response, what=f'response of {name}').result()

    def set_parameter(self, node: str, name: str, value: Any) -> Any:
        """Set a parameter of another node; return the SetParametersResult."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        message = Parameter(name, value=value).to_parameter_msg()
        request = SetParameters.Request(parameters=[message])
        return self.call(SetParameters, f'{node}/set_parameters', request).results[0]


@pytest.fixture(scope='session')
def ros_context(ros_environment: dict[str, str]) -> Iterator[Any]:
    """Return the rclpy context of the test process."""
    import rclpy

    context = rclpy.Context()
    rclpy.init(context=context)
    yield context
    rclpy.shutdown(context=context)


@pytest.fixture(scope='session')
def make_peer(ros_context: Any) -> Callable[..., contextlib.AbstractContextManager[Peer]]:
    """Return a function that makes a node of the test's own, for a `with` statement."""
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.node import Node

    @contextlib.contextmanager
    def make(name: str, **node_options: Any) -> Iterator[Peer]:
        node = Node(name, context=ros_context, **node_options)
        executor = SingleThreadedExecutor(context=ros_context)
        executor.add_node(node)
        try:
            yield Peer(node, executor)
        finally:
            executor.shutdown()
            node.destroy_node()

    return make


@pytest.fixture
def peer(make_peer: Callable[..., contextlib.AbstractContextManager[Peer]]) -> Iterator[Peer]:
    """Return a node of the test's own; everything made with it ends with the test."""
    with make_peer('test_peer') as own:
        yield own
