"""Services of a DDS domain in memory: :class:`bridge.serviceports.LocalServices` for tests.

Every client meets the servers of its name, type and form at the other sides of the domain. It can refuse,
never answer, answer twice and answer late; a test can play a node with :meth:`FakeServer.ask` and
:meth:`FakeClient.answer`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable

from bridge.core.gid import VENDOR_CYCLONE, Gid
from bridge.core.requests import check_message
from bridge.errors import DdsError
from bridge.serviceports import ServiceForm, ServiceRequest
from tests.fakes.mail import Mail

MAX_OPEN = 1000
_numbers = itertools.count(1)


class FakeServiceDomain:
    """What the sides of one domain share."""

    def __init__(self) -> None:
        self.sides: list[FakeServices] = []
        self.requests = Mail()
        """Hold it, and nobody answers in time."""
        self.replies = Mail()
        """Hold it, and the answers are late; or lost."""

    def side(
        self,
        *,
        form: ServiceForm = ServiceForm.CYCLONE,
        participant: Gid | None = None,
        max_open: int = MAX_OPEN,
    ) -> FakeServices:
        """One more: ours, or the nodes'."""
        side = FakeServices(self, form=form, participant=participant, max_open=max_open)
        self.sides.append(side)
        return side


class FakeServices:
    """See :class:`bridge.serviceports.LocalServices`."""

    def __init__(
        self, domain: FakeServiceDomain, *, form: ServiceForm, participant: Gid | None, max_open: int
    ) -> None:
        self.domain = domain
        self.form = form
        self.max_open = max_open
        self.participant = participant or Gid(
            VENDOR_CYCLONE + next(_numbers).to_bytes(10, "big") + b"\0\0\1\xc1"
        )
        self.refusal = ""
        """What it answers with when asked for a client or server."""
        self.servers: list[FakeServer] = []
        self.clients: list[FakeClient] = []
        self.opened = 0
        """Clients and servers made so far."""
        self.closed = False

    def open_server(
        self, *, ros_name: str, ros_type: str, on_request: Callable[[ServiceRequest], None]
    ) -> FakeServer:
        self._check()
        server = FakeServer(self, ros_name, ros_type, on_request)
        self.servers.append(server)
        return server

    def open_client(
        self, *, ros_name: str, ros_type: str, on_reply: Callable[[int, bytes], None]
    ) -> FakeClient:
        self._check()
        client = FakeClient(self, ros_name, ros_type, on_reply)
        self.clients.append(client)
        return client

    def endpoint_gids(self) -> tuple[Iterable[Gid], Iterable[Gid]]:
        if self.form is not ServiceForm.CYCLONE:
            return (), ()  # their node claims them
        ends = [*self.servers, *self.clients]
        return tuple(end.reader for end in ends), tuple(end.writer for end in ends)

    def server(self, ros_name: str) -> FakeServer | None:
        """The open one of that name."""
        return next((one for one in self.servers if one.ros_name == ros_name), None)

    def client(self, ros_name: str) -> FakeClient | None:
        """The open one of that name."""
        return next((one for one in self.clients if one.ros_name == ros_name), None)

    def close(self) -> None:
        self.closed = True
        for end in [*self.servers, *self.clients]:
            end.close()

    def met_by(self, client: FakeClient) -> list[FakeServer]:
        """The servers that a client finds."""
        return [
            server
            for side in self.domain.sides
            if side is not self and side.form is self.form
            for server in list(side.servers)
            if (server.ros_name, server.ros_type) == (client.ros_name, client.ros_type)
        ]

    def _check(self) -> None:
        if self.closed:
            raise DdsError("services are closed")
        if self.refusal:
            raise DdsError(self.refusal)
        self.opened += 1


class _End:
    """What client and server have in common."""

    def __init__(self, side: FakeServices, ros_name: str, ros_type: str) -> None:
        self.side = side
        self.ros_name = ros_name
        self.ros_type = ros_type
        self.refusal = ""
        """What it answers the next requests or replies with."""
        self.counts: Counter[str] = Counter()
        self.closed = False
        number = next(_numbers).to_bytes(3, "big")
        self.reader = Gid(side.participant.prefix + number + b"\x04")
        self.writer = Gid(side.participant.prefix + number + b"\x03")

    def gids(self) -> tuple[Gid, Gid] | None:
        return (self.reader, self.writer) if self.side.form is ServiceForm.CYCLONE else None

    def _check(self, payload: bytes) -> None:
        check_message(payload)
        if self.closed:
            raise DdsError(f"service {self.ros_name} is closed")
        if self.refusal:
            raise DdsError(self.refusal)


class FakeServer(_End):
    """See :class:`bridge.serviceports.LocalServer`."""

    def __init__(
        self, side: FakeServices, ros_name: str, ros_type: str, on_request: Callable[[ServiceRequest], None]
    ) -> None:
        super().__init__(side, ros_name, ros_type)
        self._on_request = on_request
        self.open: dict[bytes, Callable[[bytes], None] | None] = {}
        """Requests without an answer, by header."""
        self.replied: list[tuple[bytes, bytes]] = []
        """(header, payload) of every answer that was sent."""
        self.forgotten: list[bytes] = []

    def ask(
        self, payload: bytes, *, header: bytes | None = None, answered: Callable[[bytes], None] | None = None
    ) -> bytes:
        """A node asks; answers the request's header."""
        header = header or next(_numbers).to_bytes(16, "little")
        if self.closed:
            return header
        if len(self.open) >= self.side.max_open:
            self.counts["too_many"] += 1
            return header
        self.open[header] = answered
        self._on_request(ServiceRequest(payload=payload, header=header))
        return header

    def reply(self, header: bytes, payload: bytes) -> None:
        if header not in self.open:
            return
        answered = self.open.pop(header)
        self._check(payload)
        self.replied.append((header, payload))
        if answered is not None:
            answered(payload)

    def fail(self, header: bytes, first: int) -> None:
        self.reply(header, b"\x00\x01\x00\x00" + bytes([first]) + bytes(15))

    def forget(self, header: bytes) -> None:
        self.forgotten.append(header)
        self.open.pop(header, None)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.side.servers.remove(self)


class FakeClient(_End):
    """See :class:`bridge.serviceports.LocalClient`."""

    def __init__(
        self, side: FakeServices, ros_name: str, ros_type: str, on_reply: Callable[[int, bytes], None]
    ) -> None:
        super().__init__(side, ros_name, ros_type)
        self._on_reply = on_reply
        self._numbers = itertools.count(1)
        self.served: bool | None = None
        """What :meth:`ready` claims, where that is not to be the truth."""
        self.open: dict[int, bytes] = {}
        """Calls without an answer."""
        self.called: list[bytes] = []
        """Every request that was sent."""

    def ready(self) -> bool:
        return not self.closed and (bool(self.side.met_by(self)) if self.served is None else self.served)

    def call(self, payload: bytes) -> int:
        self._check(payload)
        if len(self.open) >= self.side.max_open:
            raise DdsError(f"service {self.ros_name}: {self.side.max_open} calls are open already")
        number = next(self._numbers)
        self.open[number] = payload
        self.called.append(payload)

        def answered(reply: bytes) -> None:
            self.side.domain.replies.post(lambda: self.answer(number, reply))

        for server in self.side.met_by(self):
            self.side.domain.requests.post(lambda server=server: server.ask(payload, answered=answered))
        return number

    def answer(self, number: int, payload: bytes) -> None:
        """A server answers; one that nobody waits for is counted and dropped, however often it comes."""
        if self.closed or self.open.pop(number, None) is None:
            self.counts["late"] += 1
            return
        self._on_reply(number, payload)

    def forget(self, number: int) -> None:
        self.open.pop(number, None)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.open.clear()
            self.side.clients.remove(self)
