"""A DDS participant that behaves badly: garbage in ``ros_discovery_info``, impossible names, huge user data.

It can also listen on a topic, to tell what a subscriber got of the bad behaviour of others.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

from cyclonedds.core import Policy
from cyclonedds.core import Qos as CycloneQos
from cyclonedds.domain import Domain, DomainParticipant

from bridge.core import rosgraph
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.dds.endpoints import CycloneReader, CycloneWriter
from bridge.dds.rawtopic import create_topic
from bridge.dds.xmlconfig import DdsNetwork, cyclone_xml
from bridge.errors import DdsError
from tests.integration.nodes.serving import Functions, serve

_TYPE = "std_msgs::msg::dds_::String_"
_KEPT = History(kind=HistoryKind.KEEP_LAST, depth=100)
_TAKE = 256


@contextlib.contextmanager
def main() -> Iterator[Functions]:  # noqa: C901 - a function for each call
    domain_id = int(os.environ["ROS_DOMAIN_ID"])
    domain = Domain(domain_id, cyclone_xml(DdsNetwork(discovery_range="localhost")))
    participant = DomainParticipant(domain_id)
    readers: dict[str, CycloneReader] = {}
    received: dict[str, list[str]] = {}
    kept: list[Any] = [domain]

    def topic(dds_topic: str, dds_type: str) -> Any:
        return create_topic(participant, dds_topic=dds_topic, dds_type=dds_type, keyed=False)

    def announce(dds_topic: str, dds_type: str, kind: str, user_data_bytes: int = 0) -> str:
        """An endpoint (``writer`` or ``reader``) that stays; why Cyclone refuses it, else empty."""
        qos = Qos(reliability=Reliability.RELIABLE, history=_KEPT, user_data=b"\xff" * user_data_bytes)
        try:
            made = topic(dds_topic, dds_type)
            if kind == "writer":
                kept.append(CycloneWriter(participant, made, qos=qos))
            else:
                kept.append(CycloneReader(participant, made, keyed=False, qos=qos))
        except DdsError as error:
            return str(error)
        return ""

    def join(user_data_bytes: int) -> None:
        """One more participant, with that much user data."""
        kept.append(DomainParticipant(domain_id, qos=CycloneQos(Policy.Userdata(b"\xff" * user_data_bytes))))

    def write_node_info(payloads: Sequence[str]) -> int:
        """Each of these, in hex, as a sample of ``ros_discovery_info``; how many Cyclone did not refuse."""
        qos = Qos(
            reliability=Reliability.RELIABLE,
            durability=Durability.TRANSIENT_LOCAL,
            history=_KEPT,
            user_data=rosgraph.USER_DATA,
        )
        writer = CycloneWriter(participant, topic(rosgraph.DDS_TOPIC, rosgraph.DDS_TYPE), qos=qos)
        kept.append(writer)
        written = 0
        for payload in payloads:
            with contextlib.suppress(DdsError):
                written += writer.write(bytes.fromhex(payload), time.time_ns())
        return written

    def listen(name: str, *, transient_local: bool = False) -> None:
        durability = Durability.TRANSIENT_LOCAL if transient_local else Durability.VOLATILE
        qos = Qos(reliability=Reliability.RELIABLE, durability=durability, history=_KEPT)
        readers[name] = CycloneReader(participant, topic(f"rt/{name}", _TYPE), keyed=False, qos=qos)
        received[name] = []

    def heard(name: str) -> list[str]:
        """All payloads so far, in hex."""
        received[name] += [sample.payload.hex() for sample in readers[name].take(_TAKE)]
        return received[name]

    def gid() -> str:
        """Of the participant, in hex."""
        return participant.guid.hex

    yield {
        function.__name__: function
        for function in (announce, join, write_node_info, listen, heard, gid)
    }  # fmt: skip


if __name__ == "__main__":
    serve(main)
