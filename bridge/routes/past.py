"""What routes counted before they were closed, so that a name's counters never go backwards.

A service's proxy goes with its last client, perhaps before anybody scraped; when the next client comes,
its route is a new one. Must never import an adapter.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bridge.core.jsonform import Counts
from bridge.core.linkinfo import LatencyCounts, added
from bridge.core.routespec import RouteKind, RouteSpec
from bridge.core.status import RouteCounters

MAX_PAST = 1000
"""Closed routes that are remembered: they cost a scrape as much as open ones, of which it bears 1000."""


class PastCounters:
    """Counters of closed routes; of too many, those that were closed longest ago are forgotten.

    What an open route stands on is never forgotten. Thread: engine.
    """

    def __init__(self, limit: int = MAX_PAST) -> None:
        self._limit = limit
        self._closed: dict[RouteSpec, RouteCounters] = {}
        """Closed longest ago first."""
        self._under_open: dict[RouteSpec, RouteCounters] = {}
        self._forgotten: dict[RouteKind, RouteCounters] = {}
        """Together: what an agent counted in all never goes backwards."""

    def opened(self, spec: RouteSpec) -> None:
        """A route was opened, for the first time or again."""
        before = self._closed.pop(spec, None)
        if before is not None:
            self._under_open[spec] = before

    def closed(self, spec: RouteSpec, counters: RouteCounters) -> None:
        """A route was closed, which had counted that since it was opened."""
        total = _together(self._under_open.pop(spec, RouteCounters()), counters)
        total = replace(total, queue_messages=0, queue_bytes=0, latency=None)
        if total == RouteCounters():
            return
        self._closed[spec] = total
        if len(self._closed) > self._limit:
            oldest = next(iter(self._closed))
            before = self._forgotten.get(oldest.kind, RouteCounters())
            self._forgotten[oldest.kind] = _together(before, self._closed.pop(oldest))

    def counters(self, spec: RouteSpec, now: RouteCounters | None) -> RouteCounters:
        """Since the agent's start, of a route that counts ``now``, or is closed where that is None."""
        if now is None:
            return self._closed.get(spec, RouteCounters())
        before = self._under_open.get(spec)
        return now if before is None else _together(before, now)

    def forgotten(self) -> tuple[tuple[RouteKind, RouteCounters], ...]:
        """What the forgotten ones counted together, by kind."""
        return tuple(self._forgotten.items())

    def specs(self) -> tuple[RouteSpec, ...]:
        """The closed routes that are remembered."""
        return tuple(self._closed)


def _together(before: RouteCounters, now: RouteCounters) -> RouteCounters:
    """Sums; what waits, and latency, which begins anew whenever clocks are, is that of now."""
    return replace(
        now,
        messages=before.messages + now.messages,
        payload_bytes=before.payload_bytes + now.payload_bytes,
        drops=_sums(before.drops, now.drops),
        lost=_sums(before.lost, now.lost),
        rebuilds=before.rebuilds + now.rebuilds,
        durations=_durations(before.durations, now.durations),
    )


def _durations(before: LatencyCounts | None, now: LatencyCounts | None) -> LatencyCounts | None:
    return added(before, now) if before is not None and now is not None else before or now


def _sums(before: Counts, now: Counts) -> Counts:
    total = Counter(dict(before))
    total.update(dict(now))
    return tuple(sorted(total.items()))
