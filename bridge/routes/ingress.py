"""Zenoh → DDS: one topic's samples from a Zenoh subscription to our DDS writers.

The DDS writer exists as soon as a remote writer is announced, so that local nodes see the topic; the
subscription only while a local reader wants it. A TRANSIENT_LOCAL route has one DDS writer for each remote
writer, so that each keeps its own history, as it does at home. What happens to each sample is in
:mod:`bridge.routes.ingressflow`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from bridge.core.farnodes import StandIn
from bridge.core.gid import Gid
from bridge.core.latency import ClockOffsets
from bridge.core.plan import UNANNOUNCED_DEPTH, PlannedRoute
from bridge.core.qos import History, HistoryKind, Qos, mismatches
from bridge.core.status import RouteCounters
from bridge.core.tokens import TokenKind, WriterToken
from bridge.errors import DdsError, ZenohError
from bridge.ports import (
    Announcement,
    Clock,
    DdsSide,
    RawWriter,
    ZenohSide,
    ZenohSubscriber,
)
from bridge.routes.ingressflow import IngressFlow
from bridge.routes.retry import RetryThread

log = logging.getLogger(__name__)

MAX_WRITERS = 256
"""DDS writers of one TRANSIENT_LOCAL route; further sources share the common one."""
SWAP_S = 1.0
"""How long a new DDS writer may take to match the readers of the one it replaces."""
RETIRE_S = 1.0
"""How long a replaced DDS writer is kept for its last acknowledgements."""
REBUILD_FIRST_S = 5.0
REBUILD_MAX_S = 60.0
"""Between two attempts to hear a silent topic; doubled from the first on."""
_ALL_HISTORY = 0xFFFFFFFF
"""As ``_max`` of a history query: everything (wire specification 2.4)."""


@dataclass(slots=True, eq=False)
class _Retired:
    """A DDS writer that only waits for its last acknowledgements."""

    writer: RawWriter
    until_s: float


class IngressRoute:
    """One open ingress route. Thread: engine."""

    def __init__(
        self,
        planned: PlannedRoute,
        *,
        dds: DdsSide,
        zenoh: ZenohSide,
        retry: RetryThread,
        clock: Clock,
    ) -> None:
        """Create the DDS writers, subscribe if somebody here wants it, then announce that.

        Raises:
            DdsError, ZenohError: refused.
        """
        self.planned = planned
        self._dds = dds
        self._zenoh = zenoh
        self._clock = clock
        self._retired: list[_Retired] = []
        self._next: RawWriter | None = None
        """Matching the local readers, to replace the common writer."""
        self._next_until_s = 0.0
        self._sources: dict[bytes, tuple[WriterToken, RawWriter]] = {}
        self._subscriber: ZenohSubscriber | None = None
        self._token: Announcement | None = None
        self._token_text = ""
        self._common = self._open_writer(planned.qos)
        self.flow = IngressFlow(planned, common=self._common, retry=retry, clock=clock)
        """Where samples go; the subscription's."""
        self._offered = planned.qos.matching_part()
        self.silent = False
        """Somebody sends, and nothing comes although the link stands."""
        self.rebuilds = 0
        """Times it was subscribed anew because of that."""
        self._rebuild_at_s = 0.0
        self._rebuild_pause_s = REBUILD_FIRST_S
        try:
            self._follow_sources()
            self._follow_readers()
        except (DdsError, ZenohError):
            self.close()  # else what is open so far would stay, and be opened again at the next try
            raise

    @property
    def active(self) -> bool:
        """Whether samples are subscribed to."""
        return self._subscriber is not None

    @property
    def idle_reason(self) -> str:
        """Why nothing crosses though it could."""
        if self._subscriber is None:
            return "no local node subscribes to it"
        return "" if self.planned.remote else "nobody on Zenoh has announced that it publishes it"

    def endpoint_gids(self) -> tuple[tuple[Gid, ...], tuple[Gid, ...]]:
        """Our (readers, writers) of this route."""
        writers = [self._common, *(writer for _, writer in self._sources.values())]
        if self._next is not None:
            writers.append(self._next)
        return (), tuple(writer.gid for writer in writers)

    def stand_ins(self) -> tuple[StandIn, ...]:
        """Our writers, which stand for the publishers elsewhere."""
        key_expr = self.planned.spec.key_expr
        common = [writer.gid for writer in (self._common, self._next) if writer is not None]
        found = [StandIn(kind=TokenKind.PUBLISHER, key_expr=key_expr, writers=tuple(common))]
        found += [
            StandIn(
                kind=TokenKind.PUBLISHER,
                key_expr=key_expr,
                writers=(writer.gid,),
                source=token.writer.prefix,
            )
            for token, writer in self._sources.values()
        ]
        return tuple(found)

    def counters(self) -> RouteCounters:
        """Counters so far. Thread: any."""
        return replace(self.flow.counters(), rebuilds=self.rebuilds)

    def compare_clocks(self, offsets: ClockOffsets) -> None:
        """The clocks of other agents were compared with ours."""
        zids = frozenset(token.zid for token in self.planned.remote)
        self.flow.latency.follow(offsets, zids, latched=self.planned.qos.transient_local)

    def update(self, planned: PlannedRoute, now_s: float) -> None:
        """Follow a changed plan; a DDS writer is rebuilt only when its offer must differ.

        Raises:
            DdsError, ZenohError: refused.
        """
        self.planned = planned
        self.flow.limit(planned)
        if self._offered != planned.qos.matching_part():
            self._replace_common(planned.qos, now_s)
            self._replace_sources()
            self._offered = planned.qos.matching_part()
        known, subscribed = set(self._sources), self._subscriber is not None
        self._follow_sources()
        self.flow.release_early(planned)
        self._follow_readers()
        if subscribed and self._sources.keys() - known:
            self.refresh_history()  # its live samples may have come before its token, or never

    def refresh_history(self) -> None:
        """A remote writer was announced (again): ask what was missed while it was away."""
        if self._subscriber is not None and self.planned.qos.transient_local:
            self.flow.history_begins()
            self._ask_history(self._subscriber)

    def bridge_gone(self, zid: str) -> None:
        """The way to another agent broke, or it ended."""
        self.flow.bridge_gone(zid)

    def report(self, now_s: float) -> None:
        """Count what history did not bring; subscribe anew where nothing comes of what is sent."""
        self.flow.report(now_s)
        self.silent = self.flow.silent(now_s)
        if not self.silent:
            self._rebuild_pause_s = REBUILD_FIRST_S
        elif self._subscriber is not None and now_s >= self._rebuild_at_s:
            self._rebuild_at_s = now_s + self._rebuild_pause_s
            self._rebuild_pause_s = min(REBUILD_MAX_S, 2 * self._rebuild_pause_s)
            self._resubscribe(self._subscriber)

    def _resubscribe(self, before: ZenohSubscriber) -> None:
        """Another subscription beside the silent one, which then goes: what both bring passes once."""
        try:
            self._subscriber = self._subscribe()
        except ZenohError as error:
            log.warning(
                "%s: nothing comes, and it cannot be subscribed to anew: %s", self.planned.spec, error
            )
            return
        self.rebuilds += 1
        log.warning("%s: it is sent, but nothing comes: subscribed anew", self.planned.spec)
        self._subscriber.follow_counts(frozenset(token.zid for token in self.planned.remote))
        before.close()

    def tick(self, now_s: float) -> None:
        """Do what has become due."""
        if self._next is not None and (
            self._next.matched() >= max(self._common.matched(), self._expected_readers())
            or now_s >= self._next_until_s
        ):
            self._retire(self.flow.use_common(self._next), now_s)
            self._common, self._next = self._next, None
        still = []
        for retired in self._retired:
            if now_s >= retired.until_s or retired.writer.wait_acknowledged(0.0):
                retired.writer.close()
            else:
                still.append(retired)
        self._retired = still

    def next_tick_s(self) -> float | None:
        """When :meth:`tick` has something to do; both of its jobs are looked at often while they last."""
        return self._clock.monotonic_s() + 0.01 if self._next is not None or self._retired else None

    def close(self) -> None:
        """Retire the token, stop receiving, write what was received, delete the writers."""
        self._unannounce()
        self._unsubscribe()
        self.flow.close()
        writers = [self._common, *(writer for _, writer in self._sources.values())]
        writers += [retired.writer for retired in self._retired]
        if self._next is not None:
            writers.append(self._next)
        deadline_s = self._clock.monotonic_s() + RETIRE_S
        for writer in writers:
            writer.wait_acknowledged(max(0.0, deadline_s - self._clock.monotonic_s()))
            writer.close()

    def _follow_readers(self) -> None:
        """Subscribe while somebody here wants the samples, then announce it; the reverse otherwise."""
        planned = self.planned
        if planned.wanted and self._subscriber is None:
            self._subscriber = self._subscribe()
        if self._subscriber is not None:
            self._subscriber.follow_counts(frozenset(token.zid for token in planned.remote))
        text = "" if planned.token is None else str(planned.token)
        if text != self._token_text:
            self._unannounce()
            if text:
                self._token = self._zenoh.announce(text)
            self._token_text = text
        if not planned.wanted:
            self._unsubscribe()

    def _subscribe(self) -> ZenohSubscriber:
        history = self.planned.qos.transient_local
        if history:
            self.flow.history_begins()
        try:
            subscriber = self._zenoh.open_subscriber(
                key_expr=self.planned.spec.key_expr,
                on_sample=self.flow.received,
                on_counts=self.flow.counted,
            )
        except ZenohError:
            if history:
                self.flow.history_done([])
            raise
        if history:
            self._ask_history(subscriber)
        return subscriber

    def _unannounce(self) -> None:
        token, self._token, self._token_text = self._token, None, ""
        if token is not None:
            token.close()

    def _unsubscribe(self) -> None:
        subscriber, self._subscriber = self._subscriber, None
        if subscriber is not None:
            subscriber.close()

    def _ask_history(self, subscriber: ZenohSubscriber) -> None:
        depths = [token.qos.history for token in self.planned.remote]
        wanted = [UNANNOUNCED_DEPTH if one is None else _limit(one) for one in depths]
        wanted += [_limit(endpoint.qos.history) for endpoint in self.planned.local if endpoint.qos.history]
        wanted += [source.depth if source.depth > 0 else UNANNOUNCED_DEPTH for source in self.planned.sources]
        subscriber.fetch_history(max(wanted, default=UNANNOUNCED_DEPTH), self.flow.history_done)

    def _open_writer(self, qos: Qos) -> RawWriter:
        planned = self.planned
        return self._dds.open_writer(
            dds_topic=planned.dds_topic, dds_type=planned.dds_type, keyed=planned.keyed, qos=qos
        )

    def _replace_common(self, qos: Qos, now_s: float) -> None:
        successor = self._open_writer(qos)
        if self._next is not None:
            self._retire(self._next, now_s)
        self._next, self._next_until_s = successor, now_s + SWAP_S

    def _expected_readers(self) -> int:
        """Local readers that the new offer suits: its writer has matched when it matched them."""
        planned = self.planned
        return sum(not mismatches(planned.qos, reader.qos) for reader in planned.local)

    def _replace_sources(self) -> None:
        for source_id, (token, writer) in list(self._sources.items()):
            self._swap_source(source_id, token, writer)

    def _swap_source(self, source_id: bytes, token: WriterToken, writer: RawWriter) -> None:
        successor = self._open_writer(self._source_qos(token))
        self._sources[source_id] = (token, successor)
        self.flow.use_source(source_id, successor)
        self._retire(writer, self._clock.monotonic_s())

    def _follow_sources(self) -> None:
        """One DDS writer for each announced TRANSIENT_LOCAL writer; those gone take their history along."""
        wanted: dict[bytes, WriterToken] = {}
        if self.planned.qos.transient_local:
            wanted = {token.writer.value: token for token in self.planned.sources[:MAX_WRITERS]}
        for source_id, (_, writer) in list(self._sources.items()):
            if source_id not in wanted:
                del self._sources[source_id]
                self.flow.drop_source(source_id)
                self._retire(writer, self._clock.monotonic_s())
        for source_id, token in wanted.items():
            if source_id not in self._sources:
                writer = self._open_writer(self._source_qos(token))
                self._sources[source_id] = (token, writer)
                self.flow.use_source(source_id, writer)

    def _source_qos(self, token: WriterToken) -> Qos:
        if token.depth < 0:
            history = History(kind=HistoryKind.KEEP_ALL, depth=-1)
        else:
            history = History(kind=HistoryKind.KEEP_LAST, depth=token.depth or UNANNOUNCED_DEPTH)
        return replace(self.planned.qos, history=history)

    def _retire(self, writer: RawWriter, now_s: float) -> None:
        self._retired.append(_Retired(writer=writer, until_s=now_s + RETIRE_S))


def _limit(history: History) -> int:
    return _ALL_HISTORY if history.kind is HistoryKind.KEEP_ALL else history.depth
