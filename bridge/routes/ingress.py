"""Zenoh → DDS: one topic's samples from a Zenoh subscription to our DDS writers.

A DDS writer exists as soon as a remote writer is announced, so that local nodes see the topic; the
subscription only while a local reader wants it. Which writers there are is in
:mod:`bridge.routes.ingresswriters`, what happens to each sample in :mod:`bridge.routes.ingressflow`.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from bridge.core.farnodes import StandIn
from bridge.core.gid import Gid
from bridge.core.latency import ClockOffsets
from bridge.core.plan import UNANNOUNCED_DEPTH, PlannedRoute
from bridge.core.qos import History, HistoryKind
from bridge.core.status import RouteCounters
from bridge.errors import DdsError, ZenohError
from bridge.ports import (
    Announcement,
    Clock,
    DdsSide,
    ZenohSide,
    ZenohSubscriber,
)
from bridge.routes.ingressflow import IngressFlow
from bridge.routes.ingresswriters import IngressWriters, open_writer
from bridge.routes.retry import RetryThread

log = logging.getLogger(__name__)

REBUILD_FIRST_S = 5.0
REBUILD_MAX_S = 60.0
"""Between two attempts to hear a silent topic; doubled from the first on."""
_ALL_HISTORY = 0xFFFFFFFF
"""As ``_max`` of a history query: everything (wire specification 2.4)."""


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
        self._zenoh = zenoh
        self._subscriber: ZenohSubscriber | None = None
        self._token: Announcement | None = None
        self._token_text = ""
        common = open_writer(dds, planned, planned.qos)
        self.flow = IngressFlow(planned, common=common, retry=retry, clock=clock)
        """Where samples go; the subscription's."""
        self._writers = IngressWriters(planned, common=common, dds=dds, flow=self.flow, clock=clock)
        self.silent = False
        """Somebody sends, and nothing comes although the link stands."""
        self.rebuilds = 0
        """Times it was subscribed anew because of that."""
        self._rebuild_at_s = 0.0
        self._rebuild_pause_s = REBUILD_FIRST_S
        try:
            self._writers.follow_sources()
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
        return (), self._writers.gids()

    def stand_ins(self) -> tuple[StandIn, ...]:
        """Our writers, which stand for the publishers elsewhere."""
        return self._writers.stand_ins()

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
        self._writers.update(planned, now_s)
        subscribed = self._subscriber is not None
        more = self._writers.follow_sources()
        self.flow.release_early(planned)
        self._follow_readers()
        if subscribed and more:
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
        self._writers.tick(now_s)

    def next_tick_s(self) -> float | None:
        """When :meth:`tick` has something to do."""
        return self._writers.next_tick_s()

    def close(self) -> None:
        """Retire the token, stop receiving, write what was received, delete the writers."""
        self._unannounce()
        self._unsubscribe()
        self.flow.close()
        self._writers.close()

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


def _limit(history: History) -> int:
    return _ALL_HISTORY if history.kind is HistoryKind.KEEP_ALL else history.depth
