"""The two ends of the demo as the rest of it sees them, and the choice of library behind them.

``ros_nodes`` and ``dds_nodes`` implement these; each is imported only when chosen, for either may be absent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from bridge.demo.calls import Counted
from bridge.demo.lines import NodeFlavour, TopicType
from bridge.demo.messages import Payload, Topic
from bridge.errors import CannotRun

Receive = Callable[[Topic, "Payload | None", str], None]
"""Called with each message: its topic, what it says, and for a garbled one ``None`` and the reason."""


Lights = Callable[[bool], "tuple[bool, str]"]
"""Answers a call of the service: success and message."""


class Calls(Protocol):
    """What the station can ask of the robot. Thread: one that is not the node's own."""

    has_action: bool
    """Whether a type of the action is installed."""

    def lights_ready(self) -> bool:
        """Whether the service is found."""

    def set_lights(self, on: bool, timeout_s: float) -> tuple[bool, str] | None:  # noqa: FBT001 - as asked
        """Success and message; ``None`` when nothing came in time."""

    def count_ready(self) -> bool:
        """Whether the action is found, all of it."""

    def count(self, order: int, timeout_s: float) -> Counted | None:
        """Send a goal and wait for its end; ``None`` when it was rejected, or nothing came in time."""


class RobotNode(Protocol):
    """Publishes; has a publisher for every topic from the start."""

    details: str
    types: tuple[TopicType, ...]

    def publish(self, topic: Topic, payload: Payload) -> None:
        """Send one message. Thread: one at a time."""

    def serve(self, lights: Lights) -> None:
        """Offer the service and the action from now on, on a thread of its own."""

    def close(self) -> None:
        """Leave the domain; idempotent."""


class StationNode(Protocol):
    """Receives; has a subscription for every topic from the start."""

    details: str
    types: tuple[TopicType, ...]

    @property
    def calls(self) -> Calls:
        """What it can ask of the robot."""

    def run(self, receive: Receive, stop: threading.Event) -> None:
        """Hand over messages, in the calling thread, until `stop` is set."""

    def close(self) -> None:
        """Leave the domain; idempotent."""


def open_robot(wanted: NodeFlavour | None) -> tuple[RobotNode, NodeFlavour, str]:
    """A robot node, with its flavour and a note when it is not a ROS node and nobody asked for that.

    Raises:
        CannotRun: the wanted library is missing.
    """
    if wanted is NodeFlavour.CYCLONEDDS:
        return _dds_robot(), wanted, ""
    try:
        from bridge.demo.ros_nodes import RosRobot

        return RosRobot(), NodeFlavour.RCLPY, ""
    except (
        ImportError,
        OSError,
        RuntimeError,
    ) as error:  # not installed, a shared object missing, rcl refused
        if wanted is NodeFlavour.RCLPY:
            raise CannotRun(
                f"no ROS node: {error}", remedy="source a ROS 2 installation or install zenlink[ros]"
            ) from error
        return (
            _dds_robot(),
            NodeFlavour.CYCLONEDDS,
            f"plain DDS nodes, for no ROS node could be made: {error}",
        )


def open_station(flavour: NodeFlavour) -> StationNode:
    """A station node of the robot's flavour."""
    if flavour is NodeFlavour.CYCLONEDDS:
        from bridge.demo.dds_nodes import DdsStation

        return DdsStation()
    from bridge.demo.ros_nodes import RosStation

    return RosStation()


def _dds_robot() -> RobotNode:
    from bridge.demo.dds_nodes import DdsRobot

    return DdsRobot()
