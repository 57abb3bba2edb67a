"""Images of random pixels: published at a steady rate, or received and checked."""

from __future__ import annotations

import contextlib
import random
import time
import zlib
from array import array
from collections.abc import Iterator
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import Image

from tests.integration.nodes.rclpy_node import profile, spinning
from tests.integration.nodes.serving import Functions, serve

_PATTERNS = 4
"""Different contents, made before the first is published."""
_NS_PER_S = 1_000_000_000


@contextlib.contextmanager
def main(*, role: str, topic: str, width: int, height: int, depth: int) -> Iterator[Functions]:
    """A node that is ``camera`` or ``viewer`` of RGB images."""
    qos = profile(depth=depth)
    with spinning(name=role) as node:
        yield _camera(node, topic, qos, width, height) if role == "camera" else _viewer(node, topic, qos)


def _camera(node: Node, topic: str, qos: Any, width: int, height: int) -> Functions:
    publisher = node.create_publisher(Image, topic, qos)
    contents = [random.Random(seed).randbytes(width * height * 3) for seed in range(_PATTERNS)]
    pixels = [array("B", content) for content in contents]
    checksums = [zlib.crc32(content) for content in contents]

    def publish(count: int, rate_hz: float) -> None:
        """The number and the checksum of each image travel in its header."""
        begin_s = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, begin_s + number / rate_hz - time.monotonic()))
            image = Image(height=height, width=width, encoding="rgb8", step=width * 3)
            image.data = pixels[number % _PATTERNS]
            image.header.frame_id = f"{number} {checksums[number % _PATTERNS]}"
            now_ns = time.time_ns()
            image.header.stamp.sec, image.header.stamp.nanosec = divmod(now_ns, _NS_PER_S)
            publisher.publish(image)

    return {"publish": publish, "subscribers": publisher.get_subscription_count}


def _viewer(node: Node, topic: str, qos: Any) -> Functions:
    received: list[dict[str, Any]] = []

    def view(image: Image) -> None:
        now_ns = time.time_ns()
        number, checksum = map(int, image.header.frame_id.split())
        sent_ns = image.header.stamp.sec * _NS_PER_S + image.header.stamp.nanosec
        intact = zlib.crc32(image.data) == checksum
        received.append({"number": number, "intact": intact, "latency_ms": (now_ns - sent_ns) / 1e6})

    subscription = node.create_subscription(Image, topic, view, qos)
    return {"received": lambda: received, "publishers": subscription.get_publisher_count}


if __name__ == "__main__":
    serve(main)
