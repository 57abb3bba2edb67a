"""A participant that shows itself as a Rust bridge does: a node of that name, and no enclave."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from cyclonedds.domain import Domain, DomainParticipant

from bridge.core import rosgraph
from bridge.core.gid import Gid
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.rosgraph import NodeEntities, ParticipantEntities
from bridge.dds.endpoints import CycloneWriter
from bridge.dds.rawtopic import create_topic
from bridge.dds.xmlconfig import DdsNetwork, cyclone_xml
from tests.integration.nodes.serving import Functions, serve

_QOS = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    history=History(kind=HistoryKind.KEEP_LAST, depth=1),
    user_data=rosgraph.USER_DATA,
)


@contextlib.contextmanager
def main() -> Iterator[Functions]:
    domain_id = int(os.environ["ROS_DOMAIN_ID"])
    _domain = Domain(domain_id, cyclone_xml(DdsNetwork(discovery_range="localhost")))
    participant = DomainParticipant(domain_id)
    topic = create_topic(participant, dds_topic=rosgraph.DDS_TOPIC, dds_type=rosgraph.DDS_TYPE, keyed=False)
    writer = CycloneWriter(participant, topic, qos=_QOS)
    node = NodeEntities(namespace="/elsewhere", name="zenoh_bridge_ros2dds", readers=(), writers=())
    said = ParticipantEntities(participant=Gid(participant.guid.bytes), nodes=(node,), gid_size=16)
    writer.write(rosgraph.encode(said), time.time_ns())
    yield {}
    writer.close()


if __name__ == "__main__":
    serve(main)
