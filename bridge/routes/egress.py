"""DDS → Zenoh: one topic's samples from our DDS reader to a Zenoh publisher.

The publisher (and the token) exist as long as local writers do; the DDS reader only while somebody on
Zenoh wants the samples, which :mod:`bridge.routes.egressflow` passes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from bridge.core.farnodes import StandIn
from bridge.core.gid import Gid
from bridge.core.latency import ClockOffsets
from bridge.core.plan import PlannedRoute
from bridge.core.qos import Qos
from bridge.core.status import RouteCounters
from bridge.core.tokens import TokenKind
from bridge.errors import DdsError, ZenohError
from bridge.ports import (
    Announcement,
    Clock,
    DdsSide,
    RawReader,
    ZenohPublisher,
    ZenohSide,
)
from bridge.routes.egressflow import EgressFlow

log = logging.getLogger(__name__)

LINGER_S = 2.0
"""How long the DDS reader outlives the last match, so that short-lived tools do not churn it."""
OVERLAP_S = 1.0
"""How long an old reader is kept beside its replacement, so that no sample falls between them."""


class EgressRoute:
    """One open egress route. Thread: engine."""

    def __init__(
        self,
        planned: PlannedRoute,
        *,
        dds: DdsSide,
        zenoh: ZenohSide,
        clock: Clock,
        may_block: bool,
        agent_prefixes: Callable[[], frozenset[bytes]],
        on_matching: Callable[[bool], None],
    ) -> None:
        """Declare the publisher, then announce it.

        Raises:
            ZenohError: refused.
        """
        self.planned = planned
        self._dds = dds
        self._zenoh = zenoh
        self._may_block = may_block
        """Whether a full link may make a reliable topic wait; else it drops."""
        self._on_matching = on_matching
        self.flow = EgressFlow(planned, clock=clock, agent_prefixes=agent_prefixes, own=dds.participant)
        self._dds_lost_before = 0
        self._reader: RawReader | None = None
        self._old_reader: RawReader | None = None
        self._old_until_s = 0.0
        self._requested: Qos | None = None
        """What the reader was created with."""
        self._idle_at_s: float | None = None
        self._matching = False
        self.flow.publisher = self._open_publisher()
        self._declared = _declaration(planned)
        self._old_publishers: list[tuple[ZenohPublisher, float]] = []
        """With when to undeclare them: a put may be under way in one of them."""
        self._tokens: dict[str, Announcement] = {}
        try:
            if planned.eager:
                self._start_reader()
            self._announce()
        except (DdsError, ZenohError):
            self.close()  # else what is declared so far would stay, and be declared again at the next try
            raise

    @property
    def active(self) -> bool:
        """Whether samples are read from DDS."""
        return self._reader is not None

    @property
    def idle_reason(self) -> str:
        """Why nothing crosses though it could."""
        return "" if self._matching else "nobody on Zenoh subscribes to it"

    def endpoint_gids(self) -> tuple[tuple[Gid, ...], tuple[Gid, ...]]:
        """Our (readers, writers) of this route."""
        return tuple(reader.gid for reader in self._readers()), ()

    def stand_ins(self) -> tuple[StandIn, ...]:
        """Our readers, which stand for the subscribers elsewhere."""
        readers, _ = self.endpoint_gids()
        key_expr = self.planned.spec.key_expr
        return (StandIn(kind=TokenKind.SUBSCRIBER, key_expr=key_expr, readers=readers),) if readers else ()

    def counters(self) -> RouteCounters:
        """Counters so far. Thread: any."""
        reader = self._reader
        lost = self._dds_lost_before + (reader.lost_samples() if reader is not None else 0)
        return self.flow.counters(dds_lost=lost)

    def compare_clocks(self, offsets: ClockOffsets) -> None:
        """The clocks of other agents were compared, which our own writers do not need."""
        self.flow.latency.follow_local(latched=bool(self.planned.latched))

    def set_matching(self, matching: bool, now_s: float) -> None:  # noqa: FBT001 - an event's value
        """Somebody on Zenoh began or ceased to want the samples.

        Raises:
            DdsError: the reader cannot be created.
        """
        self._matching = matching
        self._idle_at_s = None if matching or self.planned.eager else now_s + LINGER_S
        if matching:
            self.flow.account.matched(now_s)
        if matching and self._reader is None:
            self._start_reader()

    def update(self, planned: PlannedRoute, now_s: float) -> None:
        """Follow a changed plan; reader and publisher are replaced only when they must differ.

        Raises:
            DdsError, ZenohError: the new reader, publisher or token is refused.
        """
        self.planned = planned
        self.flow.follow(planned)
        if self._declared != _declaration(planned):
            self._replace_publisher(now_s)
        self._announce()
        if self._reader is None and self._matching:
            self._start_reader()
        elif self._reader is not None and self._requested != planned.qos.matching_part():
            self._rebuild_reader(self._reader, now_s)

    def forget_sources(self) -> None:
        """Who may cross has changed: ask anew whose samples these are. Thread: engine."""
        self.flow.forget_sources()

    def bridge_gone(self, zid: str) -> None:
        """The way to another agent broke, or it ended."""
        if any(token.zid == zid for token in self.planned.remote):
            self.flow.account.bridge_gone(zid)

    def bridge_back(self, zid: str) -> None:
        """There is a way to that agent again."""
        self.flow.account.bridge_back(zid)

    def report(self, _now_s: float) -> None:
        """Tell receivers what was sent."""
        self.flow.report()

    def tick(self, now_s: float) -> None:
        """Do what has become due."""
        if self._old_reader is not None and now_s >= self._old_until_s:
            self._close_old()
        while self._old_publishers and now_s >= self._old_publishers[0][1]:
            self._old_publishers.pop(0)[0].close()
        if self._idle_at_s is not None and now_s >= self._idle_at_s:
            # Who lost its link and is waited for finds its topic still being read, and its loss counted.
            self._idle_at_s = now_s + LINGER_S if self.planned.remote else None
            if self._idle_at_s is None:
                self._close_reader()

    def next_tick_s(self) -> float | None:
        """When :meth:`tick` has something to do."""
        due = [self._idle_at_s, self._old_until_s if self._old_reader is not None else None]
        due += [until_s for _, until_s in self._old_publishers[:1]]
        return min((one for one in due if one is not None), default=None)

    def close(self) -> None:
        """Retire the token, pass on what was taken, undeclare the publisher."""
        for token in self._tokens.values():
            token.close()
        self._tokens.clear()
        self._close_old()
        self._close_reader()
        self.flow.close()
        for publisher in (*(old for old, _ in self._old_publishers), self.flow.publisher):
            publisher.close()

    def _open_publisher(self) -> ZenohPublisher:
        planned, account, tell = self.planned, self.flow.account, self._on_matching
        self.flow.blocking = planned.block and self._may_block

        def matching_changed(matching: bool) -> None:  # noqa: FBT001 - Zenoh's callback
            """Thread: Zenoh's. It knows nothing of the route, which knows the publisher: no cycle is left."""
            account.reachable = matching
            tell(matching)

        return self._zenoh.open_publisher(
            key_expr=planned.spec.key_expr,
            block=self.flow.blocking,
            priority=planned.priority,
            express=planned.express,
            cache=self.flow.cache,
            on_matching=matching_changed,
        )

    def _replace_publisher(self, now_s: float) -> None:
        """Another publisher, for the history as it is kept now; the reader goes on."""
        successor = self._open_publisher()
        self._old_publishers.append((self.flow.publisher, now_s + OVERLAP_S))
        self.flow.publisher, self._declared = successor, _declaration(self.planned)

    def _readers(self) -> tuple[RawReader, ...]:
        return tuple(one for one in (self._reader, self._old_reader) if one is not None)

    def _open_reader(self) -> RawReader:
        planned = self.planned
        reader = self._dds.open_reader(
            dds_topic=planned.dds_topic,
            dds_type=planned.dds_type,
            keyed=planned.keyed,
            qos=planned.qos,
            sink=self.flow,
        )
        self._requested = planned.qos.matching_part()
        return reader

    def _start_reader(self) -> None:
        self._reader = self._open_reader()
        # Before its first sample comes, which asks for the GID of its writer.
        self.flow.read_by(*self._readers())
        self._reader.start()

    def _rebuild_reader(self, reader: RawReader, now_s: float) -> None:
        successor = self._open_reader()
        if self._old_reader is not None:
            self._forget(self._old_reader)
        self._old_reader, self._old_until_s, self._reader = reader, now_s + OVERLAP_S, successor
        self.flow.read_by(*self._readers())
        successor.start()

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is None:
            return
        self._forget(reader)
        self.flow.reader_closed()

    def _close_old(self) -> None:
        reader, self._old_reader = self._old_reader, None
        if reader is not None:
            self._forget(reader)

    def _forget(self, reader: RawReader) -> None:
        self._dds_lost_before += reader.lost_samples()
        reader.close()
        self.flow.read_by(*self._readers())

    def _announce(self) -> None:
        """Tokens as planned: those that differ are retired first, so that upstream sees one at most."""
        wanted = _token_texts(self.planned)
        for text in [known for known in self._tokens if known not in wanted]:
            self._tokens.pop(text).close()
        for text in wanted:
            if text not in self._tokens:
                self._tokens[text] = self._zenoh.announce(text)


def _token_texts(planned: PlannedRoute) -> list[str]:
    texts = [str(token) for token in planned.writer_tokens()]
    return [*texts, str(planned.token)] if planned.token is not None else texts


def _declaration(planned: PlannedRoute) -> tuple[bool, int, bool, bool]:
    """What a publisher is declared with, so that another one is needed when it changes."""
    return planned.block, planned.priority, planned.express, bool(planned.latched)
