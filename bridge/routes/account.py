"""What an egress route tells receivers of what it sent, and what it took while nobody could be reached.

The receivers' side is :mod:`bridge.routes.ledger`.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable

from bridge.core.counts import SourceCount, records
from bridge.core.gid import Gid
from bridge.core.routespec import LossCause
from bridge.errors import ZenohError
from bridge.ports import ZenohPublisher
from bridge.routes.source import Source
from bridge.routes.stats import RouteStats

log = logging.getLogger(__name__)

REPORT_NS = 1_000_000_000
"""Receivers are told how much was sent that often."""
REPEAT_S = 5.0
"""… and that often although nothing was: a record can be lost as well."""


class Account:
    """One egress route's. Thread: engine, except where it says otherwise.

    Args:
        stats: Where losses are counted.
    """

    def __init__(self, stats: RouteStats) -> None:
        self._stats = stats
        self.reachable = False
        """Somebody on Zenoh subscribes at this very moment. Thread: Zenoh's writes, the pump's reads."""
        self.unreached = 0
        """Samples taken while nobody did. Thread: the pump's writes."""
        self.told_ns = 0
        """When the pump's thread last told. Thread: the pump's."""
        self._settled = 0
        self._away: set[str] = set()
        """Zenoh ids of the agents whose subscription ended because the way to them broke. A match is no sign
        that they are back: it may be another's, or over a second way that breaks before they are heard of."""
        self._returned: set[str] = set()
        """Those of them that are heard of again, but may not subscribe yet."""
        self._repeat_at_s = 0.0

    def matched(self, now_s: float) -> None:
        """Somebody subscribes (again), and should know soon where we are."""
        self._settle()
        self._away -= self._returned
        self._returned.clear()
        self._repeat_at_s = now_s

    def bridge_gone(self, zid: str) -> None:
        """The way to an agent that subscribes broke."""
        self._away.add(zid)
        self._returned.discard(zid)

    def bridge_back(self, zid: str) -> None:
        """There is a way to an agent again."""
        if zid in self._away:
            self._returned.add(zid)
        if self.reachable:
            self._settle()
            self._away -= self._returned
            self._returned.clear()

    def follow(self, zids: Container[str]) -> None:
        """Agents that subscribe, or are waited for; who is not among them wants nothing any more."""
        self._settle()
        self._away = {zid for zid in self._away if zid in zids}
        self._returned &= self._away

    def _settle(self) -> None:
        """What reached nobody is lost where the way to somebody had broken; else nobody wanted it."""
        count, self._settled = self.unreached - self._settled, self.unreached
        if self._away:
            self._stats.lose(LossCause.LINK, count)

    def report(
        self, publisher: ZenohPublisher, sources: Iterable[Source], now_s: float, *, blocking: bool
    ) -> None:
        """Tell what is new, and now and then all; never blocks."""
        if not self.reachable:
            return
        repeat = now_s >= self._repeat_at_s
        if repeat:
            self._repeat_at_s = now_s + REPEAT_S
        self.tell(publisher, sources, blocking=blocking, wait=False, repeat=repeat)

    def tell(
        self,
        publisher: ZenohPublisher,
        sources: Iterable[Source],
        *,
        blocking: bool,
        wait: bool,
        repeat: bool = False,
    ) -> None:
        """Send records. Thread: engine, or the pump's right behind its samples, so that none overtakes it."""
        counts = []
        for source in sources:
            sent = source.sent
            if sent[0] and (repeat or sent != source.told):
                source.told = sent
                counts.append(
                    SourceCount(writer=Gid(source.gid), epoch=source.epoch, count=sent[0], last_ns=sent[1])
                )
        try:
            for record in records(counts, blocking=blocking):
                publisher.put_counts(record, block=wait)
        except ZenohError as error:
            log.debug("a record of counts was not sent: %s", error)
