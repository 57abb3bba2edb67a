"""The two ends of a measurement: a sender and a receiver of opaque messages, over DDS or over Zenoh.

The same for every arm. DDS ends are raw, so that what is measured is the bridge and not the coding of
messages in Python.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import zenoh
from cyclonedds.core import Policy
from cyclonedds.core import Qos as CycloneQos
from cyclonedds.domain import Domain, DomainParticipant

from bridge.core import rosgraph
from bridge.core.gid import Gid
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.rosgraph import NodeEntities, ParticipantEntities
from bridge.dds.endpoints import CycloneReader, CycloneWriter
from bridge.dds.rawtopic import create_topic
from bridge.dds.waitset import IndexedWaitSet
from bridge.dds.xmlconfig import DdsNetwork, cyclone_xml

TYPE = "std_msgs::msg::dds_::String_"
QOS = Qos(reliability=Reliability.RELIABLE, history=History(kind=HistoryKind.KEEP_LAST, depth=1000))
_INFO_QOS = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    history=History(kind=HistoryKind.KEEP_LAST, depth=1),
    user_data=rosgraph.USER_DATA,
)
_FULL_PAUSE_S = 0.0002
_WAIT_NS = 100_000_000


class End(Protocol):
    """One node on one side."""

    def send(self, topic: str, payload: bytes) -> None:
        """Send one message; waits while there is no room."""

    def receive(self, topic: str, on_message: Callable[[bytes], None]) -> None:
        """Hand every message of a topic over, on a thread of its own."""

    def publish_all(self, topics: Sequence[str]) -> None:
        """Be ready to send on all of them."""

    def receive_all(self, topics: Sequence[str], on_message: Callable[[bytes], None]) -> None:
        """As :meth:`receive`, of all of them."""

    def wait_matched(self, topic: str, timeout_s: float) -> bool:
        """Whether somebody listens to what is sent there."""

    def close(self) -> None:
        """Stop."""


class DdsEnd:
    """A node on a DDS domain, loopback only."""

    def __init__(self, domain_id: int) -> None:
        self._domain = Domain(domain_id, cyclone_xml(DdsNetwork(discovery_range="localhost")))
        # As every RMW has it; a Cyclone participant that claims nodes without it counts as a foreign bridge.
        qos = CycloneQos(Policy.Userdata(b"enclave=/;"))
        self._participant = DomainParticipant(domain_id, qos=qos)
        self._writers: dict[str, CycloneWriter] = {}
        self._visiting: list[CycloneReader] = []
        self._waitset = IndexedWaitSet(self._participant)
        self._handlers: dict[int, tuple[CycloneReader, Callable[[bytes], None]]] = {}
        made = create_topic(
            self._participant, dds_topic=rosgraph.DDS_TOPIC, dds_type=rosgraph.DDS_TYPE, keyed=False
        )
        self._info = CycloneWriter(self._participant, made, qos=_INFO_QOS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bench-dds", daemon=True)
        self._thread.start()

    def _writer(self, topic: str) -> CycloneWriter:
        if topic not in self._writers:
            self.publish_all([topic])
        return self._writers[topic]

    def publish_all(self, topics: Sequence[str]) -> None:
        """See :class:`End`."""
        for topic in topics:
            made = create_topic(self._participant, dds_topic=f"rt/{topic}", dds_type=TYPE, keyed=False)
            self._writers[topic] = CycloneWriter(self._participant, made, qos=QOS)
        self._claim()

    def visit(self, topic: str) -> CycloneReader:
        """A subscriber that nobody reads; :meth:`leave` ends it."""
        made = create_topic(self._participant, dds_topic=f"rt/{topic}", dds_type=TYPE, keyed=False)
        reader = CycloneReader(self._participant, made, keyed=False, qos=QOS)
        self._visiting.append(reader)
        self._claim()
        return reader

    def leave(self, reader: CycloneReader) -> None:
        """The end of a visit."""
        self._visiting.remove(reader)
        reader.close()
        self._claim()

    def _claim(self) -> None:
        """Name a node that owns all endpoints: the Rust bridge does not see any other."""
        node = NodeEntities(
            namespace="/",
            name="bench",
            readers=tuple(
                reader.gid for reader in (*(one for one, _ in self._handlers.values()), *self._visiting)
            ),
            writers=tuple(writer.gid for writer in self._writers.values()),
        )
        gid = Gid(self._participant.guid.bytes)
        entities = ParticipantEntities(participant=gid, nodes=(node,), gid_size=16)
        self._info.write(rosgraph.encode(entities), time.time_ns())

    def send(self, topic: str, payload: bytes) -> None:
        """See :class:`End`."""
        writer = self._writer(topic)
        while not writer.write(payload, time.time_ns()):
            time.sleep(_FULL_PAUSE_S)

    def receive(self, topic: str, on_message: Callable[[bytes], None]) -> None:
        """See :class:`End`."""
        self.receive_all([topic], on_message)

    def receive_all(self, topics: Sequence[str], on_message: Callable[[bytes], None]) -> None:
        """See :class:`End`."""
        for topic in topics:
            made = create_topic(self._participant, dds_topic=f"rt/{topic}", dds_type=TYPE, keyed=False)
            reader = CycloneReader(self._participant, made, keyed=False, qos=QOS)
            index = len(self._handlers) + 1
            self._handlers[index] = (reader, on_message)
            self._waitset.attach(reader.condition_ref, index)
        self._claim()

    def wait_matched(self, topic: str, timeout_s: float) -> bool:
        """See :class:`End`."""
        writer, deadline_s = self._writer(topic), time.monotonic() + timeout_s
        while writer.matched() == 0 and time.monotonic() < deadline_s:
            time.sleep(0.005)
        return writer.matched() > 0

    def _run(self) -> None:
        while not self._stop.is_set():
            for index in self._waitset.wait(_WAIT_NS):
                reader, on_message = self._handlers[index]
                for sample in reader.take(64):
                    on_message(sample.payload)

    def close(self) -> None:
        """See :class:`End`."""
        self._stop.set()
        self._thread.join(2.0)


class ZenohEnd:
    """A session on a Zenoh link, without any DDS."""

    def __init__(self, *, listen: str | None, connect: str | None) -> None:
        options = {
            "mode": "peer",
            "listen/endpoints": [listen] if listen else [],
            "connect/endpoints": [connect] if connect else [],
            "scouting/multicast/enabled": False,
            "scouting/gossip/enabled": False,
            "timestamping/enabled": True,
            "transport/shared_memory/enabled": False,
        }
        config = zenoh.Config()
        for key, value in options.items():
            config.insert_json5(key, json.dumps(value))
        self._session = zenoh.open(config)
        self._publishers: dict[str, zenoh.Publisher] = {}
        self._subscribers: list[zenoh.Subscriber[None]] = []

    def _publisher(self, topic: str) -> zenoh.Publisher:
        publisher = self._publishers.get(topic)
        if publisher is None:
            publisher = self._publishers[topic] = self._session.declare_publisher(
                topic, congestion_control=zenoh.CongestionControl.BLOCK
            )
        return publisher

    def send(self, topic: str, payload: bytes) -> None:
        """See :class:`End`."""
        self._publisher(topic).put(payload)

    def receive(self, topic: str, on_message: Callable[[bytes], None]) -> None:
        """See :class:`End`."""

        def received(sample: zenoh.Sample) -> None:
            on_message(bytes(sample.payload))

        handler = zenoh.handlers.Callback(received, indirect=False)
        self._subscribers.append(self._session.declare_subscriber(topic, handler))

    def publish_all(self, topics: Sequence[str]) -> None:
        """See :class:`End`."""
        for topic in topics:
            self._publisher(topic)

    def receive_all(self, topics: Sequence[str], on_message: Callable[[bytes], None]) -> None:
        """See :class:`End`."""
        for topic in topics:
            self.receive(topic, on_message)

    def wait_matched(self, topic: str, timeout_s: float) -> bool:
        """See :class:`End`."""
        publisher, deadline_s = self._publisher(topic), time.monotonic() + timeout_s
        while not publisher.matching_status and time.monotonic() < deadline_s:
            time.sleep(0.005)
        return bool(publisher.matching_status)

    def close(self) -> None:
        """See :class:`End`."""
        self._session.close()
