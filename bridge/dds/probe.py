"""The probe through the whole path: DDS, agent, link, agent, DDS and back.

Both ends are plain ROS endpoints of a participant of their own, without the mark of an agent, so that agents
carry their messages as they carry anybody's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from cyclonedds.core import DDSException
from cyclonedds.domain import Domain, DomainParticipant

from bridge.core import ddsprobe
from bridge.core.plan import PlannedRoute
from bridge.core.qos import Qos, Reliability
from bridge.core.routespec import Direction, RouteState
from bridge.core.serviceplan import Planned
from bridge.dds.endpoints import CycloneReader, CycloneWriter
from bridge.dds.join import join, participant_of
from bridge.dds.rawtopic import create_topic
from bridge.dds.waitset import IndexedWaitSet
from bridge.dds.xmlconfig import DdsNetwork
from bridge.errors import BridgeError, CannotRun, DdsError, WireError

log = logging.getLogger(__name__)

FIND_TIMEOUT_S = 15.0
"""For participants to find each other, agents to open four routes, and the first reply to come."""
MAX_ECHOES = 4
"""That an agent has at once: one for each namespace under which it is probed."""
_GREETING_S = 0.1
_TAKE = 16
_WAIT_NS = 1_000_000_000
_JOIN_S = 3.0
_USER_DATA = "enclave=/;"
_QOS = Qos(reliability=Reliability.RELIABLE)
"""What most topics of a robot have."""

OnFrame = Callable[[bytes], None]
Answer = Callable[[bytes], bytes | None]
"""The reply to a request; None where there is none to give. Thread: any."""


class _Talk:
    """Frames in from one topic, frames out to another, until it is closed. Owns the participant."""

    def __init__(self, participant: DomainParticipant, *, listen: str, speak: str, thread: str) -> None:
        self._participant = participant
        self._on_frame: OnFrame = lambda _frame: None
        self.malformed = 0
        """Messages that hold no frame."""
        topics = {
            name: create_topic(
                participant, dds_topic=ddsprobe.topic_of(name), dds_type=ddsprobe.DDS_TYPE, keyed=False
            )
            for name in (listen, speak)
        }
        self._reader = CycloneReader(participant, topics[listen], keyed=False, qos=_QOS)
        self.writer = CycloneWriter(participant, topics[speak], qos=_QOS)
        self._waitset = IndexedWaitSet(participant)
        self._waitset.attach(self._reader.condition_ref, 1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=thread, daemon=True)

    def start(self, on_frame: OnFrame) -> None:
        """Begin to listen; ``on_frame`` is called on the thread of this talk."""
        self._on_frame = on_frame
        self._thread.start()

    def send(self, frame: bytes) -> None:
        """Write one frame; what DDS cannot take now is lost. Thread: any."""
        try:
            self.writer.write(ddsprobe.encode(frame), time.time_ns())
        except DdsError:
            log.debug("a probe was refused", exc_info=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._waitset.wait(_WAIT_NS)
                for sample in self._reader.take(_TAKE):
                    self._take(sample.payload)
            except Exception:
                # Nothing from the network may end the thread; a lasting fault must not take the core.
                log.exception("a message of the probe could not be taken")
                self._stop.wait(_GREETING_S)

    def _take(self, payload: bytes) -> None:
        try:
            frame = ddsprobe.decode(payload)
        except WireError as error:
            self.malformed += 1
            log.debug("dropped: %s", error)
        else:
            self._on_frame(frame)

    def close(self) -> None:
        """End; idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._waitset.wake()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
        self._waitset.close()
        self._reader.close()
        self.writer.close()
        self._participant.__del__()


class DdsEcho:
    """Answers on one topic of a domain until it is closed.

    Args:
        participant: without an agent's mark; ended with this echo.
        ping: name of the topic with the requests.
        answer: makes the replies.

    Raises:
        DdsError: Cyclone refuses.
    """

    def __init__(self, participant: DomainParticipant, *, ping: str, answer: Answer) -> None:
        self._answer = answer
        pong = ddsprobe.pong_name(ping)
        self._talk = _Talk(participant, listen=ping, speak=pong, thread="probe-dds-echo")
        self._talk.start(self._reply)

    def _reply(self, frame: bytes) -> None:
        """Thread: probe-dds-echo."""
        reply = self._answer(frame)
        if reply is not None:
            self._talk.send(reply)

    def close(self) -> None:
        """Stop answering; idempotent."""
        self._talk.close()


class ServedEcho:
    """An echo with a domain of its own, for ``zenlink probe serve --dds``.

    Raises:
        CannotRun: the domain cannot be joined.
        InvalidName: ``echo`` is no name of one.
    """

    def __init__(self, echo: str, *, domain_id: int, network: DdsNetwork, answer: Answer) -> None:
        self.name = ddsprobe.ping_name(echo)
        self._domain, (participant,) = join(domain_id, network, user_data=_USER_DATA)
        self._echo = DdsEcho(participant, ping=self.name, answer=answer)

    def close(self) -> None:
        """Stop answering, and leave the domain."""
        self._echo.close()
        self._domain.__del__()


class EchoesOnDemand:
    """The echoes of an agent: there only while an agent elsewhere announces that somebody asks.

    Args:
        zid: the agent's Zenoh id, which names its echo.
        domain_id: the domain that the agent has joined.
        answer: makes the replies.

    Thread: the engine's, but for ``close``.
    """

    def __init__(self, *, zid: str, domain_id: int, answer: Answer) -> None:
        self._zid = zid
        self._domain_id = domain_id
        self._answer = answer
        self._echoes: dict[str, DdsEcho] = {}
        self._lock = threading.Lock()
        self._closed = False

    def planned(self, name: str, routes: Iterable[Planned]) -> None:
        """Begin or end to echo on a topic, if requests to us come on it; see ``Engine.on_planned``."""
        if not ddsprobe.is_ping_to(self._zid, name):
            return
        wanted = any(_comes_in(route) for route in routes)
        with self._lock:
            if wanted and not self._closed and name not in self._echoes and len(self._echoes) < MAX_ECHOES:
                self._begin(name)
            elif not wanted and name in self._echoes:
                self._echoes.pop(name).close()

    def _begin(self, name: str) -> None:
        participant: DomainParticipant | None = None
        try:
            participant = participant_of(self._domain_id, _USER_DATA)
            self._echoes[name] = DdsEcho(participant, ping=name, answer=self._answer)
        except (DDSException, BridgeError) as error:
            log.warning("somebody probes through DDS, but is not answered on %s: %s", name, error)
            if participant is not None:
                participant.__del__()
        else:
            log.info("somebody probes through DDS: answering on %s", name)

    def close(self) -> None:
        """Stop answering for good; idempotent. Thread: any."""
        with self._lock:
            self._closed = True
            for echo in self._echoes.values():
                echo.close()
            self._echoes.clear()


def _comes_in(route: Planned) -> bool:
    """Whether another agent announces a publisher, and its messages may come in."""
    inwards = route.spec.direction is Direction.INGRESS and route.status.state is RouteState.ROUTED
    return isinstance(route, PlannedRoute) and inwards and bool(route.remote)


class DdsTransport:
    """Carries frames to an echo by topics that agents bridge; see :class:`netopt.ports.Transport`.

    Args:
        ping: name of the topic that the echo listens on, as it is called here.
        domain_id: DDS domain, not joined by this process yet.
        network: as the agent of the domain has it.
        greeting: a request whose reply shows that the way is open.
        greets: whether a frame is that reply, which is nobody else's.
        why: says, for the name of a topic, why it does not cross.
        stop: ends the wait for the first reply.
        find_timeout_s: how long that may take.
    """

    def __init__(
        self,
        ping: str,
        *,
        domain_id: int,
        network: DdsNetwork,
        greeting: bytes,
        greets: Callable[[bytes], bool],
        why: Callable[[str], str],
        stop: threading.Event,
        find_timeout_s: float = FIND_TIMEOUT_S,
    ) -> None:
        self.name = f"dds {ping}"
        self._ping = ping
        self._domain_id = domain_id
        self._network = network
        self._greeting = greeting
        self._greets = greets
        self._why = why
        self._stop = stop
        self._find_timeout_s = find_timeout_s
        self._domain: Domain | None = None
        self._talk: _Talk | None = None

    def open(self, on_reply: OnFrame) -> None:
        """Join the domain and wait for the first reply through all of the path.

        Raises:
            CannotRun: the domain cannot be joined, or nothing comes back.
        """
        self._domain, (participant,) = join(self._domain_id, self._network, user_data=_USER_DATA)
        pong = ddsprobe.pong_name(self._ping)
        talk = self._talk = _Talk(participant, listen=pong, speak=self._ping, thread="probe-dds")
        answered = threading.Event()

        def received(frame: bytes) -> None:
            if self._greets(frame):
                answered.set()
            else:
                on_reply(frame)

        talk.start(received)
        deadline_s = time.monotonic() + self._find_timeout_s
        while not answered.wait(_GREETING_S) and not self._stop.is_set():
            if time.monotonic() > deadline_s:
                raise CannotRun(
                    f"{self.name}: no reply through DDS within {self._find_timeout_s:g} s: "
                    f"{self._reason(pong)}",
                    remedy="see `zenlink status` of both agents, the rules and probe.serve of the far one",
                )
            if talk.writer.matched():
                talk.send(self._greeting)

    def _reason(self, pong: str) -> str:
        return "; ".join(filter(None, (self._why(name) for name in (self._ping, pong)))) or "it crosses here"

    def send(self, frame: bytes) -> None:
        """See :class:`netopt.ports.Transport`. Thread: any."""
        if self._talk is not None:
            self._talk.send(frame)

    def sockets(self) -> tuple[()]:
        """None: the frames leave the host through the agent's."""
        return ()

    def close(self) -> None:
        """See :class:`netopt.ports.Transport`."""
        talk, self._talk = self._talk, None
        domain, self._domain = self._domain, None
        if talk is not None:
            talk.close()
        if domain is not None:
            domain.__del__()
