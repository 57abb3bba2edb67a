"""Our Zenoh session: the real :class:`bridge.ports.ZenohSide`."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import zenoh

from bridge.core.adminspace import Entry
from bridge.core.endpoint import parse_endpoint
from bridge.core.linkinfo import LinkInfo
from bridge.errors import ZenohError
from bridge.ports import CacheReader, CountsSink, EventSink, ZenohSample
from bridge.zenoh.admin import AdminSpace
from bridge.zenoh.opening import open_session, reopen_session
from bridge.zenoh.options import ZenohNetwork
from bridge.zenoh.publisher import RoutePublisher
from bridge.zenoh.renewal import Declarations, Held
from bridge.zenoh.services import SessionServices
from bridge.zenoh.sockets import pace_links
from bridge.zenoh.subscriber import RouteSubscriber
from bridge.zenoh.tokens import DeclaredToken, TokenWatch

log = logging.getLogger(__name__)

_LOCATORS_TIMEOUT_S = 2.0
_LOCATORS_AGE_S = 5.0
"""Interfaces seldom come and go, and to ask takes a third of a ms each time that an agent is looked at."""
_BRIDGES = "@/*/@ros2_lv"
PAUSE_S = 0.45
"""Those who send wait so long for a renewed session: half a second with what is around it."""
_AWAY_S = 0.12
"""Routers work out 0.1 s after a change of links where samples go. Who leaves and is back by then never left,
and is not told again what others have declared: for good, at 19 of 20 renewals right after one came up
(eclipse-zenoh 1.10.2)."""
_TREES_S = 0.15
"""Each works that out for itself: one sees a match while another still drops what comes, for as long. Half as
long again, since a busy machine is late with it."""


class ZenohSession:
    """One session and everything declared on it."""

    def __init__(self, session: zenoh.Session, network: ZenohNetwork) -> None:
        self._session = session
        self._mode = network.mode
        self._paced = pace_links(session, network.link_mbit_s)
        self.zid = str(session.zid())
        self._declared = Declarations()
        self.services = SessionServices(session, self._declared)
        """Queries and their answers."""
        self._watch: TokenWatch | None = None
        self._on_link: Callable[[bool], None] | None = None
        self._link_events: zenoh.TransportEventsListener[None] | None = None
        self._locators: tuple[str, ...] = ()
        self._locators_at_s = 0.0
        """When they are to be asked for again."""
        self._closed = False

    @classmethod
    def open(cls, network: ZenohNetwork, *, stop: threading.Event) -> ZenohSession:
        """Open a session; see :func:`bridge.zenoh.opening.open_session`."""
        return cls(open_session(network, stop=stop), network)

    @property
    def raw(self) -> zenoh.Session:
        """Zenoh's own session, for what measures on it."""
        return self._session

    def start(self, emit: EventSink) -> None:
        """See :class:`bridge.ports.ZenohSide`."""
        self._watch = self._declared.add(TokenWatch(self._session, emit))

    def announce(self, key_expr: str) -> DeclaredToken:
        """See :class:`bridge.ports.ZenohSide`."""
        return self._declared.add(DeclaredToken(self._session, key_expr))

    def open_publisher(
        self,
        *,
        key_expr: str,
        block: bool,
        priority: int,
        express: bool,
        cache: CacheReader | None,
        on_matching: Callable[[bool], None],
    ) -> RoutePublisher:
        """See :class:`bridge.ports.ZenohSide`."""
        publisher = RoutePublisher(
            self._session,
            key_expr=key_expr,
            block=block,
            priority=priority,
            express=express,
            cache=cache,
            on_matching=on_matching,
        )
        return self._declared.add(publisher)

    def open_subscriber(
        self,
        *,
        key_expr: str,
        on_sample: Callable[[ZenohSample], None],
        on_counts: CountsSink | None = None,
    ) -> RouteSubscriber:
        """See :class:`bridge.ports.ZenohSide`."""
        subscriber = RouteSubscriber(
            self._session, key_expr=key_expr, on_sample=on_sample, on_counts=on_counts
        )
        return self._declared.add(subscriber)

    def open_admin(self, look: Callable[[], Iterable[Entry]]) -> AdminSpace:
        """Answer queries about us; see :class:`AdminSpace`. Raises ZenohError."""
        return self._declared.add(AdminSpace(self._session, look))

    def links(self) -> tuple[LinkInfo, ...]:
        """See :class:`bridge.ports.ZenohSide`."""
        # A session that is being renewed has none.
        kinds = {str(transport.zid): str(transport.whatami) for transport in self._session.info.transports()}
        return tuple(
            LinkInfo(
                zid=str(link.zid), whatami=kinds.get(str(link.zid), ""), src=str(link.src), dst=str(link.dst)
            )
            for link in self._session.info.links()
        )

    def on_link(self, changed: Callable[[bool], None]) -> None:
        """Be told of each link that is there, comes (True) or goes (False), on a Zenoh thread."""
        self._on_link = changed
        self._hear_links(changed)

    def _hear_links(self, changed: Callable[[bool], None]) -> None:
        def take(event: zenoh.TransportEvent) -> None:
            changed(event.kind == zenoh.SampleKind.PUT)

        self._link_events = self._session.info.declare_transport_events_listener(
            zenoh.handlers.Callback(take, indirect=False), history=True
        )

    def listening(self) -> tuple[str, ...]:
        """See :class:`bridge.ports.ZenohSide`; what was so some seconds ago."""
        now_s = time.monotonic()
        if now_s >= self._locators_at_s:
            self._locators, self._locators_at_s = self._listening(), now_s + _LOCATORS_AGE_S
        return self._locators

    def _listening(self) -> tuple[str, ...]:
        try:
            for reply in self._session.get(f"@/{self.zid}/{self._mode}", timeout=_LOCATORS_TIMEOUT_S):
                if reply.ok is not None:
                    return tuple(json.loads(reply.ok.payload.to_string()).get("locators", ()))
        except zenoh.ZError:
            log.debug("the session is being renewed")
        return ()

    def bridges(self) -> frozenset[str]:
        """Keys of the tokens of all bridges that this session knows of, our own included. Thread: any."""
        try:
            replies = self._session.liveliness().get(_BRIDGES, timeout=_LOCATORS_TIMEOUT_S)
            return frozenset(str(reply.ok.key_expr) for reply in replies if reply.ok is not None)
        except zenoh.ZError:
            return frozenset()  # it was closed

    def bound(self, network: ZenohNetwork) -> ZenohNetwork:
        """The same network with the id and the ports that this session really has."""
        return replace(network, zid=self.zid, listen=_bound(network.listen, self.listening()))

    def beside(self, session: ZenohSession) -> list[Held]:
        """Take in what comes over another session as well, and be seen there, until that one closes.

        Raises:
            ZenohError: refused.

        Thread: that which opens and closes what is declared.
        """
        held = (part.beside(session.raw) for part in self._declared.all())
        return [one for one in held if one is not None]

    def alone(self) -> None:
        """The session beside is closed. Thread: any."""
        for part in self._declared.all():
            part.alone()

    def renew(self, network: ZenohNetwork, *, pause_s: float = PAUSE_S) -> None:
        """Close the session and open it anew, with everything declared on it: Zenoh reads certificates then.

        What is to be sent meanwhile waits. To the others the links break.

        Args:
            network: as :meth:`bound` gave it.
            pause_s: how long what is to be sent waits at most for those who received before.

        Raises:
            ConfigError, CannotRun: as :meth:`open`; there is no session then, and this is to be called again.
            ZenohError: something could not be declared; likewise.

        Thread: that which opens and closes what is declared.
        """
        deadline_s = time.monotonic() + pause_s
        parts = self._declared.all()
        for part in parts:
            part.pause(deadline_s)
        try:
            linked = self._session.info.transports()
            self._session.close()
            for part in parts:
                part.ended()
            if self._on_link is not None:
                for _ in linked:
                    self._on_link(False)  # nobody else tells of the end of a session's own links
            time.sleep(_AWAY_S)
            self._session = self.services.session = reopen_session(network)
            self._paced = pace_links(self._session, network.link_mbit_s)
            self._locators_at_s = 0.0
            for part in parts:
                part.renew(self._session)
            if self._on_link is not None:
                self._hear_links(self._on_link)
        except zenoh.ZError as error:
            raise ZenohError(f"cannot renew the session: {error}") from error
        finally:
            for part in parts:
                part.rematch(deadline_s)
            time.sleep(min(_TREES_S, max(0.0, deadline_s - time.monotonic())))
            for part in parts:
                part.resume()

    def close(self) -> None:
        """See :class:`bridge.ports.ZenohSide`."""
        if self._closed:
            return
        self._closed = True
        if self._watch is not None:
            self._watch.close()
        self.services.close()
        if self._link_events is not None:
            self._link_events.undeclare()
        try:
            self._session.close()
        except zenoh.ZError as error:
            raise ZenohError(f"cannot close the session: {error}") from error


def _bound(wanted: Iterable[str], listening: Iterable[str]) -> list[str]:
    """Listeners with the port they got instead of 0."""
    free = [parse_endpoint(locator) for locator in listening]
    found = []
    for text in wanted:
        one = parse_endpoint(text)
        got = next((it for it in free if (it.protocol, it.host) == (one.protocol, one.host)), None)
        if one.port == 0 and got is not None:
            free.remove(got)
            address, mark, options = text.partition("#")
            text = f"{address.rpartition(':')[0]}:{got.port}{mark}{options}"  # noqa: PLW2901 - the same, bound
        found.append(text)
    return found
