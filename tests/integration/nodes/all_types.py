"""Every message type of some packages, a topic each: published filled, and received raw."""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rclpy.node import Node
from rclpy.serialization import deserialize_message

from tests.integration.nodes.filling import filled
from tests.integration.nodes.rclpy_node import profile, spinning
from tests.integration.nodes.serving import Functions, serve


@contextlib.contextmanager
def main(*, role: str, packages: Sequence[str], depth: int) -> Iterator[Functions]:
    """A node that subscribes to all topics, and publishes on them when its role is ``talker``."""
    types = {f"/{package}/{one.__name__}": one for package in packages for one in _message_classes(package)}
    with spinning(name=f"{role}_of_all_types") as node:
        functions = _listener(node, types, depth)
        if role == "talker":
            functions |= _talker(node, types, depth)
        yield functions


def _message_classes(package: str) -> list[Any]:
    module = importlib.import_module(f"{package}.msg")
    return [one for _, one in inspect.getmembers(module, inspect.isclass) if hasattr(one, "SLOT_TYPES")]


def _talker(node: Node, types: dict[str, Any], depth: int) -> dict[str, Callable[..., Any]]:
    publishers = {
        topic: node.create_publisher(one, topic, profile(depth=depth)) for topic, one in types.items()
    }

    def publish(seeds: Sequence[int]) -> dict[str, list[str]]:
        """One message a seed and topic; gives what was sent, as text."""
        sent: dict[str, list[str]] = {topic: [] for topic in types}
        for seed in seeds:
            for topic, one in types.items():
                message = filled(one, seed)
                publishers[topic].publish(message)
                sent[topic].append(repr(message))
        return sent

    def without_subscribers(fewer_than: int) -> list[str]:
        return [topic for topic, one in publishers.items() if one.get_subscription_count() < fewer_than]

    return {"publish": publish, "without_subscribers": without_subscribers}


def _listener(node: Node, types: dict[str, Any], depth: int) -> dict[str, Callable[..., Any]]:
    received: dict[str, list[bytes]] = {topic: [] for topic in types}
    subscriptions = {
        topic: node.create_subscription(one, topic, received[topic].append, profile(depth=depth), raw=True)
        for topic, one in types.items()
    }

    def raw() -> dict[str, list[str]]:
        """What came, serialized, as hex."""
        return {topic: [payload.hex() for payload in payloads] for topic, payloads in received.items()}

    def texts() -> dict[str, list[str]]:
        """What came, decoded, as text."""
        return {
            topic: [repr(deserialize_message(payload, types[topic])) for payload in payloads]
            for topic, payloads in received.items()
        }

    def without_publishers() -> list[str]:
        return [topic for topic, one in subscriptions.items() if not one.get_publisher_count()]

    return {
        "raw": raw,
        "texts": texts,
        "count": lambda: sum(len(payloads) for payloads in received.values()),
        "without_publishers": without_publishers,
    }


if __name__ == "__main__":
    serve(main)
