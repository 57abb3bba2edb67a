"""The robot of the demo, a process of its own: ``python -m bridge.demo.robot [rclpy|cyclonedds]``.

Publishes every topic until it is told to be quiet, then says how far it got; serves a service and an action.
"""

from __future__ import annotations

import sys
import time

from bridge.demo.calls import Lights
from bridge.demo.lines import NodeFlavour, Published, Ready, TopicPublished
from bridge.demo.messages import TOPICS, Contents, Payload, Topic
from bridge.demo.nodes import RobotNode, open_robot
from bridge.demo.orders import Orders, tell
from bridge.demo.pace import Pace
from bridge.errors import CannotRun

_NS_PER_S = 1_000_000_000


class Robot:
    """Numbers what it publishes."""

    def __init__(self, node: RobotNode) -> None:
        self._node = node
        self._contents = {topic.name: Contents(topic) for topic in TOPICS}
        self._next_seq = {topic.name: 0 for topic in TOPICS}

    def publish(self, topic: Topic) -> None:
        """Send the next message of a topic."""
        seq = self._next_seq[topic.name]
        body = self._contents[topic.name].body(seq)
        # The stamp comes last: what happens before is the robot's own time, not the link's.
        self._node.publish(topic, Payload(seq=seq, stamp_ns=time.time_ns(), body=body))
        self._next_seq[topic.name] = seq + 1

    def published(self) -> Published:
        """How far each topic got."""
        return Published(
            topics=tuple(
                TopicPublished(topic=name, last_seq=next_seq - 1) for name, next_seq in self._next_seq.items()
            )
        )


def _publish_until_quiet(robot: Robot, orders: Orders) -> None:
    for topic in TOPICS:
        if topic.latched:
            robot.publish(topic)
    pace = Pace(TOPICS, start_ns=time.monotonic_ns())
    while not orders.quiet.is_set():
        topic_due = pace.take(time.monotonic_ns())
        if topic_due is not None:
            robot.publish(topic_due)
        else:
            orders.quiet.wait(max(0, pace.next_ns() - time.monotonic_ns()) / _NS_PER_S)


def main() -> int:
    """Run until told to stop; the exit code."""
    orders = Orders()
    wanted = NodeFlavour(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        node, flavour, note = open_robot(wanted)
    except CannotRun as error:
        print(error, file=sys.stderr)
        return 3
    robot = Robot(node)
    try:
        node.serve(Lights().answer)
        tell(Ready(flavour=flavour, details=node.details, note=note, types=node.types))
        _publish_until_quiet(robot, orders)
        tell(robot.published())
        orders.stop.wait()
    finally:
        node.close()  # its threads would keep a process that failed
    return 0


if __name__ == "__main__":
    sys.exit(main())
