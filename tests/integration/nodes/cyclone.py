"""A ROS node without ROS: Cyclone DDS under the names, types and QoS that its RMW would use.

For what rclpy of the locked distributions cannot be: a node of Humble, with wide GIDs and without type
hashes, and one whose history is announced (Fast DDS keeps it to itself).
"""
# No `from __future__ import annotations` here: cyclonedds evaluates annotations itself.

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from cyclonedds.core import Policy, Qos
from cyclonedds.domain import DomainParticipant
from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import array, sequence, uint8
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic
from cyclonedds.util import duration

from bridge.dds.join import join
from bridge.dds.rawtopic import typeless
from bridge.dds.xmlconfig import DdsNetwork
from bridge.demo.dds_types import String
from tests.integration.nodes.serving import Functions, serve

_POLL_S = 0.005
_TAKE = 256
_BLOCKING = duration(seconds=1)
_INFO_HASH = "91a0593bacdcc50ea9bdcf849a938b128412cc1ea821245c663bcd26f83c295e"
_STRING_HASH = "df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18"
E = TypeVar("E", DataReader, DataWriter)


@dataclass
class WideGid(IdlStruct, typename="rmw_dds_common.msg.dds_.Gid_"):
    data: array[uint8, 24]


@dataclass
class WideNode(IdlStruct, typename="rmw_dds_common.msg.dds_.NodeEntitiesInfo_"):
    node_namespace: str
    node_name: str
    reader_gid_seq: sequence[WideGid]
    writer_gid_seq: sequence[WideGid]


@dataclass
class WideInfo(IdlStruct, typename="rmw_dds_common.msg.dds_.ParticipantEntitiesInfo_"):
    """Of Humble and before."""

    gid: WideGid
    node_entities_info_seq: sequence[WideNode]


@dataclass
class Gid(IdlStruct, typename="rmw_dds_common.msg.dds_.Gid_"):
    data: array[uint8, 16]


@dataclass
class Node(IdlStruct, typename="rmw_dds_common.msg.dds_.NodeEntitiesInfo_"):
    node_namespace: str
    node_name: str
    reader_gid_seq: sequence[Gid]
    writer_gid_seq: sequence[Gid]


@dataclass
class Info(IdlStruct, typename="rmw_dds_common.msg.dds_.ParticipantEntitiesInfo_"):
    """Of Iron and later."""

    gid: Gid
    node_entities_info_seq: sequence[Node]


@contextlib.contextmanager
def main(
    *,
    name: str = "cyclone",
    publish_on: Sequence[dict[str, Any]] = (),
    subscribe_to: Sequence[dict[str, Any]] = (),
    humble: bool = False,
) -> Iterator[Functions]:
    """A node with a std_msgs/String endpoint for each ``{"topic": …, "reliable": …, "depth": …}``.

    Args:
        name: of the node.
        publish_on: topic and, where they differ from the default, the QoS values of `rclpy_node.profile`.
        subscribe_to: as ``publish_on``.
        humble: announce what Humble does.
    """
    domain_id = int(os.environ["ROS_DOMAIN_ID"])
    network = DdsNetwork(discovery_range="localhost")
    _domain, (participant,) = join(domain_id, network, user_data="enclave=/;")
    typehash = None if humble else _STRING_HASH
    writers = {
        one["topic"]: endpoint(DataWriter, participant, f"rt{one['topic']}", String, _qos(one, typehash))
        for one in publish_on
    }
    readers = {
        one["topic"]: endpoint(DataReader, participant, f"rt{one['topic']}", String, _qos(one, typehash))
        for one in subscribe_to
    }
    info = announce(participant, name, readers, writers, humble=humble)
    received: dict[str, list[str]] = {topic: [] for topic in readers}
    stop = threading.Event()

    def pump() -> None:
        while not stop.wait(_POLL_S):
            for topic, reader in readers.items():
                samples = [one for one in reader.take(_TAKE) if one.sample_info.valid_data]
                received[topic] += [one.data for one in samples]

    def publish(topic: str, texts: Sequence[str]) -> None:
        for text in texts:
            writers[topic].write(String(data=text))

    thread = threading.Thread(target=pump, name="pump")
    thread.start()
    try:
        yield {
            "publish": publish,
            "received": lambda topic=None: received[topic or next(iter(received))],
            "subscribers": lambda topic: len(writers[topic].get_matched_subscriptions()),
            "publishers": lambda topic: len(readers[topic].get_matched_publications()),
        }
    finally:
        stop.set()
        thread.join()
        del info


def endpoint(made: type[E], participant: DomainParticipant, topic: str, kind: type, qos: Qos) -> E:
    """A reader or writer as that RMW makes them: without type information."""
    named = Topic(participant, topic, kind)
    with typeless(named):
        return made(participant, named, qos=qos)


def announce(
    participant: DomainParticipant,
    name: str,
    readers: dict[str, DataReader],
    writers: dict[str, DataWriter],
    *,
    humble: bool,
) -> DataWriter:
    """Claim the endpoints for the node in ``ros_discovery_info``; stands as long as the writer does."""
    info, node, gid, width = (WideInfo, WideNode, WideGid, 24) if humble else (Info, Node, Gid, 16)

    def gid_of(entity: Any) -> Any:
        return gid(data=list(entity.guid.bytes.ljust(width, b"\0")))

    qos = _qos({"transient_local": True, "depth": 1}, None if humble else _INFO_HASH)
    writer = endpoint(DataWriter, participant, "ros_discovery_info", info, qos)
    claimed = node(
        node_namespace="/",
        node_name=name,
        reader_gid_seq=[gid_of(reader) for reader in readers.values()],
        writer_gid_seq=[gid_of(one) for one in writers.values()],
    )
    writer.write(info(gid=gid_of(participant), node_entities_info_seq=[claimed]))
    return writer


def _qos(one: dict[str, Any], typehash: str | None) -> Qos:
    keep_last = Policy.History.KeepLast(one.get("depth", 10))
    policies = [
        Policy.Reliability.Reliable(_BLOCKING)
        if one.get("reliable", True)
        else Policy.Reliability.BestEffort,
        Policy.Durability.TransientLocal if one.get("transient_local") else Policy.Durability.Volatile,
        Policy.History.KeepAll if one.get("keep_all") else keep_last,
        Policy.DataRepresentation(use_cdrv0_representation=True),
    ]
    if one.get("transient_local"):
        policies.append(Policy.DurabilityService(0, keep_last, -1, -1, -1))
    if typehash is not None:
        policies.append(Policy.Userdata(f"typehash=RIHS01_{typehash};".encode()))
    return Qos(*policies)


if __name__ == "__main__":
    serve(main)
