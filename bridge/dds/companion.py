"""A node of the agent's own beside its bridge: what it publishes is routed as that of any other node.

Endpoints of the bridge's participant are never routed, so this is a participant of its own, in the same
Cyclone domain and so with its threads and settings.
"""

from __future__ import annotations

import logging
from time import time_ns

from cyclonedds.core import DDSException, Policy
from cyclonedds.core import Qos as CycloneQos
from cyclonedds.domain import DomainParticipant

from bridge.core import rosgraph
from bridge.core.gid import Gid
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.rosgraph import NodeEntities, ParticipantEntities
from bridge.dds.endpoints import CycloneWriter
from bridge.dds.rawtopic import create_topic
from bridge.errors import CannotRun, DdsError

log = logging.getLogger(__name__)

_INFO_QOS = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    history=History(kind=HistoryKind.KEEP_LAST, depth=1),
    user_data=rosgraph.USER_DATA,
)
_QOS = Qos(reliability=Reliability.RELIABLE, history=History(kind=HistoryKind.KEEP_LAST, depth=1))


class CompanionNode:
    """One node with one publisher. Thread: that of its maker.

    Args:
        domain_id: a domain that :class:`bridge.dds.participant.CycloneSide` has joined.
        zid: the agent's Zenoh id.
        namespace: of the node.
        name: of the node.
        topic: DDS topic, type, and USER_DATA of the publisher.

    Raises:
        CannotRun: Cyclone DDS has no room for another participant.
        DdsError: it refuses the topic.
    """

    def __init__(
        self, *, domain_id: int, zid: str, namespace: str, name: str, topic: tuple[str, str, bytes]
    ) -> None:
        qos = CycloneQos(Policy.Userdata(f"enclave=/;zenlink_of={zid};".encode()))
        try:
            self._participant = DomainParticipant(domain_id, qos=qos)
        except DDSException as error:
            raise CannotRun(
                f"no participant for the node {name} on domain {domain_id}: {error.msg}",
                remedy="there may be too many on this host; or set ros.diagnostics to false",
            ) from error
        self._namespace, self._name = namespace, name
        self._width = 0
        dds_topic, dds_type, user_data = topic
        info = create_topic(
            self._participant, dds_topic=rosgraph.DDS_TOPIC, dds_type=rosgraph.DDS_TYPE, keyed=False
        )
        self._info = CycloneWriter(self._participant, info, qos=_INFO_QOS)
        made = create_topic(self._participant, dds_topic=dds_topic, dds_type=dds_type, keyed=False)
        offered = Qos(reliability=_QOS.reliability, history=_QOS.history, user_data=user_data)
        self._writer = CycloneWriter(self._participant, made, qos=offered)

    def announce(self, gid_width: int) -> None:
        """Say in ``ros_discovery_info`` that the publisher is this node's, unless that is said already.

        Args:
            gid_width: bytes of a gid, as the domain's nodes have it.
        """
        if gid_width == self._width:
            return
        node = NodeEntities(namespace=self._namespace, name=self._name, writers=(self._writer.gid,))
        own = Gid(self._participant.guid.bytes)
        entities = ParticipantEntities(participant=own, nodes=(node,), gid_size=gid_width)
        if self._info.write(rosgraph.encode(entities), time_ns()):
            self._width = gid_width

    def publish(self, payload: bytes) -> bool:
        """Write one message; False: a subscriber is not taking what it has got already.

        Raises:
            DdsError: refused for good.
        """
        return self._writer.write(payload, time_ns())

    def close(self) -> None:
        """Leave the domain."""
        for writer in (self._writer, self._info):
            try:
                writer.close()
            except DdsError as error:
                log.debug("the node %s: %s", self._name, error)
        self._participant.__del__()
