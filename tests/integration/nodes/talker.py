"""Publishers of std_msgs/String on one topic, each with a name that begins its messages: ``name:text``."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.integration.nodes.rclpy_node import message_class, profile, spinning
from tests.integration.nodes.serving import Functions, serve


class Stream:
    """Publishes 0, 1, 2 … in the background, at a steady rate."""

    def __init__(self, publish: Callable[[str], None], *, rate_hz: float) -> None:
        self._publish = publish
        self._interval_s = 1 / rate_hz
        self._count = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream")
        self._thread.start()

    def _run(self) -> None:
        begin_s = time.monotonic()
        while not self._stop.wait(max(0.0, begin_s + self._count * self._interval_s - time.monotonic())):
            self._publish(str(self._count))
            self._count += 1

    def stop(self) -> int:
        """How many it has published; idempotent."""
        self._stop.set()
        self._thread.join()
        return self._count


@contextlib.contextmanager
def main(*, topic: str, writers: Sequence[str] = ("w",), **qos: Any) -> Iterator[Functions]:
    """Publishers, all in one node.

    Args:
        topic: ROS name.
        writers: a publisher for each name.
        qos: as for :func:`rclpy_node.profile`.
    """
    string = message_class("std_msgs/msg/String")
    streams: list[Stream] = []
    with spinning(name=f"talker_{writers[0]}") as node:
        publishers = {name: node.create_publisher(string, topic, profile(**qos)) for name in writers}

        def publish_one(text: str) -> None:
            for name, publisher in publishers.items():
                publisher.publish(string(data=f"{name}:{text}"))

        def publish(texts: Sequence[str]) -> None:
            """Each text by each publisher."""
            for text in texts:
                publish_one(text)

        def start_stream(rate_hz: float) -> None:
            streams.append(Stream(publish_one, rate_hz=rate_hz))

        def stop_stream() -> int:
            """How many each publisher has published, as 0, 1, 2 …"""
            return streams[-1].stop()

        def subscribers() -> list[int]:
            """Matched with each publisher."""
            return [publisher.get_subscription_count() for publisher in publishers.values()]

        yield {
            "publish": publish,
            "start_stream": start_stream,
            "stop_stream": stop_stream,
            "subscribers": subscribers,
        }
        for stream in streams:
            stream.stop()


if __name__ == "__main__":
    serve(main)
