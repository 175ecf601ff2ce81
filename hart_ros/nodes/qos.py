# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""Topics that find the right quality of service, or say which setting would."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)
from rclpy.qos_overriding_options import (
    InvalidQosOverridesError,
    QosCallbackResult,
    QoSOverridingOptions,
)
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from hart_ros.nodes.parameters import ParameterError
from hart_ros.nodes.reporting import Reporter

try:
    from rclpy.event_handler import (
        PublisherEventCallbacks,
        SubscriptionEventCallbacks,
        UnsupportedEventTypeError,
    )
except ImportError:  # Humble
    from rclpy.qos_event import (
        PublisherEventCallbacks,
        SubscriptionEventCallbacks,
        UnsupportedEventTypeError,
    )

ALL_POLICIES = (
    QoSPolicyKind.HISTORY,
    QoSPolicyKind.DEPTH,
    QoSPolicyKind.DURABILITY,
    QoSPolicyKind.RELIABILITY,
)
PATIENCE = 5.0  # seconds in which a camera may still be starting
IMAGE_DEPTH = 5  # shallow: the frame buffer keeps what has to be kept
TYPE_NAMES = {Image: 'sensor_msgs/msg/Image', CompressedImage: 'sensor_msgs/msg/CompressedImage'}


def setting(topic: str, policy: str, side: str = 'subscription') -> str:
    """Return the name of the parameter that sets a policy of our subscription or publisher."""
    return f'qos_overrides.{topic}.{side}.{policy}'


def overridable(policies: tuple[QoSPolicyKind, ...]) -> QoSOverridingOptions:
    """Return the option that lets users override these policies by parameter, within reason."""

    def check(qos: QoSProfile) -> QosCallbackResult:
        if qos.depth < 0:
            return QosCallbackResult(successful=False, reason=f'depth: {qos.depth} is negative')
        return QosCallbackResult(successful=True)

    return QoSOverridingOptions(policies, callback=check)


@contextlib.contextmanager
def override_errors() -> Iterator[None]:
    """Turn what rclpy raises for an override that is no such policy into `ParameterError`."""
    try:
        yield
    except InvalidQosOverridesError as error:
        raise ParameterError(f'qos_overrides: {error}') from error
    except RuntimeError as error:
        if 'override' not in str(error):
            raise
        raise ParameterError(f'qos_overrides: {error}') from error


def subscribe(
    node: Node,
    message_type: Any,
    topic: str,
    callback: Callable[[Any], None],
    qos: QoSProfile,
    policies: tuple[QoSPolicyKind, ...],
    mismatch: Callable[[str], None],
) -> Subscription:
    """Subscribe with policies that users may override by parameter.

    Args:
        topic: relative, private or absolute name.
        qos: as long as no parameter says something else; it is changed to what applies.
        policies: those that may be overridden.
        mismatch: called with the policy's name when a publisher cannot be matched.

    Raises:
        ParameterError: an override that is no such policy.
    """
    options = overridable(policies)
    create = partial(
        node.create_subscription,
        message_type,
        topic,
        callback,
        qos,
        qos_overriding_options=options,
    )
    return _with_events(create, SubscriptionEventCallbacks, mismatch)


def advertise(
    node: Node, message_type: Any, topic: str, qos: QoSProfile, mismatch: Callable[[str], None]
) -> Publisher:
    """Publish, with policies that users may override by parameter; arguments as of `subscribe`.

    Raises:
        ParameterError: an override that is no such policy.
    """
    options = overridable(ALL_POLICIES)
    create = partial(
        node.create_publisher, message_type, topic, qos, qos_overriding_options=options
    )
    return _with_events(create, PublisherEventCallbacks, mismatch)


def _with_events(create: Callable[..., Any], events: Any, mismatch: Callable[[str], None]) -> Any:
    def incompatible(event: Any) -> None:
        mismatch(qos_policy_name_from_kind(event.last_policy_kind).lower())

    with override_errors():
        try:
            return create(event_callbacks=events(incompatible_qos=incompatible))
        except UnsupportedEventTypeError:  # some middlewares match everything, or do not tell
            return create()


def explain_mismatch(topic: str, policy: str) -> str:
    """Return what to tell users when a publisher of `topic` cannot be matched."""
    least = {'reliability': 'best_effort', 'durability': 'volatile'}
    return (
        f'a publisher on {topic} offers another {policy} than is asked for: nothing comes from it; '
        f'set {setting(topic, policy)} to {least.get(policy, "what the publisher offers")} '
        f'and start this node again (see ros2 topic info -v {topic})'
    )


def explain_refusal(topic: str, policy: str) -> str:
    """Return what to tell users when a subscriber of `topic` cannot be matched."""
    most = {'reliability': 'reliable', 'durability': 'transient_local'}
    return (
        f'a subscriber of {topic} asks for another {policy} than is offered: it gets nothing; set '
        f'{setting(topic, policy, "publisher")} to {most.get(policy, "what it asks for")} and '
        f'start this node again, or let it ask for less (see ros2 topic info -v {topic})'
    )


class ImageSubscription:
    """The camera's topic, subscribed as reliably as all its publishers are."""

    def __init__(
        self, node: Node, transport: str, receive: Callable[[Any], None], report: Reporter
    ) -> None:
        self._node, self._receive, self._report = node, receive, report
        self._type = CompressedImage if transport == 'compressed' else Image
        self.topic = node.resolve_topic_name('image')
        if transport == 'compressed' and not self.topic.endswith('/compressed'):
            self.topic += '/compressed'
        name = setting(self.topic, 'reliability')
        self._override = _declare_reliability(node, name)
        self.reliability = self._override or ReliabilityPolicy.BEST_EFFORT
        self.publishers = 0
        self._said = ''
        self._began = time.monotonic()
        self._subscription = self._subscribe()

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def poll(self) -> None:
        """Look at the publishers; call it about twice a second."""
        found = self._node.get_publishers_info_by_topic(self.topic)
        ours = [info for info in found if info.topic_type == TYPE_NAMES[self._type]]
        self.publishers = len(ours)
        self._say(self._what_is_wrong([info.topic_type for info in found]))
        if self._override is not None or not ours:
            return
        reliable = all(i.qos_profile.reliability == ReliabilityPolicy.RELIABLE for i in ours)
        wanted = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        if wanted != self.reliability:
            self.reliability = wanted
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._subscribe()
            self._report.info(f'{self.topic}: subscribed {wanted.name.lower()}, as it is published')

    def _subscribe(self) -> Subscription:
        qos = QoSProfile(depth=IMAGE_DEPTH, reliability=self.reliability)
        policies = tuple(p for p in ALL_POLICIES if p != QoSPolicyKind.RELIABILITY)
        return subscribe(
            self._node, self._type, self.topic, self._receive, qos, policies, self._mismatch
        )

    def _mismatch(self, policy: str) -> None:
        if policy == 'reliability' and self._override is None:
            return  # the next poll adapts to it
        self._report.warn(f'QoS {self.topic}', explain_mismatch(self.topic, policy))

    def _what_is_wrong(self, types: list[str]) -> str:
        expected = TYPE_NAMES[self._type]
        if any(name != expected for name in types):
            others = ', '.join(sorted({name for name in types if name != expected}))
            return (
                f'{self.topic} is published as {others}, not {expected}; remap `image`, or set '
                'image_transport'
            )
        compressed = f'{self.topic}/compressed'
        if self._type is Image and not types and self._node.count_publishers(compressed):
            return (
                f'nobody publishes {self.topic}, but {compressed} is there; set image_transport '
                'to compressed'
            )
        if not types and time.monotonic() - self._began > PATIENCE:
            return (
                f'nobody publishes {self.topic}; start the camera, or remap `image` to its topic '
                '(ros2 topic list)'
            )
        return ''

    def _say(self, problem: str) -> None:
        if problem and problem != self._said:
            self._report.warn(problem, problem)  # said once, so not to be throttled
        self._said = problem


def _declare_reliability(node: Node, name: str) -> ReliabilityPolicy | None:
    """Declare the override under ROS's usual name, with `auto` besides ROS's values."""
    from rcl_interfaces.msg import ParameterDescriptor

    values = ('auto', 'reliable', 'best_effort', 'system_default')
    descriptor = ParameterDescriptor(
        description='auto: reliable if all publishers are, else best effort',
        additional_constraints='one of ' + ', '.join(values),
        read_only=True,
    )
    if not node.has_parameter(name):  # from the last time it was subscribed
        node.declare_parameter(name, 'auto', descriptor)
    value = node.get_parameter(name).value
    if value not in values:
        raise ParameterError(f'{name}: {value!r} is none of {", ".join(values)}')
    return None if value == 'auto' else ReliabilityPolicy[value.upper()]
