"""The way of probes on a Zenoh session, there and back: keys, and what is declared on them. Never blocks."""

from __future__ import annotations

import logging
from typing import Any

import zenoh

from netopt.errors import CannotMeasure
from netopt.ports import OnReply

log = logging.getLogger(__name__)

ACCESS_REMEDY = "let Zenoh's access control (`zenoh.extra`) pass `@/*/@zenlink/1/probe/**`"


def probe_key(echo: str, *rest: str) -> str:
    """Key expression below the echo of a session; ``*`` for all of them."""
    return "/".join(("@", echo, "@zenlink", "1", "probe", *rest))


def has_match(publisher: zenoh.Publisher) -> bool:
    """Whether somebody subscribes. The stubs of 1.10 call the status a bool; it is an object."""
    return bool(getattr(publisher.matching_status, "matching", publisher.matching_status))


class ProbeChannel:
    """The way to one echo, or the way back from all."""

    def __init__(
        self, *, publisher: zenoh.Publisher | None = None, subscriber: zenoh.Subscriber[Any] | None = None
    ) -> None:
        self._publisher = publisher
        self._subscriber = subscriber

    @classmethod
    def to(
        cls,
        session: zenoh.Session,
        echo: str,
        *,
        priority: zenoh.Priority = zenoh.Priority.DATA,
        express: bool = False,
    ) -> ProbeChannel:
        """The way to one echo.

        Args:
            session: that leads there.
            echo: its Zenoh id.
            priority: of the messages, and so of the replies; by default that of most data.
            express: without waiting for other messages to share a packet.

        Raises:
            CannotMeasure: refused.
        """
        try:
            publisher = session.declare_publisher(
                probe_key(echo, "ping", str(session.zid())),
                priority=priority,
                express=express,
                congestion_control=zenoh.CongestionControl.DROP,
                allowed_destination=zenoh.Locality.REMOTE,
            )
        except zenoh.ZError as error:
            raise CannotMeasure(f"no probe of {echo}: {error}", remedy=ACCESS_REMEDY) from error
        return cls(publisher=publisher)

    @classmethod
    def listen(cls, session: zenoh.Session, on_reply: OnReply, *, echo: str = "*") -> ProbeChannel:
        """The way back from an echo, by default from all.

        Raises:
            CannotMeasure: refused.
        """

        def received(sample: zenoh.Sample) -> None:
            try:
                on_reply(bytes(sample.payload))
            except Exception:
                # Nothing from the network may reach Zenoh's thread as an exception.
                log.exception("a reply to a probe could not be taken")

        try:
            subscriber = session.declare_subscriber(
                probe_key(echo, "pong", str(session.zid())),
                zenoh.handlers.Callback(received, indirect=False),
                allowed_origin=zenoh.Locality.REMOTE,
            )
        except zenoh.ZError as error:
            raise CannotMeasure(f"no replies to probes: {error}", remedy=ACCESS_REMEDY) from error
        return cls(subscriber=subscriber)

    def ready(self) -> bool:
        """Whether the echo is there and sees us."""
        return self._publisher is not None and has_match(self._publisher)

    def send(self, frame: bytes) -> None:
        """Send one frame; what the link cannot take now is lost."""
        if self._publisher is not None:
            try:
                self._publisher.put(frame)
            except zenoh.ZError:
                log.debug("a probe was refused", exc_info=True)

    def close(self) -> None:
        """End; idempotent."""
        publisher, self._publisher = self._publisher, None
        subscriber, self._subscriber = self._subscriber, None
        try:
            if publisher is not None:
                publisher.undeclare()
            if subscriber is not None:
                subscriber.undeclare()
        except zenoh.ZError:
            log.debug("the session was closed already", exc_info=True)
