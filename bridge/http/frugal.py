"""Keeps an event loop to its share of the processor, whatever its clients do.

Threads of one interpreter take turns, so each request that is read keeps samples waiting for a moment. A
client that asks without end gets its answers later; samples do not.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable

SHARE = 0.1
"""Of one core, in the long run. A page of 1000 routes takes about half of it."""
BURST_S = 0.01
"""CPU time that may be spent at once after a rest: some ten requests."""
MAX_REST_S = 0.25
"""At a time, so that a health check is answered whatever else was asked."""


class Allowance:
    """CPU time that is earned by the clock and spent by the thread that asks.

    Args:
        share: CPU seconds earned a second.
        burst_s: at most that much is saved.
        spent_s: CPU time of the calling thread so far.
        now_s: monotonic time.
    """

    def __init__(
        self,
        *,
        share: float = SHARE,
        burst_s: float = BURST_S,
        spent_s: Callable[[], float] = time.thread_time,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share, self._burst_s = share, burst_s
        self._spent_s, self._now_s = spent_s, now_s
        self._left_s = burst_s
        self._seen_s: tuple[float, float] | None = None

    def rest_s(self) -> float:
        """How long the thread must rest to keep to its share, as far as it is due at once; 0: it need not."""
        now_s, spent_s = self._now_s(), self._spent_s()
        if self._seen_s is not None:
            earned_s = (now_s - self._seen_s[0]) * self._share
            self._left_s = min(self._burst_s, self._left_s + earned_s) - (spent_s - self._seen_s[1])
        self._seen_s = now_s, spent_s
        return min(MAX_REST_S, max(0.0, -self._left_s / self._share))


class FrugalSelector(selectors.DefaultSelector):
    """What an event loop waits with; it waits longer where the loop has spent its allowance."""

    def __init__(self) -> None:
        super().__init__()
        self._allowance = Allowance()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """See selectors."""
        rest_s = self._allowance.rest_s()
        if rest_s:
            time.sleep(rest_s)
        return super().select(timeout)
