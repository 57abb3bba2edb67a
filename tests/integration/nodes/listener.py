"""Subscriptions to std_msgs/String on one topic; tells what each has received, in order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.integration.nodes.rclpy_node import message_class, profile, spinning
from tests.integration.nodes.serving import Functions, serve


@contextlib.contextmanager
def main(*, topic: str, **qos: Any) -> Iterator[Functions]:
    """A node with one subscription; more come by ``subscribe``.

    Args:
        topic: ROS name.
        qos: as for :func:`rclpy_node.profile`.
    """
    string = message_class("std_msgs/msg/String")
    received: list[list[str]] = []
    stamps: dict[str, int] = {}
    with spinning(name="listener") as node:
        subscriptions = []

        def subscribe(**qos: Any) -> int:
            """The number of the new subscription."""
            texts: list[str] = []

            def take(message: Any, info: Any) -> None:
                texts.append(message.data)
                stamps[message.data] = info["source_timestamp"]

            received.append(texts)
            subscriptions.append(node.create_subscription(string, topic, take, profile(**qos)))
            return len(subscriptions) - 1

        def unsubscribe(subscription: int) -> None:
            node.destroy_subscription(subscriptions[subscription])

        def publishers() -> int:
            return int(node.count_publishers(topic))

        def publisher_gids() -> list[str]:
            """Of all writers on the topic, those of a bridge included."""
            return [bytes(one.endpoint_gid).hex() for one in node.get_publishers_info_by_topic(topic)]

        subscribe(**qos)
        yield {
            "subscribe": subscribe,
            "unsubscribe": unsubscribe,
            "received": lambda subscription=0: received[subscription],
            "source_ns": lambda: stamps,
            "publishers": publishers,
            "publisher_gids": publisher_gids,
        }


if __name__ == "__main__":
    serve(main)
