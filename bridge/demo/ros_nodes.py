"""The demo's ends as real ROS nodes, in whatever RMW the environment names.

The domain comes from ROS_DOMAIN_ID. rclpy offers no types that hold for every distribution, so its
objects are ``Any``.
"""

from __future__ import annotations

import array
import os
import threading
from collections.abc import Callable
from typing import Any

import rclpy
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import get_rmw_implementation_identifier
from sensor_msgs.msg import Image, PointCloud2, PointField
from std_msgs.msg import String

from bridge.demo.conversion import Classes, Converter
from bridge.demo.lines import TopicType
from bridge.demo.messages import TOPICS, Garbled, Payload, Topic
from bridge.demo.nodes import Lights, Receive
from bridge.demo.ros_calls import RosCalls, RosServing

try:
    from tf2_msgs.msg import TFMessage
except ImportError:  # not among the ROS packages on PyPI
    TFMessage = None

_SPIN_S = 0.2


def _octets(data: bytes) -> Any:
    return array.array("B", data)  # every other sequence is checked byte by byte


CONVERTER = Converter(
    Classes(
        text=String,
        odometry=Odometry,
        image=Image,
        cloud=PointCloud2,
        cloud_field=PointField,
        transform_stamped=TransformStamped,
        tf_message=TFMessage,
        octets=_octets,
    )
)


class _Node:
    """A node in a context of its own, whatever else the process does with rclpy."""

    def __init__(self, name: str) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node(
            name, namespace="/zenlink_demo", context=self._context, start_parameter_services=False
        )
        self.details = _details()
        self.types = tuple(
            TopicType(topic=topic.name, ros_type=CONVERTER.ros_type(topic.kind)) for topic in TOPICS
        )

    def close(self) -> None:
        """Leave the domain."""
        if self._context.ok():
            self._node.destroy_node()
            self._context.try_shutdown()


class RosRobot(_Node):
    """A node with a publisher for every topic."""

    def __init__(self) -> None:
        super().__init__("robot")
        self._publishers = {
            topic.name: self._node.create_publisher(
                CONVERTER.message_class(topic.kind), topic.name, _qos(topic)
            )
            for topic in TOPICS
        }

        self._serving: RosServing | None = None

    def publish(self, topic: Topic, payload: Payload) -> None:
        """Send one message."""
        self._publishers[topic.name].publish(CONVERTER.write(topic.kind, payload))

    def serve(self, lights: Lights) -> None:
        """Offer the service and the action."""
        self._serving = RosServing(self._node, self._context, lights)

    def close(self) -> None:
        """Leave the domain."""
        if self._serving is not None:
            self._serving.close()
            self._serving = None
        super().close()


class RosStation(_Node):
    """A node with a subscription for every topic."""

    def __init__(self) -> None:
        super().__init__("station")
        self._receive: Receive | None = None
        self.calls = RosCalls(self._node)
        for topic in TOPICS:
            self._node.create_subscription(
                CONVERTER.message_class(topic.kind), topic.name, self._taker(topic), _qos(topic)
            )

    def run(self, receive: Receive, stop: threading.Event) -> None:
        """Hand over messages until `stop` is set."""
        self._receive = receive
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self._node)
        while not stop.is_set():
            executor.spin_once(timeout_sec=_SPIN_S)
        executor.remove_node(self._node)
        executor.shutdown()

    def close(self) -> None:
        """Leave the domain."""
        if self._context.ok():
            self.calls.close()
        super().close()

    def _taker(self, topic: Topic) -> Callable[[Any], None]:
        def take(message: Any) -> None:
            if self._receive is None:
                return
            try:
                payload = CONVERTER.read(topic.kind, message)
            except Garbled as error:
                self._receive(topic, None, str(error))
            else:
                self._receive(topic, payload, "")

        return take


def _details() -> str:
    distribution = os.environ.get("ROS_DISTRO", "")
    name = f"rclpy of ROS 2 {distribution.capitalize()}" if distribution else "rclpy"
    return f"{name} on {get_rmw_implementation_identifier()}"


def _qos(topic: Topic) -> Any:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=topic.depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if topic.latched else DurabilityPolicy.VOLATILE,
    )
