"""A seeded load of raw samples: exact numbers, sizes, source times; every counter has one right value."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Iterator
from typing import Any

from cyclonedds.core import Policy
from cyclonedds.core import Qos as CycloneQos
from cyclonedds.domain import Domain, DomainParticipant

from bridge.core.qos import History, HistoryKind, Qos, Reliability
from bridge.dds.endpoints import CycloneReader, CycloneWriter
from bridge.dds.rawtopic import create_topic
from bridge.dds.xmlconfig import DdsNetwork, cyclone_xml
from tests.integration.nodes.serving import Functions, serve

_TYPE = "std_msgs::msg::dds_::String_"
_QOS = Qos(reliability=Reliability.RELIABLE, history=History(kind=HistoryKind.KEEP_LAST, depth=5000))
_CDR_LE = b"\0\1\0\0"
_MAX_WORDS = 500
_NS_PER_MS = 1_000_000


def sizes(seed: int, count: int) -> list[int]:
    """Bytes of each payload, its header included; a multiple of 4, as CDR pads it."""
    chance = random.Random(seed)
    return [4 * chance.randint(2, _MAX_WORDS) for _ in range(count)]


@contextlib.contextmanager
def main() -> Iterator[Functions]:
    domain_id = int(os.environ["ROS_DOMAIN_ID"])
    domain = Domain(domain_id, cyclone_xml(DdsNetwork(discovery_range="localhost")))
    participant = DomainParticipant(domain_id, qos=CycloneQos(Policy.Userdata(b"enclave=/;")))
    writers: dict[str, CycloneWriter] = {}
    readers: dict[str, CycloneReader] = {}
    got: dict[str, list[int]] = {}
    kept: list[Any] = [domain]

    def topic(name: str) -> Any:
        return create_topic(participant, dds_topic=f"rt/{name}", dds_type=_TYPE, keyed=False)

    def advertise(name: str) -> None:
        writers[name] = CycloneWriter(participant, topic(name), qos=_QOS)

    def subscribe(name: str) -> None:
        readers[name] = CycloneReader(participant, topic(name), keyed=False, qos=_QOS)
        got[name] = []

    def matched(name: str) -> int:
        return writers[name].matched()

    def publish(name: str, seed: int, count: int, spacing_ms: float) -> None:
        """A burst whose source times are that far apart and end now."""
        begin_ns = time.time_ns() - int(count * spacing_ms * _NS_PER_MS)
        for number, size in enumerate(sizes(seed, count)):
            payload = _CDR_LE + bytes(size - len(_CDR_LE))
            while not writers[name].write(payload, begin_ns + int(number * spacing_ms * _NS_PER_MS)):
                time.sleep(0.001)

    def received(name: str) -> list[int]:
        """Bytes of each sample so far."""
        while taken := readers[name].take(256):
            got[name] += [len(sample.payload) for sample in taken]
        return got[name]

    yield {function.__name__: function for function in (advertise, subscribe, matched, publish, received)}
    kept.clear()


if __name__ == "__main__":
    serve(main)
