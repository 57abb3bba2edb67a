"""What service routes need of the two worlds, as Protocols; the counterpart of :mod:`bridge.ports`.

``dds/`` speaks to nodes on rmw_cyclonedds, ``ros/`` through rclpy to nodes on any other RMW; both implement
:class:`LocalServices`. A message crosses these ports as it crosses Zenoh: encapsulation header and body,
without the request header that rmw_cyclonedds puts between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from bridge.core.gid import Gid
from bridge.core.requests import ServiceForm
from bridge.core.routespec import DropCause

__all__ = [
    "LOCAL_CAUSES",
    "REACH_S",
    "REFUSED",
    "LocalClient",
    "LocalServer",
    "LocalServices",
    "ServiceForm",
    "ServiceRequest",
    "ZenohQuerier",
    "ZenohQuery",
    "ZenohQueryable",
    "ZenohServices",
]

REFUSED = "refused: "
"""How the reason begins that a :class:`ZenohQuerier` gives where the other side answered with an error."""

REACH_S = 0.5
"""How long a reply waits for its asker's reader: the asker has found us, but on a busy machine we may find it
later. An asker that left before it was found costs 0.1 s of each round, so more would starve others."""

LOCAL_CAUSES = {
    "duplicate": DropCause.DUPLICATE,
    "expired": DropCause.WRITE_FAILED,
    "late": DropCause.DUPLICATE_REPLY,
    "other_form": DropCause.FOREIGN_FORM,
    "overflow": DropCause.QUEUE_FULL,
    "own": DropCause.FOREIGN_AGENT,
    "too_many": DropCause.OVERFLOW,
    "undecodable": DropCause.MALFORMED,
    "unreached": DropCause.WRITE_FAILED,
    "unknown": DropCause.CLOSED,
}
"""What the local sides count, as routes tell of it. What they refuse by an error the route counts itself."""


class ServiceRequest(NamedTuple):
    """One request of a local client."""

    payload: bytes
    """Encapsulation header (4 bytes) and request message."""
    header: bytes
    """16 bytes that name the request among the open ones of its server; opaque."""


class LocalServer(Protocol):
    """A proxy on the domain for a server elsewhere: local clients call it."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests that it did not pass on, by cause; the words are those of :data:`LOCAL_CAUSES`."""

    def reply(self, header: bytes, payload: bytes) -> None:
        """Answer a request; one that is unknown, or answered already, is ignored.

        Raises:
            DdsError: the reply cannot be written.
            WireError: the payload is no such response.

        Thread: any.
        """

    def fail(self, header: bytes, first: int) -> None:
        """Answer a request with a response whose first member is ``first``, all others zero or empty.

        For the services of an action, whose responses begin with a number that says no: without an answer
        their client would wait for ever. An unknown request is ignored, as by :meth:`reply`.

        Raises:
            DdsError: the reply cannot be written.

        Thread: any.
        """

    def forget(self, header: bytes) -> None:
        """The request will not be answered; idempotent. Thread: any."""

    def gids(self) -> tuple[Gid, Gid] | None:
        """Of its reader and writer, under our own participant; None: they are another's. Thread: engine."""

    def close(self) -> None:
        """Delete; idempotent. Thread: engine."""


class LocalClient(Protocol):
    """Our client of a real server on the domain."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Replies that it did not pass on, by cause, as of a :class:`LocalServer`."""

    def ready(self) -> bool:
        """Whether a server is matched both ways, so that a call would be answered. Thread: any."""

    def call(self, payload: bytes) -> int:
        """Send a request; answers the number that its reply will carry.

        Raises:
            DdsError: the request cannot be written.
            WireError: the payload is no such request; nothing was sent.

        Thread: any but those of the data path; may block shortly.
        """

    def forget(self, number: int) -> None:
        """Nobody waits for that reply any more; idempotent. Thread: any."""

    def gids(self) -> tuple[Gid, Gid] | None:
        """Of its reader and writer, under our own participant; None: they are another's. Thread: engine."""

    def close(self) -> None:
        """Delete; open calls get no reply. Idempotent. Thread: engine."""


class LocalServices(Protocol):
    """Services of the domain in one form."""

    form: ServiceForm

    def open_server(
        self, *, ros_name: str, ros_type: str, on_request: Callable[[ServiceRequest], None]
    ) -> LocalServer:
        """A proxy server. ``on_request`` must not block. Raises DdsError. Thread: engine."""

    def open_client(
        self, *, ros_name: str, ros_type: str, on_reply: Callable[[int, bytes], None]
    ) -> LocalClient:
        """A client. ``on_reply`` gets the call's number and the response, and must not block.

        Raises:
            DdsError: refused, or the type is not installed.

        Thread: engine.
        """

    def endpoint_gids(self) -> tuple[Iterable[Gid], Iterable[Gid]]:
        """(readers, writers) under our own participant, to be claimed by our node. Thread: engine."""

    def close(self) -> None:
        """Close everything; idempotent."""


class ZenohQuery(Protocol):
    """One query from Zenoh, answered at most once; dropped, it tells the asker that nothing comes."""

    payload: bytes | None
    attachment: bytes | None

    def reply(self, payload: bytes) -> None:
        """Answer and finish; errors of a gone asker are swallowed. Thread: any."""

    def refuse(self, reason: str) -> None:
        """Answer with an error (``reply_err``) and finish. Thread: any."""

    def drop(self) -> None:
        """Finish without an answer; idempotent. Thread: any."""


class ZenohQueryable(Protocol):
    """What answers queries on one key."""

    def close(self) -> None:
        """Undeclare; idempotent."""


class ZenohQuerier(Protocol):
    """What asks one key."""

    def get(self, payload: bytes, attachment: bytes, done: Callable[[bytes | None, str], None]) -> None:
        """Ask; ``done`` gets the first good reply, or None and why there is none, exactly once.

        The reason for a refusal by the server's side begins with :data:`REFUSED`.

        Thread: any; never blocks. ``done`` runs on any thread, also within this call, and must not block.
        """

    def close(self) -> None:
        """Undeclare; what is open ends, each with its ``done``. Idempotent."""


class ZenohServices(Protocol):
    """Services on the Zenoh network."""

    def open_queryable(self, *, key_expr: str, on_query: Callable[[ZenohQuery], None]) -> ZenohQueryable:
        """Answer queries of other sessions (``complete=True``); ``on_query`` must not block.

        Raises:
            ZenohError: refused.
        """

    def open_querier(
        self, *, key_expr: str, timeout_s: float, on_matching: Callable[[bool], None]
    ) -> ZenohQuerier:
        """Ask other sessions, consolidation NONE. Raises ZenohError."""
