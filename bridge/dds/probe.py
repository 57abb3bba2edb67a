"""The near end of a probe through the whole path: DDS, agent, link, agent, DDS and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cyclonedds.domain import Domain

from bridge.core import ddsprobe
from bridge.dds.join import join
from bridge.dds.probetalk import USER_DATA, OnFrame, Talk
from bridge.dds.xmlconfig import DdsNetwork
from bridge.errors import CannotRun

FIND_TIMEOUT_S = 15.0
"""For participants to find each other, agents to open four routes, and the first reply to come."""
_GREETING_S = 0.1


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
        self._talk: Talk | None = None

    def open(self, on_reply: OnFrame) -> None:
        """Join the domain and wait for the first reply through all of the path.

        Raises:
            CannotRun: the domain cannot be joined, or nothing comes back.
        """
        self._domain, (participant,) = join(self._domain_id, self._network, user_data=USER_DATA)
        pong = ddsprobe.pong_name(self._ping)
        talk = self._talk = Talk(participant, listen=pong, speak=self._ping, thread="probe-dds")
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
