"""A ROS node in the form of rmw_cyclonedds, without ROS: clients and servers on Cyclone DDS.

Written from the description of that RMW alone, and shares no code of services with the bridge that it is to
test: request header, USER_DATA, and how long each end waits for the other. As that RMW's endpoints, these
carry no type information: nodes on Fast DDS would wait for the types that it names, and at times for ever.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from cyclonedds.core import DDSException, InstanceState, Policy, Qos, ReadCondition, SampleState, ViewState
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.util import duration

from bridge.dds.join import join
from bridge.dds.waitset import IndexedWaitSet
from bridge.dds.xmlconfig import DdsNetwork
from tests.integration.nodes.cyclone import announce, endpoint
from tests.integration.nodes.rmw_types import ServiceIdl

log = logging.getLogger(__name__)

_ANY = SampleState.Any | ViewState.Any | InstanceState.Any
_TAKE = 64
_WAIT_NS = 100_000_000
_CLIENT_WAIT_S = 0.1
"""So long rmw_cyclonedds waits for a client's reply reader, then the response is lost."""
_POLL_S = 0.001
_ids = itertools.count()
_data_lock = threading.Lock()
"""cyclonedds converts QoS in buffers that all threads share."""


class RmwNode:
    """One participant with one node, and the thread that spins it."""

    def __init__(self, name: str, domain_id: int, *, user_xml: str = "") -> None:
        network = DdsNetwork(discovery_range="localhost", user_xml=user_xml)
        self._domain, (self.participant,) = join(domain_id, network, user_data="enclave=/;")
        self._name = name
        self._waitset = IndexedWaitSet(self.participant)
        self._lock = threading.RLock()
        self._sinks: dict[int, tuple[DataReader, ReadCondition, Callable[[Any], None]]] = {}
        self._indexes = itertools.count(1)
        self._readers: dict[str, DataReader] = {}
        self._writers: dict[str, DataWriter] = {}
        self._info: DataWriter | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin, name="spin")
        self._tell()
        self._thread.start()

    def server(self, name: str, service: ServiceIdl, answer: Callable[[Any], Any]) -> RmwServer:
        """One more; ``answer`` runs on the node's thread."""
        return RmwServer(self, name, service, answer)

    def client(self, name: str, service: ServiceIdl) -> RmwClient:
        """One more."""
        return RmwClient(self, name, service)

    def reader(self, topic: str, kind: type, qos: Qos, sink: Callable[[Any], None]) -> int:
        """Samples go to the sink; answers the number for `drop`."""
        reader = endpoint(DataReader, self.participant, topic, kind, qos)
        condition = ReadCondition(reader, _ANY)
        with self._lock:
            number = next(self._indexes)
            self._sinks[number] = (reader, condition, sink)
            self._readers[f"{number}"] = reader
        self._waitset.attach(condition._ref, number)
        return number

    def writer(self, topic: str, kind: type, qos: Qos) -> DataWriter:
        """One more."""
        writer = endpoint(DataWriter, self.participant, topic, kind, qos)
        with self._lock:
            self._writers[f"{next(self._indexes)}"] = writer
        return writer

    def reader_of(self, number: int) -> DataReader:
        """What `reader` made."""
        return self._sinks[number][0]

    def drop(self, number: int, writer: DataWriter | None) -> None:
        """Delete a reader and a writer."""
        with self._lock:
            reader, condition, _ = self._sinks.pop(number)
            self._readers.pop(f"{number}")
            self._waitset.detach(condition._ref)
            condition.__del__()
            reader.__del__()
            if writer is not None:
                self._writers = {key: one for key, one in self._writers.items() if one is not writer}
                writer.__del__()
        self._tell()

    def tell(self) -> None:
        """Claim all endpoints in ``ros_discovery_info``."""
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            old, self._info = (
                self._info,
                announce(self.participant, self._name, self._readers, self._writers, humble=False),
            )
            del old

    def close(self) -> None:
        """End the thread and leave the domain."""
        self._stop.set()
        self._waitset.wake()
        self._thread.join()
        self._waitset.close()
        self.participant.__del__()
        self._domain.__del__()

    def _spin(self) -> None:
        while not self._stop.is_set():
            for number in self._waitset.wait(_WAIT_NS):
                with self._lock:
                    reader, _, sink = self._sinks.get(number, (None, None, None))
                    taken = [] if reader is None else reader.take(_TAKE)
                for one in taken:
                    if one.sample_info.valid_data:
                        try:
                            sink(one)
                        except Exception:
                            log.exception("a message met a fault")


class _Pair:
    """The two endpoints of a client or server."""

    def __init__(
        self, node: RmwNode, kind: str, reads: tuple[str, type], writes: tuple[str, type], sink: Any
    ) -> None:
        self._node = node
        octets = node.participant.guid.bytes[:12] + next(_ids).to_bytes(4, "big")
        text = f"{octets[0]:2x}." + ".".join(f"{one:x}" for one in octets[1:])
        qos = Qos(
            Policy.Reliability.Reliable(duration(infinite=True)),
            Policy.Durability.Volatile,
            Policy.History.KeepLast(10),
            Policy.Userdata(f"{kind}={text};".encode()),
            Policy.DataRepresentation(use_cdrv0_representation=True),
        )
        self._writer = node.writer(*writes, qos)
        self._number = node.reader(*reads, qos, sink)
        self._reader = node.reader_of(self._number)
        node.tell()

    def close(self) -> None:
        """Gone for everybody."""
        self._node.drop(self._number, self._writer)

    def _matched(self) -> tuple[set[bytes], set[bytes]]:
        """USER_DATA of the readers and of the writers that are matched."""
        with _data_lock:
            try:
                readers = [
                    self._writer.get_matched_subscription_data(handle)
                    for handle in self._writer.get_matched_subscriptions()
                ]
                writers = [
                    self._reader.get_matched_publication_data(handle)
                    for handle in self._reader.get_matched_publications()
                ]
            except DDSException:
                return set(), set()
            return _user_data(readers), _user_data(writers)


def _user_data(ends: list[Any]) -> set[bytes]:
    found = [end.qos[Policy.Userdata] for end in ends if end is not None]
    return {bytes(one.data) for one in found if one is not None}


class RmwServer(_Pair):
    """Answers requests one after the other."""

    def __init__(self, node: RmwNode, name: str, service: ServiceIdl, answer: Callable[[Any], Any]) -> None:
        self._answer = answer
        self._clients: dict[int, bytes] = {}
        self._reached: set[bytes] = set()
        super().__init__(
            node,
            "serviceid",
            (f"rq{name}Request", service.request),
            (f"rr{name}Reply", service.response),
            self._take,
        )

    def _take(self, request: Any) -> None:
        response = self._answer(request)
        if response is not None:
            self.send(request, response)

    def send(self, request: Any, response: Any) -> None:
        """Answer a request, now or later."""
        response.guid, response.seq = request.guid, request.seq
        handle = request.sample_info.publication_handle
        deadline_s = time.monotonic() + _CLIENT_WAIT_S
        while not self._reaches(handle) and time.monotonic() < deadline_s:
            time.sleep(_POLL_S)
        self._writer.write(response)

    def _reaches(self, handle: int) -> bool:
        wanted = self._clients.get(handle)
        if wanted is None:
            with _data_lock:
                found = self._reader.get_matched_publication_data(handle)
                if found is None:
                    return True  # the client is gone
                wanted = self._clients[handle] = bytes(found.qos[Policy.Userdata].data)
        if wanted not in self._reached:
            self._reached |= self._matched()[0]
        return wanted in self._reached


class RmwClient(_Pair):
    """Asks, and knows its answers by its own handle."""

    def __init__(self, node: RmwNode, name: str, service: ServiceIdl) -> None:
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Callable[[Any], None]] = {}
        self._guid: int | None = None
        """None until the pair is made; answers to others come before that."""
        self.strange = 0
        """Answers to questions that were not open."""
        super().__init__(
            node,
            "clientid",
            (f"rr{name}Reply", service.response),
            (f"rq{name}Request", service.request),
            self._take,
        )
        self._guid = self._writer.instance_handle & (1 << 64) - 1

    def available(self) -> bool:
        """Both endpoints of one server are matched."""
        readers, writers = self._matched()
        return any(one.startswith(b"serviceid=") for one in readers & writers)

    def wait(self, timeout_s: float) -> bool:
        """Until it is available."""
        deadline_s = time.monotonic() + timeout_s
        while not self.available():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_POLL_S)
        return True

    def send(self, request: Any, answered: Callable[[Any], None]) -> int:
        """Ask; ``answered`` runs on the node's thread."""
        number = next(self._numbers)
        self._waiting[number] = answered
        request.guid, request.seq = self._guid, number
        self._writer.write(request)
        return number

    def ask(self, request: Any, timeout_s: float) -> Any:
        """The answer; None when none came in time."""
        done = threading.Event()
        answers: list[Any] = []
        number = self.send(request, lambda answer: (answers.append(answer), done.set()))
        done.wait(timeout_s)
        self._waiting.pop(number, None)
        return answers[0] if answers else None

    def _take(self, response: Any) -> None:
        if response.guid != self._guid:
            return
        answered = self._waiting.pop(response.seq, None)
        if answered is None:
            self.strange += 1
        else:
            answered(response)
