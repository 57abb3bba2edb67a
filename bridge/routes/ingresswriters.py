"""The DDS writers of an ingress route: a common one, and one for each remote TRANSIENT_LOCAL writer.

Of those each keeps its own history, as it does at home. A writer whose offer must differ is replaced by one
that has matched the readers before, and kept until its last samples are acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.core.farnodes import StandIn
from bridge.core.gid import Gid
from bridge.core.plan import UNANNOUNCED_DEPTH, PlannedRoute
from bridge.core.qos import History, HistoryKind, Qos, mismatches
from bridge.core.tokens import TokenKind, WriterToken
from bridge.ports import Clock, DdsSide, RawWriter
from bridge.routes.ingressflow import IngressFlow

MAX_WRITERS = 256
"""DDS writers of one TRANSIENT_LOCAL route; further sources share the common one."""
SWAP_S = 1.0
"""How long a new DDS writer may take to match the readers of the one it replaces."""
RETIRE_S = 1.0
"""How long a replaced DDS writer is kept for its last acknowledgements."""


@dataclass(slots=True, eq=False)
class _Retired:
    """A DDS writer that only waits for its last acknowledgements."""

    writer: RawWriter
    until_s: float


def open_writer(dds: DdsSide, planned: PlannedRoute, qos: Qos) -> RawWriter:
    """A writer for a route, with this QoS. Raises DdsError."""
    return dds.open_writer(
        dds_topic=planned.dds_topic, dds_type=planned.dds_type, keyed=planned.keyed, qos=qos
    )


class IngressWriters:
    """Thread: engine.

    Args:
        planned: the route.
        common: writes for every source that has no writer of its own.
        dds: where they are opened.
        flow: told which writer is whose.
        clock: for everything that waits.
    """

    def __init__(
        self, planned: PlannedRoute, *, common: RawWriter, dds: DdsSide, flow: IngressFlow, clock: Clock
    ) -> None:
        self._planned = planned
        self._common = common
        self._dds = dds
        self._flow = flow
        self._clock = clock
        self._offered = planned.qos.matching_part()
        self._next: RawWriter | None = None
        """Matching the local readers, to replace the common writer."""
        self._next_until_s = 0.0
        self._sources: dict[bytes, tuple[WriterToken, RawWriter]] = {}
        self._retired: list[_Retired] = []

    def _used(self) -> list[RawWriter]:
        writers = [self._common, *(writer for _, writer in self._sources.values())]
        return writers if self._next is None else [*writers, self._next]

    def gids(self) -> tuple[Gid, ...]:
        """Of those that are matched by readers, or soon will be."""
        return tuple(writer.gid for writer in self._used())

    def stand_ins(self) -> tuple[StandIn, ...]:
        """Our writers, which stand for the publishers elsewhere."""
        key_expr = self._planned.spec.key_expr
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

    def update(self, planned: PlannedRoute, now_s: float) -> None:
        """Follow a changed plan; they are replaced only when their offer must differ. Raises DdsError."""
        self._planned = planned
        if self._offered != planned.qos.matching_part():
            self._replace_common(planned.qos, now_s)
            self._replace_sources()
            self._offered = planned.qos.matching_part()

    def follow_sources(self) -> bool:
        """One DDS writer for each announced TRANSIENT_LOCAL writer; those gone take their history along.

        Returns:
            Whether there is one more.

        Raises:
            DdsError: refused.
        """
        wanted: dict[bytes, WriterToken] = {}
        if self._planned.qos.transient_local:
            wanted = {token.writer.value: token for token in self._planned.sources[:MAX_WRITERS]}
        for source_id, (_, writer) in list(self._sources.items()):
            if source_id not in wanted:
                del self._sources[source_id]
                self._flow.drop_source(source_id)
                self._retire(writer, self._clock.monotonic_s())
        known = set(self._sources)
        for source_id, token in wanted.items():
            if source_id not in known:
                writer = open_writer(self._dds, self._planned, self._source_qos(token))
                self._sources[source_id] = (token, writer)
                self._flow.use_source(source_id, writer)
        return self._sources.keys() != known

    def tick(self, now_s: float) -> None:
        """Do what has become due."""
        if self._next is not None and (
            self._next.matched() >= max(self._common.matched(), self._expected_readers())
            or now_s >= self._next_until_s
        ):
            self._retire(self._flow.use_common(self._next), now_s)
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
        """Delete all, once what they wrote is acknowledged, or :data:`RETIRE_S` later."""
        deadline_s = self._clock.monotonic_s() + RETIRE_S
        for writer in (*self._used(), *(retired.writer for retired in self._retired)):
            writer.wait_acknowledged(max(0.0, deadline_s - self._clock.monotonic_s()))
            writer.close()

    def _replace_common(self, qos: Qos, now_s: float) -> None:
        successor = open_writer(self._dds, self._planned, qos)
        if self._next is not None:
            self._retire(self._next, now_s)
        self._next, self._next_until_s = successor, now_s + SWAP_S

    def _expected_readers(self) -> int:
        """Local readers that the new offer suits: its writer has matched when it matched them."""
        planned = self._planned
        return sum(not mismatches(planned.qos, reader.qos) for reader in planned.local)

    def _replace_sources(self) -> None:
        for source_id, (token, writer) in list(self._sources.items()):
            successor = open_writer(self._dds, self._planned, self._source_qos(token))
            self._sources[source_id] = (token, successor)
            self._flow.use_source(source_id, successor)
            self._retire(writer, self._clock.monotonic_s())

    def _source_qos(self, token: WriterToken) -> Qos:
        if token.depth < 0:
            history = History(kind=HistoryKind.KEEP_ALL, depth=-1)
        else:
            history = History(kind=HistoryKind.KEEP_LAST, depth=token.depth or UNANNOUNCED_DEPTH)
        return replace(self._planned.qos, history=history)

    def _retire(self, writer: RawWriter, now_s: float) -> None:
        self._retired.append(_Retired(writer=writer, until_s=now_s + RETIRE_S))
