"""Latency of a topic's own samples: the source time that travels with each, against the clock at arrival.

No message is added. A sample costs one comparison, and at most a hundred a second of a route are looked at
further. Between two hosts the clocks must be compared first (by the probe of the links): the offset
corrects each sample, and how uncertain it is belongs to every figure.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from itertools import accumulate

from bridge.core.status import RouteLatency

_DECADE = (10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80)
"""The preferred numbers R10 (ISO 3): each a quarter more than the one before; 10 and 100 are among them."""
EDGES_NS = (*(round(step * 10**power) for power in range(3, 9) for step in _DECADE), 10**10)
"""Upper edges: 10 µs to 10 s."""
METRIC_EDGES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Those that metrics have, as the probe's; every one is an edge above."""
PERIOD_NS = 10_000_000
"""Between two samples that are counted."""
_NEVER_NS = 1 << 63
MAX_SKEW_NS = 500_000_000
"""Beyond, Zenoh routers stamp samples anew, and their source time is gone (design, fact 11)."""
NOT_COMPARED = "the clock there is not compared with ours: no probe of that agent"
SEVERAL = "several agents publish it, and a sample does not tell through which it came"
SKEWED = "the clocks are more than 0.5 s apart: set them"
HISTORY = "samples of a TRANSIENT_LOCAL topic may be old when they are sent"
ClockOffsets = Mapping[str, tuple[int, int]]
"""Zenoh id of an agent to how far its clock is ahead of ours, and how uncertain that is, both in ns."""
_METRIC_ENDS = tuple(bisect_left(EDGES_NS, round(edge * 1e9)) + 1 for edge in METRIC_EDGES_S)


class PassiveLatency:
    """Counts of one route.

    Thread: :meth:`sample` the one inside the route, the others the engine's; figures are a moment old.
    """

    __slots__ = ("_bound_ns", "_counts", "_offset_ns", "_sum_ns", "_void", "next_ns")

    def __init__(self, *, void: str = NOT_COMPARED) -> None:
        self.next_ns = _NEVER_NS
        """Samples of an earlier source time are not looked at. The route compares, before it calls."""
        self._void = void
        self._offset_ns = self._bound_ns = 0
        self._counts = [0] * (len(EDGES_NS) + 1)
        self._sum_ns = 0

    def correct(self, offset_ns: int, bound_ns: int) -> None:
        """The clocks were compared, again: theirs is so far ahead of ours."""
        if abs(offset_ns) - bound_ns > MAX_SKEW_NS:
            self.stop(SKEWED)
            return
        self._offset_ns, self._bound_ns, self._void = offset_ns, max(self._bound_ns, bound_ns), ""
        self.next_ns = 0  # also where the source's clock was set back

    def follow(self, offsets: ClockOffsets, zids: frozenset[str], *, latched: bool) -> None:
        """Correct by what is known now, or stop.

        Args:
            offsets: of the agents whose clocks are compared with ours.
            zids: the agents that announced the topic.
            latched: samples may be old when they are sent.
        """
        if latched:
            self.stop(HISTORY)
        elif len(zids) > 1 and len({offsets.get(zid) for zid in zids}) > 1:
            self.stop(SEVERAL)
        elif (known := offsets.get(next(iter(zids), ""))) is None:
            self.stop(NOT_COMPARED)
        else:
            self.correct(*known)

    def follow_local(self, *, latched: bool) -> None:
        """Of an egress route: its writers have our own clock, or one that DDS trusts."""
        if latched:
            self.stop(HISTORY)
        else:
            self.correct(0, 0)

    def stop(self, void: str) -> None:
        """Count no more, and say why; what was counted so far is void, too."""
        if self._void != void:
            self.next_ns, self._void, self._bound_ns = _NEVER_NS, void, 0
            self._counts = [0] * (len(EDGES_NS) + 1)
            self._sum_ns = 0

    def sample(self, source_ns: int, now_ns: int) -> None:
        """Count one sample; one that seems to come before it was sent counts as the shortest."""
        self.next_ns = source_ns + PERIOD_NS
        latency_ns = now_ns - source_ns + self._offset_ns
        self._counts[bisect_left(EDGES_NS, latency_ns)] += 1
        self._sum_ns += latency_ns

    def figures(self) -> RouteLatency:
        """What it came to so far."""
        counts = tuple(self._counts)
        total = sum(counts)
        below = (0, *accumulate(counts))
        ends = [below[end] for end in _METRIC_ENDS]
        starts = (0, *ends)
        return RouteLatency(
            samples=total,
            mean_ms=_ms(self._sum_ns / total) if total else None,
            p50_ms=_percentile_ms(counts, total, 50.0),
            p99_ms=_percentile_ms(counts, total, 99.0),
            bound_ms=_ms(self._bound_ns),
            void=self._void,
            buckets=(*(end - start for end, start in zip(ends, starts, strict=False)), total - ends[-1]),
            sum_s=self._sum_ns / 1e9,
        )


def _percentile_ms(counts: tuple[int, ...], total: int, percentile: float) -> float | None:
    """The upper edge of the bucket that holds it: at most a quarter more than the value."""
    if not total:
        return None
    rank = max(1, math.ceil(round(total * percentile / 100.0, 6)))
    bucket = next(index for index, below in enumerate(accumulate(counts)) if below >= rank)
    return _ms(EDGES_NS[min(bucket, len(EDGES_NS) - 1)])


def _ms(ns: float) -> float:
    return round(ns / 1e6, 3)
