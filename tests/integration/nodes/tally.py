"""A subscription that only counts: numbered messages, ``writer:number`` as the talker sends them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from tests.integration.nodes.rclpy_node import message_class, profile, spinning
from tests.integration.nodes.serving import Functions, serve


@contextlib.contextmanager
def main(*, topic: str, ignored: str = "", **qos: Any) -> Iterator[Functions]:
    """One subscription.

    Args:
        topic: ROS name.
        ignored: a writer whose messages are not counted.
        qos: as for :func:`rclpy_node.profile`.
    """
    order: list[tuple[str, int, float]] = []
    """Writer, number, time of arrival."""

    def count(message: Any) -> None:
        writer, _, number = message.data.rpartition(":")
        if writer != ignored:
            order.append((writer, int(number), time.monotonic()))

    with spinning(name="tally") as node:
        node.create_subscription(message_class("std_msgs/msg/String"), topic, count, profile(**qos))

        def summary() -> dict[str, Any]:
            """What came so far; ``lost`` lie between the first and the last."""
            seen = [(writer, number) for writer, number, _ in order]
            numbers = sorted({number for _, number in seen})
            first, last = (numbers[0], numbers[-1]) if numbers else (-1, -1)
            return {
                "count": len(seen),
                "first": first,
                "last": last,
                "lost": last - first + 1 - len(numbers),
                "doubled": len(seen) - len(set(seen)),
                "backward": sum(after[1] < before[1] for before, after in pairwise(seen)),
            }

        def longest_silence_s(since_s: float = 0.0) -> float:
            """Between two messages in succession, from a moment on the monotonic clock of this host on."""
            times = [arrived_s for _, _, arrived_s in list(order) if arrived_s >= since_s]
            return max((after - before for before, after in pairwise(times)), default=0.0)

        def first_after(moment_s: float) -> float | None:
            """When the first message came after a moment, both on the monotonic clock of this host."""
            return next((arrived_s for _, _, arrived_s in list(order) if arrived_s > moment_s), None)

        def writers(of: str = topic) -> list[str]:
            """GIDs of the DDS writers of a topic, by default of this one."""
            infos = node.get_publishers_info_by_topic(of)
            return sorted(bytes(info.endpoint_gid[:16]).hex() for info in infos)

        yield {
            "summary": summary,
            "longest_silence_s": longest_silence_s,
            "first_after": first_after,
            "writers": writers,
        }


if __name__ == "__main__":
    serve(main)
