"""When the robot publishes what: each topic at its own rate, by the caller's clock. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from bridge.demo.messages import Topic

_NS_PER_S = 1_000_000_000


class Pace:
    """A timetable of periodic topics.

    A topic that fell behind by more than a period skips the missed turns: catching up in a burst would
    overwrite history that the reader has not seen yet, and look like loss.
    """

    def __init__(self, topics: Iterable[Topic], *, start_ns: int) -> None:
        self._periods = [(topic, int(_NS_PER_S / topic.rate_hz)) for topic in topics if not topic.latched]
        # Spread over the first period, so that the large messages do not all leave at once.
        self._turns = [
            (start_ns + period_ns * index // len(self._periods), index)
            for index, (_, period_ns) in enumerate(self._periods)
        ]
        heapq.heapify(self._turns)

    def next_ns(self) -> int:
        """The time of the next turn."""
        return self._turns[0][0]

    def take(self, now_ns: int) -> Topic | None:
        """The topic whose turn it is at `now_ns`; ``None`` when nothing is due."""
        due_ns, index = self._turns[0]
        if due_ns > now_ns:
            return None
        topic, period_ns = self._periods[index]
        following_ns = due_ns + period_ns
        heapq.heapreplace(self._turns, (following_ns if following_ns > now_ns else now_ns + period_ns, index))
        return topic
