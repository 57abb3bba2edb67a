"""An rclpy node that tells what it sees of the ROS graph, with topics of its own to be seen by."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any

from std_msgs.msg import String

from tests.integration.nodes.rclpy_node import profile, spinning
from tests.integration.nodes.serving import Functions, serve


@contextlib.contextmanager
def main(
    *,
    name: str,
    namespace: str = "/",
    publish_on: Sequence[str] = (),
    latched_on: Sequence[str] = (),
    subscribe_to: Sequence[str] = (),
) -> Iterator[Functions]:
    """A node with std_msgs/String endpoints; ``latched_on``: publishers that are TRANSIENT_LOCAL."""
    with spinning(name=name, namespace=namespace) as node:
        kept: list[Any] = [node.create_publisher(String, topic, profile()) for topic in publish_on]
        kept += [node.create_publisher(String, topic, profile(transient_local=True)) for topic in latched_on]
        kept += [
            node.create_subscription(String, topic, lambda _message: None, profile())
            for topic in subscribe_to
        ]

        def nodes() -> list[str]:
            """Full names, with duplicates; hidden ones are left out, as in ``ros2 node list``."""
            found = node.get_node_names_and_namespaces()
            return sorted(f"{space.rstrip('/')}/{one}" for one, space in found if not one.startswith("_"))

        def info(topic: str) -> dict[str, list[str]]:
            """Full names of the nodes with publishers and subscriptions on a topic, one for each endpoint."""
            return {
                "publishers": _owners(node.get_publishers_info_by_topic(topic)),
                "subscribers": _owners(node.get_subscriptions_info_by_topic(topic)),
            }

        def of_node(full_name: str) -> dict[str, dict[str, list[str]]]:
            """The interfaces of a node: name to types."""
            space, _, short = full_name.rpartition("/")
            arguments = (short, space or "/")
            return {
                "publishers": dict(node.get_publisher_names_and_types_by_node(*arguments)),
                "subscribers": dict(node.get_subscriber_names_and_types_by_node(*arguments)),
                "services": dict(node.get_service_names_and_types_by_node(*arguments)),
                "clients": dict(node.get_client_names_and_types_by_node(*arguments)),
            }

        yield {"nodes": nodes, "info": info, "of_node": of_node, "terminate": _terminate}
        del kept


def _owners(found: Sequence[Any]) -> list[str]:
    return sorted(f"{one.node_namespace.rstrip('/')}/{one.node_name}" for one in found)


def _terminate() -> None:
    """End as a launch file would have it."""
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    serve(main)
