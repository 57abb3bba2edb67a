"""What happens to each sample of an egress route: checked, thinned, identified, kept for late joiners, sent.

The pump's half of the route; :mod:`bridge.routes.egress` decides when there is a reader and a publisher.
Samples pass straight through; they wait in a bounded queue only while a put blocks.
"""

from __future__ import annotations

from collections.abc import Callable

from bridge.core.cdr import check_payload
from bridge.core.gid import Gid
from bridge.core.latency import PassiveLatency
from bridge.core.plan import UNANNOUNCED_DEPTH, PlannedRoute
from bridge.core.routespec import DropCause
from bridge.core.status import RouteCounters
from bridge.errors import WireError, ZenohError
from bridge.ports import Clock, DdsSample, RawReader, ZenohPublisher, ZenohSample
from bridge.routes.account import REPORT_NS, Account
from bridge.routes.backlog import Backlog
from bridge.routes.history import HistoryCache
from bridge.routes.rate import rate_limit
from bridge.routes.source import Source
from bridge.routes.stats import RouteStats, malformed_cause

MAX_AHEAD_NS = 100_000_000
"""A source time further ahead of our clock is pulled back to it: 0.3 s ahead moves the hybrid clock of
every Zenoh session, and beyond 0.5 s routers replace the time stamp (design, fact 11)."""


class EgressFlow:
    """The samples of one egress route; a :class:`bridge.ports.SampleSink`.

    Thread: the sink's methods the pump's, the others the engine's.
    """

    def __init__(
        self,
        planned: PlannedRoute,
        *,
        clock: Clock,
        agent_prefixes: Callable[[], frozenset[bytes]],
        own: Gid,
    ) -> None:
        """Not sending yet: :attr:`publisher` is to be set before the first sample.

        Args:
            planned: the route.
            clock: what source times are compared with.
            agent_prefixes: GID prefixes of other agents, whose samples are not passed on.
            own: our participant.
        """
        self._planned = planned
        self._clock = clock
        self._agent_prefixes = agent_prefixes
        self._own = own
        self._readers: tuple[RawReader, ...] = ()
        self.latency = PassiveLatency()
        """From the writers' stamps to here."""
        self.latency.follow_local(latched=bool(planned.latched))
        self._stats = RouteStats(self.latency)
        self.account = Account(self._stats)
        """What receivers are told of what was sent."""
        self.blocking = False
        """Samples wait for a full link."""
        self._backlog: Backlog[DdsSample] = Backlog()
        self._sources: dict[int, Source] = {}
        self._limit = rate_limit(planned.rule.max_rate_hz)
        self.cache = HistoryCache() if planned.latched else None
        """What late joiners are given."""
        self.publisher: ZenohPublisher
        """Where samples go; may be replaced at any time."""
        self._overlap = False
        """Two readers deliver, so a sample that comes second is passed over."""

    def counters(self, *, dds_lost: int) -> RouteCounters:
        """Counters so far. Thread: any."""
        return self._stats.counters(
            queue_messages=len(self._backlog), queue_bytes=self._backlog.payload_bytes, dds_lost=dds_lost
        )

    def follow(self, planned: PlannedRoute) -> None:
        """Take over a changed plan: who publishes, who may, and how often."""
        before, self._planned = self._planned, planned
        if before.remote != planned.remote:
            self.account.follow({token.zid for token in planned.remote})
        self._forget_writers(before)
        if not planned.latched:
            self.cache = None
        elif self.cache is None:
            self.cache = HistoryCache()
        self._describe_sources()
        if before.refused != planned.refused:
            self.forget_sources()
        if before.rule.max_rate_hz != planned.rule.max_rate_hz:
            self._limit = rate_limit(planned.rule.max_rate_hz)

    def _forget_writers(self, before: PlannedRoute) -> None:
        gone = {endpoint.gid for endpoint in before.local} - {
            endpoint.gid for endpoint in self._planned.local
        }
        if gone:
            self.report()  # the last chance to tell how much of them was sent
        for gid in gone:
            if self.cache is not None:
                self.cache.forget(gid.value)
        for handle, source in list(self._sources.items()):
            if Gid(source.gid) in gone:
                # In place: the pump may be adding another one.
                self._sources.pop(handle, None)

    def forget_sources(self) -> None:
        """Who may cross has changed: ask anew whose samples these are."""
        self.report()
        self._sources = {}

    def report(self) -> None:
        """Tell receivers what was sent."""
        now_s = self._clock.monotonic_s()
        self.account.report(self.publisher, list(self._sources.values()), now_s, blocking=self.blocking)

    def read_by(self, *readers: RawReader) -> None:
        """The readers that deliver from now on: they know whose samples these are."""
        self._readers, self._overlap = readers, len(readers) > 1

    def reader_closed(self) -> None:
        """The next reader gets the history from the writers again, unless it must suit volatile ones, too."""
        if self.cache is not None and self._planned.qos.transient_local:
            self.cache.clear()
            self._limit = rate_limit(self._planned.rule.max_rate_hz)
            for source in list(self._sources.values()):
                source.expect_repeats()

    def close(self) -> None:
        """Count what still waits as dropped."""
        self._stats.drop(DropCause.CLOSED, self._backlog.clear())

    def accept(self, samples: list[DdsSample]) -> None:  # noqa: C901 - a call for each step would cost more
        """See :class:`bridge.ports.SampleSink`."""
        now_ns = self._clock.time_ns()
        ahead_ns = now_ns + MAX_AHEAD_NS
        stats, latency = self._stats, self.latency
        account = self.account
        for payload, raw_ns, handle in samples:
            source = self._sources.get(handle) or self._learn(handle)
            if source.refused is not None:
                stats.drop(source.refused)
                continue
            try:
                check_payload(payload)
            except WireError:
                stats.drop(malformed_cause(payload))
                continue
            if self._overlap and raw_ns <= source.last_raw_ns:
                continue  # the other reader had it already
            source.last_raw_ns = raw_ns
            if self._limit is not None and not self._limit.passes(source.gid, raw_ns):
                stats.drop(DropCause.RATE_LIMITED)
                continue
            if raw_ns >= latency.next_ns:
                latency.sample(raw_ns, now_ns)
            source_ns = source.identity_ns(raw_ns, ahead_ns)
            if source.keeps_history:
                if (cache := self.cache) is not None:
                    cache.store(ZenohSample(payload, source_ns, source.gid), depth=source.depth)
            elif not account.reachable:
                account.unreached += 1
                continue
            try:
                self.publisher.put(payload, source_ns, source.gid)
            except ZenohError:
                stats.drop(DropCause.WRITE_FAILED)
                continue
            if source_ns > source.sent[1]:
                source.sent = (source.sent[0] + 1, source_ns)
            stats.messages += 1
            stats.payload_bytes += len(payload)
        if abs(ahead_ns - account.told_ns) >= REPORT_NS:
            account.told_ns = ahead_ns
            sources = list(self._sources.values())
            account.tell(self.publisher, sources, blocking=self.blocking, wait=self.blocking)

    def enqueue(self, samples: list[DdsSample]) -> None:
        """See :class:`bridge.ports.SampleSink`."""
        for sample in samples:
            dropped = self._backlog.push(sample, len(sample.payload))
            if dropped:
                self._stats.drop(DropCause.QUEUE_FULL, dropped)

    def flush(self) -> None:
        """See :class:`bridge.ports.SampleSink`."""
        while (sample := self._backlog.pop()) is not None:
            self.accept([sample])

    def pending(self) -> bool:
        """See :class:`bridge.ports.SampleSink`."""
        return len(self._backlog) > 0

    def _learn(self, handle: int) -> Source:
        gid = self._writer_gid(handle)
        source = Source(
            gid=gid.value,
            refused=self._refusal(gid),
            depth=UNANNOUNCED_DEPTH,
            keeps_history=self.cache is not None,  # until it is known, see below
        )
        self._describe_sources(source)
        self._sources[handle] = source
        return source

    def _writer_gid(self, handle: int) -> Gid:
        for reader in self._readers:
            if (found := reader.writer_gid(handle)) is not None:
                return found
        # Its writer is gone by now; the handle is as unique as its GID was.
        return Gid(b"\xff" * 4 + self._own.value[4:8] + handle.to_bytes(8, "big"))

    def _describe_sources(self, *sources: Source) -> None:
        """What discovery told about them, or about all; a sample may come before its writer is discovered."""
        known = {endpoint.gid.value: endpoint.qos for endpoint in self._planned.local}
        for source in sources or tuple(self._sources.values()):
            if (qos := known.get(source.gid)) is None:
                continue
            source.keeps_history = qos.transient_local
            source.depth = UNANNOUNCED_DEPTH if qos.history is None else qos.history.depth
            if not qos.transient_local and self.cache is not None:
                self.cache.forget(source.gid)

    def _refusal(self, gid: Gid) -> DropCause | None:
        if gid.prefix in self._agent_prefixes():
            return DropCause.FOREIGN_AGENT
        return DropCause.NOT_ALLOWED if gid in self._planned.refused else None
