"""Durations counted by upper edge since the beginning, as Prometheus wants them. Pure."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

EDGES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Upper edges of the histograms; both classes of targets are among them, so that no share is estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Durations counted by upper edge, since the beginning."""

    counts: tuple[int, ...]
    """One for each of ``EDGES_S``, not added up, and one for what is beyond the last."""
    sum_s: float


class Counts:
    """A growing histogram. Thread: one at a time."""

    def __init__(self) -> None:
        self._counts = [0] * (len(EDGES_S) + 1)
        self._sum_s = 0.0

    def add(self, us: int) -> None:
        """One more duration, in µs."""
        seconds = us / 1e6
        self._counts[bisect.bisect_left(EDGES_S, seconds)] += 1
        self._sum_s += seconds

    def value(self) -> Histogram:
        """As it is now."""
        return Histogram(counts=tuple(self._counts), sum_s=self._sum_s)
