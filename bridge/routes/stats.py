"""What a route counts while it runs.

Plain integers with one writer each (the thread inside the route); readers may see a value a moment
old. Nothing here logs, and only what several threads count is locked.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from bridge.core.cdr import is_big_endian
from bridge.core.latency import PassiveLatency
from bridge.core.linkinfo import LatencyCounts
from bridge.core.routespec import DropCause, LossCause
from bridge.core.status import RouteCounters
from bridge.serviceports import LOCAL_CAUSES

CALL_EDGES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0)
"""Up to the wait for a goal's result, which is a call as well."""


class RouteStats:
    """Counters of one route."""

    __slots__ = ("_drops", "_latency", "_lost", "messages", "payload_bytes")

    def __init__(self, latency: PassiveLatency | None = None) -> None:
        self._latency = latency
        self.messages = 0
        """Samples passed on."""
        self.payload_bytes = 0
        self._drops: dict[DropCause, int] = {}
        self._lost: dict[LossCause, int] = {}

    def lose(self, cause: LossCause, count: int) -> None:
        """Count samples that never came to the far side, or from there."""
        if count:
            self._lost[cause] = self._lost.get(cause, 0) + count

    def drop(self, cause: DropCause, count: int = 1) -> None:
        """Count samples that were not passed on."""
        if count:
            self._drops[cause] = self._drops.get(cause, 0) + count

    def counters(self, *, queue_messages: int, queue_bytes: int, dds_lost: int = 0) -> RouteCounters:
        """The counters as a value. Thread: any."""
        drops = {cause.value: count for cause, count in self._drops.copy().items()}
        if dds_lost:
            drops[DropCause.DDS_LOST.value] = dds_lost
        return RouteCounters(
            messages=self.messages,
            payload_bytes=self.payload_bytes,
            drops=tuple(sorted(drops.items())),
            queue_messages=queue_messages,
            queue_bytes=queue_bytes,
            latency=None if self._latency is None else self._latency.figures(),
            lost=tuple(sorted((cause.value, count) for cause, count in self._lost.copy().items())),
        )


class CallStats(RouteStats):
    """Counters of a service, whose calls end on any thread."""

    __slots__ = ("_duration_s", "_durations", "_lock")

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._durations = [0] * (len(CALL_EDGES_S) + 1)
        self._duration_s = 0.0

    def answered(self, payload_bytes: int, duration_s: float) -> None:
        """Count a call that was answered. Thread: calls.

        Args:
            payload_bytes: of request and response.
            duration_s: from the request's arrival at this agent until the answer was passed on.
        """
        self.messages += 1
        self.payload_bytes += payload_bytes
        self._durations[bisect_left(CALL_EDGES_S, duration_s)] += 1
        self._duration_s += duration_s

    def drop(self, cause: DropCause, count: int = 1) -> None:
        """Count calls that came to nothing. Thread: any."""
        with self._lock:
            super().drop(cause, count)

    def with_local(self, *local: Mapping[str, int], queue_messages: int, queue_bytes: int) -> RouteCounters:
        """The counters, and what the local side dropped before a route saw it. Thread: any."""
        own = self.counters(queue_messages=queue_messages, queue_bytes=queue_bytes)
        drops = Counter(dict(own.drops))
        for counts in local:
            for word, count in dict(counts).items():
                if word in LOCAL_CAUSES:
                    drops[LOCAL_CAUSES[word].value] += count
        took = LatencyCounts(
            edges_s=CALL_EDGES_S, counts=tuple(self._durations), sum_s=round(self._duration_s, 6)
        )
        return replace(own, drops=tuple(sorted(drops.items())), durations=took if any(took.counts) else None)


def malformed_cause(payload: bytes) -> DropCause:
    """Which counter a payload belongs to that :func:`bridge.core.cdr.check_payload` refused."""
    return DropCause.BIG_ENDIAN if is_big_endian(payload) else DropCause.MALFORMED
