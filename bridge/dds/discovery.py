"""Who else is on the DDS domain: built-in topics and ``ros_discovery_info`` turned into core events.

Owns the ``dds-discovery`` thread, apart from the data pump, so that a storm of discoveries does not
delay samples. Endpoints of our own participant are left out here; everybody else's are reported, and
what to do with other bridges is the engine's decision.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from uuid import UUID

from cyclonedds._clayer import ddspy_take_endpoint, ddspy_take_participant
from cyclonedds.builtin import (
    BuiltinDataReader,
    BuiltinTopicDcpsParticipant,
    BuiltinTopicDcpsPublication,
    BuiltinTopicDcpsSubscription,
)
from cyclonedds.core import InstanceState, ReadCondition, SampleState, ViewState
from cyclonedds.core import Qos as CycloneQos
from cyclonedds.domain import DomainParticipant
from cyclonedds.internal import SampleInfo
from cyclonedds.qos import Policy

from bridge.core import rosgraph
from bridge.core.events import (
    Endpoint,
    EndpointDiscovered,
    EndpointKind,
    EndpointLost,
    Event,
    InputRejected,
    NodesAnnounced,
    ParticipantDiscovered,
    ParticipantLost,
)
from bridge.core.gid import VENDOR_FASTDDS, Gid
from bridge.dds.endpoints import CycloneReader
from bridge.dds.qos import from_cyclone
from bridge.dds.qosreading import read_qos
from bridge.dds.waitset import IndexedWaitSet
from bridge.errors import WireError
from bridge.ports import EventSink

log = logging.getLogger(__name__)

_BATCH = 256
_ONE = 1
"""Announcements of participants and endpoints are taken one by one: where a name is no UTF-8, the library
raises, and with it everything is lost that the same call has taken."""
_ALIVE = 16
"""``DDS_ALIVE_INSTANCE_STATE``."""
MAX_EARLY = 10_000
"""Events kept before anybody takes them; what is beyond stays with Cyclone until then."""
_WAIT_NS = 1_000_000_000
_JOIN_S = 5.0
_LOOK_S = 2.0
"""For all that is there at the start: as long as a start waits at most for discovery to be quiet."""
_ANY = SampleState.Any | ViewState.Any | InstanceState.Any


class Discovery:
    """Watches the domain and emits events, on its own thread.

    It may :meth:`listen` before anybody takes the events, so that it is known when each participant came.
    """

    def __init__(
        self,
        participant: DomainParticipant,
        *,
        own: Gid,
        node_info: CycloneReader,
        max_early: int = MAX_EARLY,
    ) -> None:
        self._own_prefix = own.prefix
        self._node_info = node_info
        self._participants = BuiltinDataReader(participant, BuiltinTopicDcpsParticipant)
        self._writers = BuiltinDataReader(participant, BuiltinTopicDcpsPublication)
        self._readers = BuiltinDataReader(participant, BuiltinTopicDcpsSubscription)
        self._waitset = IndexedWaitSet(participant)
        self._conditions: list[ReadCondition] = []
        self._sources: dict[int, Callable[[], bool]] = {
            1: self._take_participants,
            2: lambda: self._take_endpoints(self._writers, EndpointKind.WRITER),
            3: lambda: self._take_endpoints(self._readers, EndpointKind.READER),
            4: self._take_node_info,
        }
        self._max_early = max_early
        self._early: list[Event] = []
        """What was heard before :meth:`start`."""
        self._emit: EventSink = self._early.append
        self._handing_over = threading.Lock()
        """Guards the two, and so the order of events."""
        self._taken = threading.Event()
        """Somebody takes the events."""
        self._asked = threading.Event()
        """All sources are to be looked at, whatever fires."""
        self._looked = threading.Event()
        """They were, from the first to the last."""
        self._level = logging.WARNING
        """Of the log line for the next announcement that cannot be read."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dds-discovery", daemon=True)

    def listen(self) -> None:
        """Begin to keep what is heard, with the time; idempotent. Thread: main."""
        if self._thread.ident is not None:
            return
        for index, reader in enumerate((self._participants, self._writers, self._readers), start=1):
            condition = ReadCondition(reader, _ANY)
            self._conditions.append(condition)
            self._waitset.attach(condition._ref, index)
        self._waitset.attach(self._node_info.condition_ref, 4)
        self._thread.start()

    def start(self, emit: EventSink) -> None:
        """Report what was heard, then what comes; returns when all that DDS has by now is reported."""
        self.listen()
        with self._handing_over:
            for event in self._early:
                emit(event)
            self._early.clear()
            self._emit = emit
        self._taken.set()
        self._asked.set()
        self._waitset.wake()
        if not self._looked.wait(_LOOK_S):
            log.warning("discovery takes longer than %.0f s to report who is on the domain already", _LOOK_S)

    def close(self) -> None:
        """Stop the thread; idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._taken.set()
        self._waitset.wake()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)
        self._waitset.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                fired = self._waitset.wait(_WAIT_NS)
                asked = self._asked.is_set()
                for index in self._sources if asked or not fired else fired:
                    while self._sources[index]():
                        pass
                if asked:
                    self._asked.clear()
                    self._looked.set()
            except Exception as error:
                # What the library cannot digest must neither end discovery nor fill the log.
                log.log(self._level, "an announcement on DDS was dropped, it cannot be read: %s", error)
                log.debug("where it failed", exc_info=True)
                self._level = logging.DEBUG
                self._tell(InputRejected(codec="dds_discovery"))

    def _tell(self, event: Event) -> None:
        if len(self._early) >= self._max_early:
            self._taken.wait()
        with self._handing_over:
            self._emit(event)

    def _take_participants(self) -> bool:
        taken = ddspy_take_participant(self._participants._ref, _ONE, self._participant_event, read_qos)
        return self._forward(taken)

    def _take_endpoints(self, reader: BuiltinDataReader, kind: EndpointKind) -> bool:
        def build(
            key: bytes,
            _participant_key: bytes,
            _handle: int,
            topic: str | None,
            type_name: str | None,
            qos: CycloneQos | None,
            info: SampleInfo,
            _type_id: bytes | None,
        ) -> Event | None:
            return self._endpoint_event(kind, Gid(UUID(bytes=key).bytes), topic, type_name, qos, info)

        taken = ddspy_take_endpoint(reader._ref, _ONE, build, read_qos)
        # Another agent's endpoint that is reported before its participant would be bridged for a moment: a
        # participant that came between the two takes is reported now.
        while taken and self._take_participants():
            pass
        return self._forward(taken)

    def _forward(self, taken: list[Event | None] | int) -> bool:
        if isinstance(taken, int):
            return False
        for event in taken:
            if event is not None:
                self._tell(event)
        return bool(taken)

    def _participant_event(self, key: bytes, qos: CycloneQos | None, info: SampleInfo) -> Event | None:
        gid = Gid(UUID(bytes=key).bytes)
        if gid.prefix == self._own_prefix:
            return None
        if not info.valid_data or info.instance_state != _ALIVE:
            return ParticipantLost(gid=gid)
        user_data = qos[Policy.Userdata] if qos is not None and Policy.Userdata in qos else None
        said = bytes(user_data.data) if user_data else b""
        return ParticipantDiscovered(gid=gid, user_data=said, heard_s=time.monotonic())

    def _endpoint_event(
        self,
        kind: EndpointKind,
        gid: Gid,
        topic: str | None,
        type_name: str | None,
        qos: CycloneQos | None,
        info: SampleInfo,
    ) -> Event | None:
        if gid.prefix == self._own_prefix:
            return None
        if not info.valid_data or info.instance_state != _ALIVE:
            return EndpointLost(gid=gid)
        if not topic or not type_name or qos is None or topic.startswith("DCPS"):
            return None
        announced = from_cyclone(qos, history_announced=gid.vendor != VENDOR_FASTDDS)
        return EndpointDiscovered(
            endpoint=Endpoint(gid=gid, kind=kind, dds_topic=topic, dds_type=type_name, qos=announced)
        )

    def _take_node_info(self) -> bool:
        samples = self._node_info.take(_BATCH)
        for sample in samples:
            try:
                entities = rosgraph.decode(sample.payload)
            except WireError as error:
                log.debug("dropped a ros_discovery_info sample: %s", error)
                self._tell(InputRejected(codec=error.codec))
                continue
            if entities.participant.prefix != self._own_prefix:
                self._tell(NodesAnnounced(entities=entities))
        return len(samples) == _BATCH
