"""Through Zenoh: the session, the TLS and the priority class that the data has.

The echo of session E listens on ``@/<E>/@zenlink/1/probe/ping/<P>`` and answers prober P on
``@/<E>/@zenlink/1/probe/pong/<P>``; ``@/<E>/@zenlink/1/probe/echo`` answers queries for who echoes.
Source: docs/zenlink-extensions.md, "Probe".
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable

import zenoh

from netopt.core.kernelview import Ends, ends_of
from netopt.errors import CannotMeasure, UsageError
from netopt.ports import OnReply
from netopt.probe.channel import ACCESS_REMEDY, ProbeChannel, has_match, probe_key
from netopt.probe.echo import Answerer

log = logging.getLogger(__name__)

RawSession = tuple[zenoh.Session, Callable[[], None]]
"""A session, and how to give it back."""
OpenSession = Callable[[], RawSession]
PRIORITIES = {
    "real_time": zenoh.Priority.REAL_TIME,
    "interactive_high": zenoh.Priority.INTERACTIVE_HIGH,
    "interactive_low": zenoh.Priority.INTERACTIVE_LOW,
    "data_high": zenoh.Priority.DATA_HIGH,
    "data": zenoh.Priority.DATA,
    "data_low": zenoh.Priority.DATA_LOW,
    "background": zenoh.Priority.BACKGROUND,
}
FIND_TIMEOUT_S = 5.0
"""For a link to come up, and an echo to answer through it."""
_ASK_TIMEOUT_S = 1.0
_POLL_S = 0.02
_ZID = re.compile(r"[1-9a-f][0-9a-f]{0,31}")


class ZenohEcho:
    """Answers on a session until it is closed. Nothing that comes in can stop it, or make it wait."""

    def __init__(self, session: zenoh.Session, answerer: Answerer) -> None:
        self._session = session
        self._answerer = answerer
        self._zid = str(session.zid())
        self._info = json.dumps({"probe": 1})
        try:
            # Called on Zenoh's receive thread: a reply waits for no other thread, and is dropped, not queued.
            self._subscriber = session.declare_subscriber(
                probe_key(self._zid, "ping", "*"),
                zenoh.handlers.Callback(self._ping, indirect=False),
                allowed_origin=zenoh.Locality.REMOTE,
            )
            self._queryable = session.declare_queryable(
                probe_key(self._zid, "echo"),
                zenoh.handlers.Callback(self._who, indirect=False),
                complete=True,
            )
        except zenoh.ZError as error:
            raise CannotMeasure(f"no echo on this session: {error}", remedy=ACCESS_REMEDY) from error
        self._closed = False

    def _ping(self, sample: zenoh.Sample) -> None:
        """Thread: Zenoh's."""
        try:
            prober = str(sample.key_expr).rpartition("/")[2]
            reply = self._answerer.answer(bytes(sample.payload)) if _ZID.fullmatch(prober) else None
            if reply is not None:
                self._session.put(
                    probe_key(self._zid, "pong", prober),
                    reply,
                    priority=sample.priority,
                    express=sample.express,
                    congestion_control=zenoh.CongestionControl.DROP,
                    allowed_destination=zenoh.Locality.REMOTE,
                )
        except Exception:
            # Nothing from the network may reach Zenoh's thread as an exception.
            log.exception("a probe could not be answered")

    def _who(self, query: zenoh.Query) -> None:
        """Thread: Zenoh's."""
        try:
            query.reply(probe_key(self._zid, "echo"), self._info)
        except Exception:  # the asker's doing, or it is gone
            log.debug("a query for the echo could not be answered", exc_info=True)
        finally:
            query.drop()

    def close(self) -> None:
        """Stop answering; idempotent."""
        if not self._closed:
            self._closed = True
            self._subscriber.undeclare()
            self._queryable.undeclare()


class ZenohTransport:
    """See :class:`netopt.ports.Transport`.

    Args:
        open_session: gives the session to use.
        echo: Zenoh id of the echo; "": the neighbour that has one, or the only one there is.
        name: for reports.
        priority: of the messages, and of the replies.
        express: without waiting for other messages to share a packet.
    """

    def __init__(
        self,
        open_session: OpenSession,
        *,
        echo: str = "",
        name: str = "zenoh",
        priority: str = "data",
        express: bool = False,
    ) -> None:
        if priority not in PRIORITIES:
            raise UsageError(f"{priority!r} is no priority", remedy=f"choose one of {', '.join(PRIORITIES)}")
        if echo and not _ZID.fullmatch(echo):
            raise UsageError(f"{echo!r} is no Zenoh id", remedy="`zenlink status` shows those of the links")
        self.name = name
        self._open_session = open_session
        self._echo = echo
        self._priority = PRIORITIES[priority]
        self._express = express
        self._session: zenoh.Session | None = None
        self._give_back: Callable[[], None] | None = None
        self._there: ProbeChannel | None = None
        self._back: ProbeChannel | None = None

    @property
    def echo(self) -> str:
        """Zenoh id of the echo, once it is open."""
        return self._echo

    def open(self, on_reply: OnReply) -> None:
        """See :class:`netopt.ports.Transport`."""
        session, self._give_back = self._open_session()
        self._session = session
        self._echo = self._echo or _the_echo(session, self.name)
        self._back = ProbeChannel.listen(session, on_reply, echo=self._echo)
        self._there = ProbeChannel.to(session, self._echo, priority=self._priority, express=self._express)
        deadline_s = time.monotonic() + FIND_TIMEOUT_S
        while not self._there.ready():
            if time.monotonic() > deadline_s:
                raise CannotMeasure(
                    f"{self.name}: session {self._echo} has no echo, or does not see us",
                    remedy="start `zenlink probe serve` there, or an agent with probe.serve",
                )
            threading.Event().wait(_POLL_S)

    def send(self, frame: bytes) -> None:
        """See :class:`netopt.ports.Transport`. Thread: any."""
        if self._there is not None:
            self._there.send(frame)

    def sockets(self) -> tuple[Ends, ...]:
        """See :class:`netopt.ports.Transport`: the links to the echo; all, where it is no neighbour."""
        if self._session is None:
            return ()
        try:
            links = self._session.info.links()
        except zenoh.ZError:
            return ()  # it was closed
        chosen = [link for link in links if str(link.zid) == self._echo] or links
        return tuple(ends for link in chosen if (ends := ends_of(str(link.src), str(link.dst))) is not None)

    def close(self) -> None:
        """See :class:`netopt.ports.Transport`."""
        self._session = None
        give_back, self._give_back = self._give_back, None
        for channel in (self._there, self._back):
            if channel is not None:
                channel.close()
        if give_back is not None:
            give_back()


def echoes_at(session: zenoh.Session, zid: str) -> bool:
    """Whether a neighbour echoes, as far as its subscriptions have arrived here.

    Needs no round trip, unlike a query.
    """
    publisher = session.declare_publisher(probe_key(zid, "ping", str(session.zid())))
    try:
        return has_match(publisher)
    finally:
        publisher.undeclare()


def find_echoes(session: zenoh.Session) -> tuple[str, ...]:
    """Zenoh ids of all sessions that echo, in order. Blocks for up to a second."""
    found = set()
    own = str(session.zid())
    for reply in session.get(
        probe_key("*", "echo"),
        target=zenoh.QueryTarget.ALL,
        consolidation=zenoh.ConsolidationMode.NONE,
        timeout=_ASK_TIMEOUT_S,
        allowed_destination=zenoh.Locality.REMOTE,
    ):
        if reply.ok is not None:
            parts = str(reply.ok.key_expr).split("/")
            if len(parts) == 6 and _ZID.fullmatch(parts[1]) and parts[1] != own:
                found.add(parts[1])
    return tuple(sorted(found))


def neighbours(session: zenoh.Session) -> tuple[str, ...]:
    """Zenoh ids of the sessions at the other ends of our links, in order."""
    return tuple(sorted(str(transport.zid) for transport in session.info.transports()))


def _the_echo(session: zenoh.Session, name: str) -> str:
    """The echo meant by an endpoint: of the neighbour there, else the only one behind it."""
    deadline_s = time.monotonic() + FIND_TIMEOUT_S
    linked = False
    echoes: tuple[str, ...] = ()
    while time.monotonic() < deadline_s:
        near = neighbours(session)
        linked = bool(near)
        if linked:
            direct = [zid for zid in near if echoes_at(session, zid)]
            if len(direct) == 1:
                return direct[0]
            echoes = find_echoes(session)
            if len(echoes) == 1:
                return echoes[0]
        threading.Event().wait(_POLL_S)
    if not linked:
        raise CannotMeasure(
            f"{name}: no Zenoh link within {FIND_TIMEOUT_S:g} s",
            remedy="check the endpoint, the firewall and the certificates (`zenlink doctor`)",
        )
    if echoes:
        raise CannotMeasure(
            f"{name}: {len(echoes)} echoes behind it: {', '.join(echoes)}",
            remedy="give the Zenoh id of one as the target, and the endpoint with --connect",
        )
    raise CannotMeasure(
        f"{name}: linked, but nobody echoes behind it",
        remedy="start `zenlink probe serve` there, or an agent with probe.serve",
    )
