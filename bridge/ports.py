"""What the routes and the engine need of the two worlds, as Protocols.

``dds/`` and ``zenoh/`` implement these with the real libraries, ``tests/fakes/`` in memory; one
contract suite runs against both. Nothing here imports a library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from bridge.core.counts import CountRecord
from bridge.core.events import Event
from bridge.core.gid import Gid
from bridge.core.linkinfo import LinkInfo
from bridge.core.qos import Qos
from bridge.core.rosgraph import WIDTH_IRON, NodeEntities

EventSink = Callable[[Event], None]
"""Takes an event; never blocks. Thread: any."""


class DdsSample(NamedTuple):
    """One sample taken from DDS: opaque bytes and where they come from."""

    payload: bytes
    """Encapsulation header (4 bytes) and body."""
    source_ns: int
    """Source time stamp, ns since the Unix epoch."""
    writer_handle: int
    """Cyclone's instance handle of the writer; ask the reader for its GID."""


class SampleSink(Protocol):
    """Where a DDS reader's samples go."""

    def accept(self, samples: list[DdsSample]) -> None:
        """Pass the samples on, in order. May block; the pump then relieves its thread.

        Thread: the pump's, one at a time for each sink.
        """

    def enqueue(self, samples: list[DdsSample]) -> None:
        """Keep samples for later, within bounds, while another thread is still in :meth:`accept`.

        Thread: dds-pump.
        """

    def flush(self) -> None:
        """Pass queued samples on, in order. May block. Thread: the one that was in ``accept``."""

    def pending(self) -> bool:
        """Whether anything is queued. Thread: any."""


class RawReader(Protocol):
    """A DDS reader of serialized samples."""

    gid: Gid

    def start(self) -> None:
        """Begin to hand samples over; before, the sink gets none. Thread: engine."""

    def writer_gid(self, handle: int) -> Gid | None:
        """GID of a writer by the handle in its samples; None when it is gone already."""

    def lost_samples(self) -> int:
        """Samples DDS itself reported lost or rejected so far."""

    def close(self) -> None:
        """Stop and delete; idempotent."""


class RawWriter(Protocol):
    """A DDS writer of serialized samples."""

    gid: Gid

    def write(self, payload: bytes, source_ns: int) -> bool:
        """Write one sample; False when the writer's history is full and it should be tried again.

        Raises:
            DdsError: refused for good.

        Thread: any; never blocks.
        """

    def matched(self) -> int:
        """Readers matched now."""

    def wait_acknowledged(self, timeout_s: float) -> bool:
        """Whether all matched readers have acknowledged everything in time. Blocks."""

    def close(self) -> None:
        """Delete; idempotent."""


class DdsSide(Protocol):
    """The DDS domain as the engine sees it."""

    participant: Gid

    def start(self, emit: EventSink) -> None:
        """Begin discovery: what is there is told before this returns, the rest until :meth:`close`."""

    def open_reader(
        self, *, dds_topic: str, dds_type: str, keyed: bool, qos: Qos, sink: SampleSink
    ) -> RawReader:
        """A reader whose samples go to ``sink`` once it is started. Raises DdsError. Thread: engine."""

    def open_writer(self, *, dds_topic: str, dds_type: str, keyed: bool, qos: Qos) -> RawWriter:
        """A writer. Raises DdsError. Thread: any."""

    def announce_node(
        self,
        *,
        readers: Iterable[Gid],
        writers: Iterable[Gid],
        others: Iterable[NodeEntities] = (),
        gid_width: int = WIDTH_IRON,
    ) -> None:
        """Publish in ``ros_discovery_info`` our node, and nodes that endpoints of ours stand for.

        Args:
            readers: of our own node.
            writers: of our own node.
            others: nodes of the far side, with endpoints of ours.
            gid_width: bytes of a gid that the ROS nodes of the domain expect.

        Thread: engine.
        """

    def close(self) -> None:
        """Stop threads, delete everything; idempotent."""


class ZenohSample(NamedTuple):
    """One sample from Zenoh."""

    payload: bytes
    source_ns: int | None
    """Time of its time stamp, ns; None when it carried none."""
    source_id: bytes
    """Id of its time stamp (a writer GUID, or the zid of a foreign bridge); empty when it carried none."""


CountsSink = Callable[[str, CountRecord], None]
"""Takes what a Zenoh id says it has sent; never blocks. Thread: Zenoh's."""


class CacheReader(Protocol):
    """What a TRANSIENT_LOCAL publisher answers late joiners with."""

    def history(self, newest: int | None) -> list[ZenohSample]:
        """Oldest first; at most ``newest`` of each source writer. Thread: any."""


class ZenohPublisher(Protocol):
    """The Zenoh half of an egress route."""

    def put(self, payload: bytes, source_ns: int, source_id: bytes) -> None:
        """Send one sample with its source time and writer. May block (congestion control BLOCK).

        Raises:
            ZenohError: refused.
        """

    def put_counts(self, payload: bytes, *, block: bool) -> None:
        """Send a record of :mod:`bridge.core.counts` behind the samples; ``block``: it may block as they do.

        Raises:
            ZenohError: refused.
        """

    def close(self) -> None:
        """Undeclare; idempotent."""


class ZenohSubscriber(Protocol):
    """The Zenoh half of an ingress route."""

    def fetch_history(self, newest: int, done: Callable[[list[ZenohSample]], None]) -> None:
        """Ask every cache of the key for its history.

        ``done`` is called exactly once, also when nobody answers.

        Thread: any; ``done`` runs on a Zenoh thread.
        """

    def follow_counts(self, zids: frozenset[str]) -> None:
        """Take the records of these agents from now on, and of no others.

        Raises:
            ZenohError: refused.

        Thread: engine.
        """

    def close(self) -> None:
        """Undeclare; idempotent. A sample already on its way may still come."""


class Announcement(Protocol):
    """Something announced to the others until it is closed: a liveliness token."""

    def close(self) -> None:
        """Retire; idempotent."""


class ZenohSide(Protocol):
    """The Zenoh network as the engine sees it."""

    zid: str

    def start(self, emit: EventSink) -> None:
        """Watch tokens; events follow until :meth:`close`."""

    def announce(self, key_expr: str) -> Announcement:
        """Declare a liveliness token. Raises ZenohError."""

    def open_publisher(
        self,
        *,
        key_expr: str,
        block: bool,
        priority: int,
        express: bool,
        cache: CacheReader | None,
        on_matching: Callable[[bool], None],
    ) -> ZenohPublisher:
        """A publisher of Zenoh priority 1 (real time) to 7 (background).

        With ``cache`` it also answers history queries of both bridge generations.
        """

    def open_subscriber(
        self,
        *,
        key_expr: str,
        on_sample: Callable[[ZenohSample], None],
        on_counts: CountsSink | None = None,
    ) -> ZenohSubscriber:
        """A subscriber for samples of other sessions and for records of what those sent, in order.

        Records come from the agents of :meth:`ZenohSubscriber.follow_counts`. Neither callback may block.
        """

    def links(self) -> tuple[LinkInfo, ...]:
        """Transports open now."""

    def listening(self) -> tuple[str, ...]:
        """Endpoints we really listen on (port 0 resolved)."""

    def close(self) -> None:
        """Close the session; idempotent."""


class Clock(Protocol):
    """Time, so that tests can move it."""

    def monotonic_s(self) -> float:
        """Seconds that never go back."""

    def time_ns(self) -> int:
        """Wall clock, ns since the Unix epoch."""
