"""Our participant in one DDS domain: the real :class:`bridge.ports.DdsSide`.

Composes discovery, pump and endpoints, says who we are (participant USER_DATA and our node in
``ros_discovery_info``), and deletes everything in reverse order.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from time import time_ns

from bridge.core import rosgraph
from bridge.core.gid import Gid
from bridge.core.qos import Durability, History, HistoryKind, Qos, Reliability
from bridge.core.rosgraph import WIDTH_IRON, NodeEntities
from bridge.dds.batching import Flusher
from bridge.dds.discovery import Discovery
from bridge.dds.endpoints import CycloneReader, CycloneWriter, Peer
from bridge.dds.join import join
from bridge.dds.pump import Pump
from bridge.dds.rawtopic import check_layout, create_topic
from bridge.dds.xmlconfig import DdsNetwork
from bridge.errors import DdsError
from bridge.ports import EventSink, SampleSink

log = logging.getLogger(__name__)

NODE_NAME = "zenlink"
"""Name of our node in the local ROS graph."""
_INFO_TOPIC = "ros_discovery_info"
_INFO_TYPE = "rmw_dds_common::msg::dds_::ParticipantEntitiesInfo_"
_INFO_QOS = Qos(
    reliability=Reliability.RELIABLE,
    durability=Durability.TRANSIENT_LOCAL,
    history=History(kind=HistoryKind.KEEP_LAST, depth=1),
    user_data=b"typehash=RIHS01_91a0593bacdcc50ea9bdcf849a938b128412cc1ea821245c663bcd26f83c295e;",
)
"""Wire specification 5.1."""
_CLOSE_S = 1.0


class PumpedReader:
    """A reader and its place in the pump, closed together."""

    def __init__(self, reader: CycloneReader, pump: Pump, sink: SampleSink) -> None:
        self._reader = reader
        self._pump = pump
        self._sink: SampleSink | None = sink
        """Until it is started: the pump's from then on, else who owns both would never be let go."""
        self._index: int | None = None
        self.gid = reader.gid

    def start(self) -> None:
        """See :class:`bridge.ports.RawReader`."""
        sink, self._sink = self._sink, None
        if sink is not None:
            self._index = self._pump.add(self._reader, sink)

    def writer_gid(self, handle: int) -> Gid | None:
        """See :class:`bridge.ports.RawReader`."""
        return self._reader.writer_gid(handle)

    def writers(self) -> list[int]:
        """See :class:`CycloneReader`."""
        return self._reader.writers()

    def peer(self, handle: int) -> Peer | None:
        """See :class:`CycloneReader`."""
        return self._reader.peer(handle)

    def lost_samples(self) -> int:
        """See :class:`bridge.ports.RawReader`."""
        return self._reader.lost_samples()

    def close(self) -> None:
        """Leave the pump, then delete the reader; a thread stuck in the sink keeps only the sink."""
        if self._index is not None and not self._pump.remove(self._index, timeout_s=_CLOSE_S):
            log.warning(
                "reader %s: a sample is still being sent; the rest of its queue is counted as dropped",
                self.gid,
            )
        self._reader.close()


class CycloneSide:
    """One participant with everything the bridge needs of DDS."""

    def __init__(self, *, domain_id: int, network: DdsNetwork, zid: str, namespace: str) -> None:
        """Join the domain.

        Args:
            domain_id: DDS domain, 0 to 232.
            network: interfaces, peers and a user's own Cyclone configuration.
            zid: our Zenoh id; other agents recognise us by it.
            namespace: ROS namespace of our node, ``/`` or ``/a/b``.

        Raises:
            CannotRun: no such interface, no permission, or the domain's ports are taken.
            DdsError: an unknown version of cyclonedds.
        """
        user_data = f"enclave=/;zenlink={zid};"
        self._domain, (self._participant,) = join(domain_id, network, user_data=user_data)
        self.participant = Gid(self._participant.guid.bytes)
        self._namespace = namespace
        self._closed = False
        check_layout(self._participant)
        info_topic = create_topic(self._participant, dds_topic=_INFO_TOPIC, dds_type=_INFO_TYPE, keyed=False)
        self._info_reader = CycloneReader(self._participant, info_topic, keyed=False, qos=_INFO_QOS)
        self._info_writer = CycloneWriter(self._participant, info_topic, qos=_INFO_QOS)
        self._discovery = Discovery(self._participant, own=self.participant, node_info=self._info_reader)
        self._pump = Pump(self._participant)
        self._flusher = Flusher()

    def listen(self) -> None:
        """Keep what is heard until :meth:`start`, so that it is known when others came. Thread: main."""
        self._discovery.listen()

    def start(self, emit: EventSink) -> None:
        """See :class:`bridge.ports.DdsSide`."""
        self._pump.start()
        self._discovery.start(emit)
        self.announce_node(readers=(), writers=())

    def open_reader(
        self, *, dds_topic: str, dds_type: str, keyed: bool, qos: Qos, sink: SampleSink
    ) -> PumpedReader:
        """See :class:`bridge.ports.DdsSide`."""
        topic = create_topic(self._participant, dds_topic=dds_topic, dds_type=dds_type, keyed=keyed)
        reader = CycloneReader(self._participant, topic, keyed=keyed, qos=qos)
        return PumpedReader(reader, self._pump, sink)

    def open_writer(self, *, dds_topic: str, dds_type: str, keyed: bool, qos: Qos) -> CycloneWriter:
        """See :class:`bridge.ports.DdsSide`."""
        topic = create_topic(self._participant, dds_topic=dds_topic, dds_type=dds_type, keyed=keyed)
        return CycloneWriter(self._participant, topic, qos=qos, flusher=self._flusher)

    def announce_node(
        self,
        *,
        readers: Iterable[Gid],
        writers: Iterable[Gid],
        others: Iterable[NodeEntities] = (),
        gid_width: int = WIDTH_IRON,
    ) -> None:
        """See :class:`bridge.ports.DdsSide`."""
        own = NodeEntities(
            namespace=self._namespace, name=NODE_NAME, readers=tuple(readers), writers=tuple(writers)
        )
        entities = rosgraph.ParticipantEntities(
            participant=self.participant, nodes=(own, *others), gid_size=gid_width
        )
        try:
            if not self._info_writer.write(rosgraph.encode(entities), time_ns()):
                log.warning("our node could not be announced in %s: a reader is not taking", _INFO_TOPIC)
        except DdsError as error:
            log.warning("our node could not be announced in %s: %s", _INFO_TOPIC, error)

    def close(self) -> None:
        """See :class:`bridge.ports.DdsSide`."""
        if self._closed:
            return
        self._closed = True
        self._discovery.close()
        self._pump.close()
        self._flusher.close()
        self._info_reader.close()
        self._info_writer.close()
        self._participant.__del__()
        self._domain.__del__()
