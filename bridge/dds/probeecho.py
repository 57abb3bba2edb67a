"""The far end of a probe through DDS: answers what comes through both agents."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from cyclonedds.core import DDSException
from cyclonedds.domain import DomainParticipant

from bridge.core import ddsprobe
from bridge.core.plan import PlannedRoute
from bridge.core.routespec import Direction, RouteState
from bridge.core.serviceplan import Planned
from bridge.dds.join import join, participant_of
from bridge.dds.probetalk import USER_DATA, Talk
from bridge.dds.xmlconfig import DdsNetwork
from bridge.errors import BridgeError

log = logging.getLogger(__name__)

MAX_ECHOES = 4
"""That an agent has at once: one for each namespace under which it is probed."""

Answer = Callable[[bytes], bytes | None]
"""The reply to a request; None where there is none to give. Thread: any."""


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
        self._talk = Talk(participant, listen=ping, speak=pong, thread="probe-dds-echo")
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
        self._domain, (participant,) = join(domain_id, network, user_data=USER_DATA)
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
            participant = participant_of(self._domain_id, USER_DATA)
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
