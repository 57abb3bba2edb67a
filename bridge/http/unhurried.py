"""A scrape that is written line by line with rests between, by a library that knows nothing of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from bridge.pace import Pace


class Unhurried(Collector):
    """The metrics of another collector, for one scrape; whoever reads their samples rests now and then.

    Args:
        of: what is collected.
        pace: of the scrape.
    """

    def __init__(self, of: Collector, pace: Pace | None = None) -> None:
        self._of = of
        self._pace = Pace() if pace is None else pace

    def collect(self) -> Iterator[Metric]:
        """Every family of the other."""
        for family in self._pace.over(self._of.collect()):
            paced = copy.copy(family)
            paced.samples = _Lines(family.samples, self._pace)
            yield paced


class _Lines(list[Sample]):
    """Samples, read at a pace."""

    def __init__(self, samples: list[Sample], pace: Pace) -> None:
        super().__init__(samples)
        self._pace = pace

    def __iter__(self) -> Iterator[Sample]:
        return self._pace.over(super().__iter__())
