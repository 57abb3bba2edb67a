"""Where live samples wait while history is being fetched, so that a late joiner gets the past first."""

from __future__ import annotations

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
        """Everything kept, with whether it is history: history by its time, then live as it came."""
        history, self._history = self._history, []
        for sample in sorted(history, key=lambda one: one.source_ns or 0):
            yield sample, True
        while (live := self._live.pop()) is not None:
            yield live, False
