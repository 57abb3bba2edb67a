"""Where live samples wait while history is being fetched, so that a late joiner gets the past first."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bridge.ports import ZenohSample
from bridge.routes.backlog import Backlog


class HistoryGate:
    """Shut while any history query is under way. Thread: any, one at a time (the route's lock)."""

    def __init__(self) -> None:
        self._queries = 0
        self._history: list[ZenohSample] = []
        self._live: Backlog[ZenohSample] = Backlog()

    @property
    def shut(self) -> bool:
        """Whether live samples are to be held."""
        return self._queries > 0

    def query_begins(self) -> None:
        """Hold live samples from now on."""
        self._queries += 1

    def query_ended(self, samples: list[ZenohSample]) -> None:
        """One query has brought this; after the last one the gate is open."""
        self._queries -= 1
        self._history += samples

    def hold(self, live: ZenohSample) -> int:
        """Keep a live sample; returns how many older ones had to go."""
        return self._live.push(live, len(live.payload))

    def release(self) -> Iterator[tuple[ZenohSample, bool]]:
        """Everything kept by its time, with whether it is history; last the live ones without a time.

        By time, since of a burst that is longer than the history the first ones may have come live alone.
        """
        kept = [(sample, True) for sample in self._history]
        self._history = []
        while (live := self._live.pop()) is not None:
            kept.append((live, False))
        yield from sorted(kept, key=_moment)


def _moment(kept: tuple[ZenohSample, bool]) -> float:
    sample, replayed = kept
    if sample.source_ns is None:
        return 0 if replayed else math.inf
    return sample.source_ns
