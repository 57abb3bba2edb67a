"""A DDS domain in memory: :class:`bridge.ports.DdsSide` for tests, able to refuse, lose, delay and be full.

A :class:`FakeDds` is one participant: the bridge's own, or a plain node's that the test plays.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from bridge.core.events import (
    Endpoint,
    EndpointDiscovered,
    EndpointKind,
    EndpointLost,
    Event,
    NodesAnnounced,
    ParticipantDiscovered,
    ParticipantLost,
)
from bridge.core.gid import VENDOR_CYCLONE, VENDOR_FASTDDS, Gid
from bridge.core.qos import Durability, Qos, Reliability, mismatches
from bridge.core.rosgraph import WIDTH_IRON, NodeEntities, ParticipantEntities
from bridge.errors import DdsError
from bridge.ports import DdsSample, EventSink, SampleSink
from tests.fakes.mail import Lane, Mail

_KEYED = {EndpointKind.WRITER: 0x02, EndpointKind.READER: 0x07}
_KEYLESS = {EndpointKind.WRITER: 0x03, EndpointKind.READER: 0x04}
_TOPIC = re.compile(r"[A-Za-z_][A-Za-z0-9_/]*")
_numbers = itertools.count(1)
"""Of all domains: a GUID is unique in the world."""


class FakeDomain:
    """What the participants of one domain share."""

    def __init__(self) -> None:
        self.sides: list[FakeDds] = []
        self.samples = Mail()
        self.lock = threading.RLock()
        self._lanes: dict[int, Lane] = {}

    def side(self, *, user_data: bytes = b"", vendor: bytes = VENDOR_CYCLONE) -> FakeDds:
        """One more participant; it is seen once it is started."""
        return FakeDds(self, user_data=user_data, vendor=vendor)

    def next_number(self) -> int:
        """For GIDs and handles."""
        return next(_numbers)

    def lane(self, sink: SampleSink) -> Lane:
        """The one way into a sink, whatever the number of its readers."""
        with self.lock:
            return self._lanes.setdefault(id(sink), Lane(sink))


class FakeReader:
    """See :class:`bridge.ports.RawReader`."""

    def __init__(self, endpoint: Endpoint, side: FakeDds, sink: SampleSink) -> None:
        self.endpoint = endpoint
        self.gid = endpoint.gid
        self.side = side
        self.started = False
        self.closed = False
        self.lost = 0
        """What DDS is to have lost."""
        self._lane = side.domain.lane(sink)
        self._early: list[DdsSample] = []
        """Came before the start."""

    def start(self) -> None:
        self.started = True
        early, self._early = self._early, []
        if early:
            self._lane.hand_over(early)
        for writer in self.side.foreign_writers():
            writer.replay_to(self)

    def writer_gid(self, handle: int) -> Gid | None:
        return next((writer.gid for writer in self.side.foreign_writers() if writer.handle == handle), None)

    def lost_samples(self) -> int:
        return self.lost

    def receive(self, samples: list[DdsSample]) -> None:
        """The domain brings samples."""
        if self.started and not self.closed:
            self._lane.hand_over(samples)
        elif not self.closed:
            self._early += samples

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.side.drop(self)


class FakeWriter:
    """See :class:`bridge.ports.RawWriter`."""

    def __init__(self, endpoint: Endpoint, side: FakeDds) -> None:
        self.endpoint = endpoint
        self.gid = endpoint.gid
        self.side = side
        self.handle = side.domain.next_number()
        self.closed = False
        self.room: int | None = None
        """Samples it still takes before it is full; None: any number."""
        self.refusal = ""
        """What it answers every write with, for good."""
        self.acknowledges = True
        self.matches: int | None = None
        """Readers it claims to have matched, where that is not to be the truth."""
        self.written: list[tuple[bytes, int]] = []
        """(payload, source time) of everything it took."""
        self._kept: deque[DdsSample] = deque(maxlen=_depth(endpoint.qos))

    def write(self, payload: bytes, source_ns: int) -> bool:
        if self.closed:
            raise DdsError("the writer is closed")
        if self.refusal:
            raise DdsError(self.refusal)
        if self.room is not None:
            if self.room <= 0:
                return False
            self.room -= 1
        self.written.append((payload, source_ns))
        sample = DdsSample(payload, source_ns, self.handle)
        if self.endpoint.qos.transient_local:
            self._kept.append(sample)
        for reader in self._matched():
            self.side.domain.samples.post(lambda reader=reader: reader.receive([sample]))
        return True

    def replay_to(self, reader: FakeReader) -> None:
        """A late joiner gets the history, if both keep one."""
        if self._kept and reader.endpoint.qos.transient_local and _match(self.endpoint, reader.endpoint):
            samples = list(self._kept)
            self.side.domain.samples.post(lambda: reader.receive(samples))

    def matched(self) -> int:
        return len(self._matched()) if self.matches is None else self.matches

    def wait_acknowledged(self, timeout_s: float) -> bool:
        return self.acknowledges

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.side.drop(self)

    def _matched(self) -> list[FakeReader]:
        return [reader for reader in self.side.foreign_readers() if _match(self.endpoint, reader.endpoint)]


class FakeDds:
    """See :class:`bridge.ports.DdsSide`."""

    def __init__(self, domain: FakeDomain, *, user_data: bytes, vendor: bytes) -> None:
        self.domain = domain
        prefix = vendor + domain.next_number().to_bytes(10, "big")
        self.participant = Gid(prefix + b"\x00\x00\x01\xc1")
        self.user_data = user_data
        self.node = "/zenlink"
        """Full name of the node that is announced; empty: a participant without one."""
        self.refusal = ""
        """What it answers with when asked for an endpoint."""
        self.readers: list[FakeReader] = []
        self.writers: list[FakeWriter] = []
        self.opened = 0
        """Endpoints created so far."""
        self.heard_s: float | None = None
        """When the others heard of it; None: when they are told."""
        self._entities: ParticipantEntities | None = None
        self._emit: EventSink | None = None
        self.closed = False

    def start(self, emit: EventSink) -> None:
        with self.domain.lock:
            self._emit = emit
            others = list(self.domain.sides)
            self.domain.sides.append(self)
        if self.node:
            self.announce_node(readers=(), writers=())
        for other in others:
            self._hear_all_of(other)
            other._hear_all_of(self)

    def open_reader(
        self, *, dds_topic: str, dds_type: str, keyed: bool, qos: Qos, sink: SampleSink
    ) -> FakeReader:
        endpoint = self._endpoint(EndpointKind.READER, dds_topic, dds_type, keyed, qos)
        reader = FakeReader(endpoint, self, sink)
        self.readers.append(reader)
        self._tell(_discovered(endpoint))
        return reader

    def open_writer(self, *, dds_topic: str, dds_type: str, keyed: bool, qos: Qos) -> FakeWriter:
        endpoint = self._endpoint(EndpointKind.WRITER, dds_topic, dds_type, keyed, qos)
        writer = FakeWriter(endpoint, self)
        self.writers.append(writer)
        self._tell(_discovered(endpoint))
        return writer

    def announce_node(
        self,
        *,
        readers: Iterable[Gid],
        writers: Iterable[Gid],
        others: Iterable[NodeEntities] = (),
        gid_width: int = WIDTH_IRON,
    ) -> None:
        namespace, _, name = self.node.rpartition("/")
        node = NodeEntities(
            namespace=namespace or "/", name=name, readers=tuple(readers), writers=tuple(writers)
        )
        self._entities = ParticipantEntities(
            participant=self.participant, nodes=(node, *others), gid_size=gid_width
        )
        self._tell(NodesAnnounced(entities=self._entities))

    def close(self) -> None:
        """In good order: each endpoint says farewell, then the participant."""
        for endpoint in [*self.readers, *self.writers]:
            endpoint.close()
        self.crash()

    def crash(self) -> None:
        """Without a farewell of the endpoints: the lease of the participant runs out."""
        if self.closed:
            return
        self.closed = True
        for endpoint in [*self.readers, *self.writers]:
            endpoint.closed = True
        self.readers.clear()
        self.writers.clear()
        with self.domain.lock:
            if self in self.domain.sides:
                self.domain.sides.remove(self)
        self._tell(ParticipantLost(gid=self.participant))

    def foreign_writers(self) -> list[FakeWriter]:
        """Every open writer of the other participants."""
        return [writer for side in self._others() for writer in list(side.writers)]

    def foreign_readers(self) -> list[FakeReader]:
        """Every open reader of the other participants."""
        return [reader for side in self._others() for reader in list(side.readers)]

    def drop(self, endpoint: FakeReader | FakeWriter) -> None:
        """An endpoint was closed."""
        among = self.readers if isinstance(endpoint, FakeReader) else self.writers
        if endpoint in among:
            among.remove(endpoint)  # type: ignore[arg-type]
            self._tell(EndpointLost(gid=endpoint.gid))

    def _endpoint(self, kind: EndpointKind, dds_topic: str, dds_type: str, keyed: bool, qos: Qos) -> Endpoint:
        if self.refusal:
            raise DdsError(self.refusal)
        if not _TOPIC.fullmatch(dds_topic):
            raise DdsError(f"cannot create topic {dds_topic} of type {dds_type}: bad parameter")
        self.opened += 1
        entity = (_KEYED if keyed else _KEYLESS)[kind]
        gid = Gid(self.participant.prefix + self.domain.next_number().to_bytes(3, "big") + bytes([entity]))
        return Endpoint(gid=gid, kind=kind, dds_topic=dds_topic, dds_type=dds_type, qos=_as_cyclone(qos))

    def _others(self) -> list[FakeDds]:
        with self.domain.lock:
            return [side for side in self.domain.sides if side is not self]

    def _tell(self, event: Event) -> None:
        with self.domain.lock:
            known = self in self.domain.sides or self.closed
        for other in self._others() if known else ():
            other._hear(event)

    def _hear_all_of(self, other: FakeDds) -> None:
        self._hear(
            ParticipantDiscovered(gid=other.participant, user_data=other.user_data, heard_s=other.heard_s)
        )
        for endpoint in [*other.writers, *other.readers]:
            self._hear(_discovered(endpoint.endpoint))
        if other._entities is not None:
            self._hear(NodesAnnounced(entities=other._entities))

    def _hear(self, event: Event) -> None:
        if self._emit is not None and not self.closed:
            self._emit(event)


def _discovered(endpoint: Endpoint) -> EndpointDiscovered:
    if endpoint.gid.vendor == VENDOR_FASTDDS:  # it keeps its history to itself
        endpoint = replace(endpoint, qos=replace(endpoint.qos, history=None))
    return EndpointDiscovered(endpoint=endpoint)


def _match(writer: Endpoint, reader: Endpoint) -> bool:
    same = (writer.dds_topic, writer.dds_type, writer.gid.keyed) == (
        reader.dds_topic,
        reader.dds_type,
        reader.gid.keyed,
    )
    return same and not mismatches(writer.qos, reader.qos)


def _as_cyclone(qos: Qos) -> Qos:
    """What our endpoints make of it: two durabilities, and best effort where nothing is said."""
    durability = Durability.TRANSIENT_LOCAL if qos.transient_local else Durability.VOLATILE
    return replace(qos, durability=durability, reliability=qos.reliability or Reliability.BEST_EFFORT)


def _depth(qos: Qos) -> int | None:
    if qos.history is None:
        return 1
    return None if qos.history.keep_all else qos.history.depth
