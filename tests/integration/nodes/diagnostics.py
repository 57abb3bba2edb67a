"""A subscription to /diagnostics: what came, by name and time of writing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.integration.nodes.rclpy_node import message_class, profile, spinning
from tests.integration.nodes.serving import Functions, serve


@contextlib.contextmanager
def main(*, name: str = "monitor") -> Iterator[Functions]:
    """A monitor, as robot_monitor is one."""
    order: list[tuple[int, str]] = []
    """(stamp, name of the first status) of each array."""
    latest: dict[str, dict[str, Any]] = {}

    def take(message: Any) -> None:
        stamp = message.header.stamp
        order.append((stamp.sec * 10**9 + stamp.nanosec, message.status[0].name))
        for status in message.status:
            latest[status.name] = {
                "level": status.level[0],
                "message": status.message,
                "hardware_id": status.hardware_id,
                "values": {pair.key: pair.value for pair in status.values},
            }

    with spinning(name=name) as node:
        node.create_subscription(
            message_class("diagnostic_msgs/msg/DiagnosticArray"), "/diagnostics", take, profile(depth=100)
        )

        yield {
            "arrays": lambda: list(order),
            "statuses": lambda: dict(latest),
            "nodes": lambda: sorted(name for name, _ in node.get_node_names_and_namespaces()),
        }


if __name__ == "__main__":
    serve(main)
