"""What happens to each sample of an ingress route: checked, told from repeats, thinned, ordered, written.

Zenoh's half of the route; :mod:`bridge.routes.ingress` decides when there is a subscription and which DDS
writers there are. Samples pass straight through, unless history comes first, their writer is still to be
announced, or DDS has no room.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

from bridge.core.cdr import check_payload
from bridge.core.counts import CountRecord
from bridge.core.latency import PassiveLatency
from bridge.core.plan import PlannedRoute
from bridge.core.routespec import DropCause
from bridge.core.status import RouteCounters
from bridge.errors import DdsError, WireError
from bridge.ports import Clock, RawWriter, ZenohSample
from bridge.routes.backlog import Backlog
from bridge.routes.early import EarlySamples
from bridge.routes.gate import HistoryGate
from bridge.routes.ledger import Ledger
from bridge.routes.rate import rate_limit
from bridge.routes.retry import RetryThread
from bridge.routes.stats import RouteStats, malformed_cause

MAX_UNREAD = 64
"""Records kept while history is waited for: one a second from each agent."""
MAX_SOURCES = 4096
"""Source writers whose last time is remembered for de-duplication; the longest silent one gives way."""


class _Queued(NamedTuple):
    """A sample that waits for its writer; by source, since the writer may be replaced meanwhile."""

    source_id: bytes
    payload: bytes
    source_ns: int


class IngressFlow:
    """The samples of one ingress route.

    Thread: ``received`` and ``history_done`` Zenoh's, ``retry`` ingress-retry's, the others the engine's.
    """

    def __init__(self, planned: PlannedRoute, *, common: RawWriter, retry: RetryThread, clock: Clock) -> None:
        """Ready to write.

        Args:
            planned: the route.
            common: DDS writer of every source that has none of its own.
            retry: offers again what DDS had no room for.
            clock: for samples without a time, and for those that wait.
        """
        self._lock = threading.Lock()
        """Guards everything that samples touch: several links may deliver at once."""
        self._common = common
        self._sources: dict[bytes, RawWriter] = {}
        self._retry = retry
        self._clock = clock
        self.latency = PassiveLatency()
        """From the writers' stamps to here."""
        self._stats = RouteStats(self.latency)
        self._last_ns: OrderedDict[bytes, int] = OrderedDict()
        self._ledger = Ledger(recovers=planned.qos.transient_local, max_sources=MAX_SOURCES)
        self._unread: list[tuple[str, CountRecord]] = []
        """Records that came behind samples which are still held back."""
        self._backlog: Backlog[_Queued] = Backlog()
        self._gate = HistoryGate()
        self._early: EarlySamples[_Queued] = EarlySamples()
        self._awaits_tokens = _announces_writers(planned)
        self._max_rate_hz = planned.rule.max_rate_hz
        self._limit = rate_limit(planned.rule.max_rate_hz)
        self._closed = False

    def counters(self) -> RouteCounters:
        """Counters so far. Thread: any."""
        return self._stats.counters(
            queue_messages=len(self._backlog), queue_bytes=self._backlog.payload_bytes
        )

    def limit(self, planned: PlannedRoute) -> None:
        """Take over a changed rule."""
        if self._max_rate_hz != planned.rule.max_rate_hz:
            self._max_rate_hz = planned.rule.max_rate_hz
            self._limit = rate_limit(planned.rule.max_rate_hz)

    def use_common(self, writer: RawWriter) -> RawWriter:
        """Another common writer from now on; returns the one before."""
        with self._lock:
            before, self._common = self._common, writer
        return before

    def use_source(self, source_id: bytes, writer: RawWriter) -> None:
        """A writer for one source alone."""
        with self._lock:
            self._sources[source_id] = writer

    def drop_source(self, source_id: bytes) -> None:
        """A source is gone, and its writer is about to go."""
        with self._lock:
            del self._sources[source_id]
            # Should it come back, its history passes once more: to late joiners it is gone from here.
            self._last_ns.pop(source_id, None)

    def release_early(self, planned: PlannedRoute) -> None:
        """Write what came before its writer was known, or what nobody is going to announce."""
        with self._lock:
            self._awaits_tokens = _announces_writers(planned)
            for source_id in self._sources:
                for queued in self._early.announced(source_id):
                    self._write(*queued)
            if not self._awaits_tokens:
                for queued in self._early.all():
                    self._write(*queued)

    def history_begins(self) -> None:
        """A query for history is about to be sent: live samples wait until its end."""
        with self._lock:
            self._gate.query_begins()

    def history_done(self, samples: list[ZenohSample]) -> None:
        """One query has ended; after the last one nothing is held back any more."""
        with self._lock:
            self._gate.query_ended(samples)
            if not self._gate.shut and not self._closed:
                self._release()

    def received(self, sample: ZenohSample) -> None:
        """One live sample."""
        with self._lock:
            if self._closed:
                return  # undeclared, but Zenoh was on its way with it
            if not self._gate.shut:
                self._pass(sample)
            elif dropped := self._gate.hold(sample):
                self._stats.drop(DropCause.QUEUE_FULL, dropped)

    def counted(self, zid: str, record: CountRecord) -> None:
        """What a sender has sent so far. Thread: Zenoh's."""
        with self._lock:
            if not self._gate.shut:
                self._compare(zid, record)
            elif len(self._unread) < MAX_UNREAD:
                self._unread.append((zid, record))

    def bridge_gone(self, zid: str) -> None:
        """The way to another agent broke, or it ended."""
        with self._lock:
            self._ledger.bridge_gone(zid)

    def silent(self, now_s: float) -> bool:
        """Whether somebody sends, and nothing comes although the link stands."""
        with self._lock:
            return self._ledger.silent(now_s)

    def report(self, now_s: float) -> None:
        """Count what history did not bring."""
        with self._lock:
            for cause, count in self._ledger.overdue(now_s).items():
                self._stats.lose(cause, count)

    def _compare(self, zid: str, record: CountRecord) -> None:
        """Under the lock."""
        for cause, count in self._ledger.take(zid, record, self._last_ns, self._clock.monotonic_s()).items():
            self._stats.lose(cause, count)

    def retry(self) -> bool:
        """Offer what waits again; True when nothing does."""
        with self._lock:
            for early in self._early.overdue(self._clock.monotonic_s()):
                self._write(*early)
            while (queued := self._backlog.peek()) is not None:
                if not self._offer(*queued):
                    return False
                self._backlog.pop()
            return not self._early

    def close(self) -> None:
        """Write what was received; what DDS has no room for is counted as dropped."""
        with self._lock:
            self._closed = True
            self._release()
            for queued in self._early.all():
                self._write(*queued)
        self._retry.discard(self)
        self.retry()
        self._stats.drop(DropCause.CLOSED, self._backlog.clear())

    def _release(self) -> None:
        """Under the lock."""
        for sample, replayed in self._gate.release():
            self._pass(sample, replayed=replayed)
        unread, self._unread = self._unread, []
        for zid, record in unread:
            self._compare(zid, record)

    def _pass(self, sample: ZenohSample, *, replayed: bool = False) -> None:
        """Check, de-duplicate, write. Under the lock."""
        payload, source_ns, source_id = sample
        try:
            check_payload(payload)
        except WireError:
            self._stats.drop(malformed_cause(payload))
            return
        if source_ns is None:
            source_ns = self._clock.time_ns()
        elif not self._is_new(source_id, source_ns, replayed=replayed):
            return
        if self._limit is not None and not self._limit.passes(source_id, source_ns):
            self._stats.drop(DropCause.RATE_LIMITED)
        elif self._awaits_tokens and self._is_early(source_id):
            self._hold_early(_Queued(source_id, payload, source_ns))
        else:
            self._write(source_id, payload, source_ns)

    def _is_new(self, source_id: bytes, source_ns: int, *, replayed: bool) -> bool:
        """Whether a sample is later than all before of its writer; remembers its time then."""
        last_ns = self._last_ns.get(source_id, -1)
        if source_ns <= last_ns:
            # The same sample comes live and as history: that is how history works, and no fault.
            if not replayed:
                self._stats.drop(DropCause.DUPLICATE if source_ns == last_ns else DropCause.STALE)
            return False
        if source_ns >= self.latency.next_ns and not replayed:
            self.latency.sample(source_ns, self._clock.time_ns())
        self._last_ns[source_id] = source_ns
        self._last_ns.move_to_end(source_id)
        if len(self._last_ns) > MAX_SOURCES:
            self._ledger.forget(self._last_ns.popitem(last=False)[0])
        counted = self._ledger.replayed if replayed else self._ledger.arrived
        counted[source_id] = counted.get(source_id, 0) + 1
        return True

    def _is_early(self, source_id: bytes) -> bool:
        """Whether the sample belongs to the history of a writer that is still to be announced."""
        return source_id not in self._sources and bool(source_id) and not self._early.is_stranger(source_id)

    def _hold_early(self, queued: _Queued) -> None:
        now_s = self._clock.monotonic_s()
        if dropped := self._early.hold(queued.source_id, queued, len(queued.payload), now_s):
            self._stats.drop(DropCause.QUEUE_FULL, dropped)
        self._retry.add(self)

    def _write(self, source_id: bytes, payload: bytes, source_ns: int) -> None:
        """To DDS, behind what waits already. Under the lock."""
        if self._backlog or not self._offer(source_id, payload, source_ns):
            if dropped := self._backlog.push(_Queued(source_id, payload, source_ns), len(payload)):
                self._stats.drop(DropCause.QUEUE_FULL, dropped)
            self._retry.add(self)

    def _offer(self, source_id: bytes, payload: bytes, source_ns: int) -> bool:
        """Write; False when there is no room. A refusal for good is counted and is the sample's end."""
        writer = self._sources.get(source_id, self._common)
        try:
            if not writer.write(payload, source_ns):
                return False
        except DdsError:
            self._stats.drop(DropCause.WRITE_FAILED)
            return True
        self._stats.messages += 1
        self._stats.payload_bytes += len(payload)
        return True


def _announces_writers(planned: PlannedRoute) -> bool:
    """Whether each writer behind this route has a token, or will: not with bridges other than ours."""
    announcing = {source.zid for source in planned.sources}
    return planned.qos.transient_local and all(token.zid in announcing for token in planned.remote)
