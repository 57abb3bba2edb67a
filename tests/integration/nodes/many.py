"""Many raw endpoints in one process: numbered messages out, counts and latencies in.

Raw, because a thousand typed topics would measure the coding of messages in Python.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

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
from tests.integration.nodes.serving import Functions, serve

_TYPE = "std_msgs::msg::dds_::String_"
_QOS = Qos(reliability=Reliability.RELIABLE, history=History(kind=HistoryKind.KEEP_LAST, depth=100))
_INFO_QOS = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    history=History(kind=HistoryKind.KEEP_LAST, depth=1),
    user_data=rosgraph.USER_DATA,
)
_MESSAGE = struct.Struct("<4sQq")
_CDR_LE = b"\0\1\0\0"
_WAIT_NS = 50_000_000


class Sender(threading.Thread):
    """Publishes on several topics at one rate each, with numbers of their own, until stopped."""

    def __init__(self, writers: Sequence[CycloneWriter], rate_hz: float) -> None:
        super().__init__(name="sender", daemon=True)
        self._writers, self._rate_hz = writers, rate_hz
        self._halt = threading.Event()
        self.rounds = 0

    def run(self) -> None:
        began_s, number = time.monotonic(), 0
        count = len(self._writers)
        # Evenly over the period: a thousand publishers do not fire at the same moment.
        while not self._halt.wait(max(0.0, began_s + number / (self._rate_hz * count) - time.monotonic())):
            self.rounds, index = divmod(number, count)
            message = _MESSAGE.pack(_CDR_LE, self.rounds, time.monotonic_ns())
            while not self._writers[index].write(message, time.time_ns()):
                time.sleep(0.001)
            number += 1

    def halt(self) -> int:
        """Stop; answers how many whole rounds there were."""
        self._halt.set()
        self.join()
        return self.rounds


class Receiver:
    """Counts what arrives, by topic."""

    def __init__(self, participant: DomainParticipant) -> None:
        self._waitset = IndexedWaitSet(participant)
        self._readers: dict[int, tuple[str, CycloneReader]] = {}
        self.counts: dict[str, list[int]] = {}
        """By topic: received, lost between first and last, doubled, last number."""
        self.latencies_ns: dict[str, list[int]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)
        self._thread.start()

    def add(self, topic: str, reader: CycloneReader) -> None:
        index = len(self._readers) + 1
        self.counts[topic] = [0, 0, 0, -1]
        self.latencies_ns[topic] = []
        self._readers[index] = (topic, reader)
        self._waitset.attach(reader.condition_ref, index)

    def _run(self) -> None:
        while not self._stop.is_set():
            for index in self._waitset.wait(_WAIT_NS):
                topic, reader = self._readers[index]
                for sample in reader.take(256):
                    self._count(topic, sample.payload)

    def _count(self, topic: str, payload: bytes) -> None:
        _, number, sent_ns = _MESSAGE.unpack_from(payload)
        count = self.counts[topic]
        self.latencies_ns[topic].append(time.monotonic_ns() - sent_ns)
        if number <= count[3]:
            count[2] += 1
            return
        if count[3] >= 0:
            count[1] += number - count[3] - 1
        count[0] += 1
        count[3] = number

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


@contextlib.contextmanager
def main() -> Iterator[Functions]:  # noqa: C901 - a function for each call
    domain_id = int(os.environ["ROS_DOMAIN_ID"])
    domain = Domain(domain_id, cyclone_xml(DdsNetwork(discovery_range="localhost")))
    # As every RMW has it; a Cyclone participant that claims nodes without it is taken for a foreign bridge.
    participant = DomainParticipant(domain_id, qos=CycloneQos(Policy.Userdata(b"enclave=/;")))
    receiver = Receiver(participant)
    senders: dict[str, Sender] = {}
    kept: list[Any] = [domain]

    def topic(name: str) -> Any:
        return create_topic(participant, dds_topic=f"rt/{name}", dds_type=_TYPE, keyed=False)

    def claim(node: str) -> None:
        """Say in ros_discovery_info that a node of that name owns every writer so far."""
        gid = Gid(participant.guid.bytes)
        writers = tuple(one.gid for one in kept if isinstance(one, CycloneWriter))
        entities = NodeEntities(namespace="/", name=node, readers=(), writers=writers)
        made = create_topic(
            participant, dds_topic=rosgraph.DDS_TOPIC, dds_type=rosgraph.DDS_TYPE, keyed=False
        )
        writer = CycloneWriter(participant, made, qos=_INFO_QOS)
        info = ParticipantEntities(participant=gid, nodes=(entities,), gid_size=16)
        writer.write(rosgraph.encode(info), time.time_ns())
        kept.append([writer])

    def publish(group: str, names: Sequence[str], rate_hz: float) -> None:
        writers = [CycloneWriter(participant, topic(name), qos=_QOS) for name in names]
        senders[group] = Sender(writers, rate_hz)
        kept.extend(writers)
        senders[group].start()

    def stop_publishing(group: str) -> int:
        return senders.pop(group).halt()

    def subscribe(names: Sequence[str]) -> None:
        for name in names:
            receiver.add(name, CycloneReader(participant, topic(name), keyed=False, qos=_QOS))

    def counts(names: Sequence[str]) -> list[list[int]]:
        return [receiver.counts[name] for name in names]

    def heard() -> int:
        return sum(count[0] > 0 for count in receiver.counts.values())

    def latency_ms(name: str) -> dict[str, float]:
        found = sorted(receiver.latencies_ns[name])
        return {
            "p50": found[len(found) // 2] / 1e6,
            "p99": found[int(len(found) * 0.99)] / 1e6,
            "max": found[-1] / 1e6,
        }

    def forget_latencies() -> None:
        for values in receiver.latencies_ns.values():
            values.clear()

    def churn(name: str, times: int) -> int:
        """Subscribers of a topic that come and go, one after another."""
        for _ in range(times):
            CycloneReader(participant, topic(name), keyed=False, qos=_QOS).close()
        return times

    yield {
        function.__name__: function
        for function in (
            claim, publish, stop_publishing, subscribe, counts, heard, latency_ms, forget_latencies, churn
        )
    }  # fmt: skip
    for sender in senders.values():
        sender.halt()
    receiver.close()


if __name__ == "__main__":
    serve(main)
