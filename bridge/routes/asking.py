"""Clients here → Zenoh → a server elsewhere: a proxy on the domain turns requests into queries.

The proxy exists only while a real server is announced and reached, so that ``wait_for_service`` tells the
truth. A request is asked again only where that cannot run it twice: of agents of ours alone, who know it by
its header (:mod:`bridge.routes.answers`), and if it waits for a goal's result, which does no harm.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from bridge.core.events import MatchingChanged
from bridge.core.farnodes import StandIn
from bridge.core.requests import attachment, check_message
from bridge.core.routespec import DropCause
from bridge.core.serviceplan import PlannedService
from bridge.core.status import RouteCounters
from bridge.core.tokens import TokenKind
from bridge.errors import DdsError, WireError, ZenohError
from bridge.ports import Clock, EventSink, ZenohSide
from bridge.routes.announced import AnnouncedRoute
from bridge.routes.asked import Asked
from bridge.routes.calls import OpenCalls
from bridge.routes.callthread import CallThread
from bridge.routes.proxy import Proxy
from bridge.routes.serving import LASTING_S
from bridge.routes.standing import stand_in
from bridge.routes.stats import CallStats
from bridge.serviceports import (
    REFUSED,
    LocalServer,
    LocalServices,
    ServiceRequest,
    ZenohQuerier,
    ZenohServices,
)

log = logging.getLogger(__name__)

LINGER_S = 2.0
"""How long the proxy outlives the last queryable, so that an agent that takes over finds it."""
AGAIN_S = 1.0
"""Between two tries of a lasting call."""


class IngressService(AnnouncedRoute):
    """One open route of a server elsewhere. Thread: engine, but for the callbacks."""

    def __init__(  # noqa: PLR0913 - both worlds, and what ties them
        self,
        planned: PlannedService,
        *,
        local: LocalServices,
        queries: ZenohServices,
        zenoh: ZenohSide,
        calls: CallThread,
        clock: Clock,
        emit: EventSink,
        agent_ids: Callable[[], frozenset[str]],
        timeout_s: float,
    ) -> None:
        """Begin to look for the server, and announce that clients here do.

        Raises:
            ZenohError: refused.
        """
        super().__init__(zenoh)
        self.planned = planned
        self._proxy = Proxy(local)
        self._queries = queries
        self._calls = calls
        self._clock = clock
        self._emit = emit
        self._agent_ids = agent_ids
        self._timeout_s = LASTING_S if planned.lasting else timeout_s
        self._stats = CallStats()
        self._open: OpenCalls[bytes, Asked] = OpenCalls()
        self._lock = threading.Lock()
        """Guards whether a request is asked at once or kept."""
        self._matching = False
        self._unmatched_at_s: float | None = None
        self._querier: ZenohQuerier | None = None
        try:
            self._follow(self._clock.monotonic_s())
            self._announce(planned.token)
        except (DdsError, ZenohError):
            self.close()
            raise

    @property
    def active(self) -> bool:
        """Whether a call would cross."""
        return self._proxy.server is not None and self._matching

    @property
    def idle_reason(self) -> str:
        """Why no call would cross."""
        if not self.planned.wanted:
            return "nobody on Zenoh has announced a server"
        return "" if self._matching else "its server is announced, but Zenoh does not reach it"

    def stand_ins(self) -> tuple[StandIn, ...]:
        """The proxy, which stands for the servers elsewhere."""
        return stand_in(TokenKind.SERVICE_SERVER, self.planned, self._proxy.server)

    def counters(self) -> RouteCounters:
        """Calls answered, and what became of the others. Thread: any."""
        return self._stats.with_local(
            *self._proxy.counts(), queue_messages=len(self._open), queue_bytes=self._open.payload_bytes
        )

    def set_matching(self, matching: bool, now_s: float) -> None:  # noqa: FBT001 - an event's value
        """A server came into reach on Zenoh, or the last one went.

        Raises:
            DdsError: the proxy cannot be created.
        """
        if self._querier is None:
            return
        with self._lock:
            self._matching = matching
        self._unmatched_at_s = None if matching else now_s
        if matching:
            self._proxy.open(self.planned, self._requested)
            self._ask_again(float("inf"))

    def update(self, planned: PlannedService, now_s: float) -> None:
        """Follow a changed plan.

        Raises:
            DdsError, ZenohError: refused.
        """
        before, self.planned = self.planned, planned
        if planned.lasting and before.local and not planned.local and self._proxy.server is not None:
            for header, _ in self._open.clear():
                self._proxy.server.forget(header)  # those who wait for a goal are gone
        self._follow(now_s)
        if before.token != planned.token:
            self._announce(planned.token)

    def tick(self, now_s: float) -> None:
        """Do what has become due."""
        self._proxy.tick(now_s)
        if self._unmatched_at_s is not None and now_s >= self._unmatched_at_s + LINGER_S:
            self._unmatched_at_s = None
            self._leave(now_s)
        for header, _ in self._open.expired(now_s):
            self._give_up(self._proxy.server, header, DropCause.TIMEOUT)
        if self._matching:
            self._ask_again(now_s)

    def next_tick_s(self) -> float:
        """When :meth:`tick` has something to do; requests come without the engine's knowing."""
        due = [self._open.next_due_s(), self._proxy.closes_at_s]
        if self._unmatched_at_s is not None:
            due.append(self._unmatched_at_s + LINGER_S)
        if len(self._open):
            due.append(self._clock.monotonic_s() + AGAIN_S)
        return min((one for one in due if one is not None), default=float("inf"))

    def close(self) -> None:
        """Withdraw the proxy; what is open gets no answer, or one that says no."""
        self._announce(None)
        self._leave(self._clock.monotonic_s())
        self._close_querier()
        self._proxy.close()

    def _follow(self, now_s: float) -> None:
        """A querier while a server is announced; a proxy once it is in reach as well."""
        if not self.planned.wanted:
            self._leave(now_s)
            self._close_querier()
        elif self._querier is None:
            spec, emit = self.planned.spec, self._emit
            self._querier = self._queries.open_querier(
                key_expr=spec.key_expr,
                timeout_s=self._timeout_s,
                on_matching=lambda matching: emit(MatchingChanged(spec=spec, matching=matching)),
            )
        elif self._matching:
            self._proxy.open(self.planned, self._requested)

    def _leave(self, now_s: float) -> None:
        """The server is gone: say no where that can be said, and close the proxy when it is heard."""
        server = self._proxy.server
        if server is not None:
            for header, _ in self._open.clear():
                self._give_up(server, header, DropCause.NO_SERVER)
            self._proxy.leave(now_s)

    def _close_querier(self) -> None:
        querier, self._querier = self._querier, None
        self._matching, self._unmatched_at_s = False, None
        if querier is not None:
            querier.close()

    def _requested(self, request: ServiceRequest) -> None:
        """A client here asks. Thread: the local side's."""
        server, leaving = self._proxy.server, self._proxy.leaving
        now_s, header = self._clock.monotonic_s(), request.header
        offering = self._offering()
        safe = bool(offering) and offering <= self._agent_ids()
        entry = Asked(payload=request.payload, asked_s=now_s, asked_of=offering, safe=safe)
        size, due_s = len(request.payload), now_s + self._timeout_s
        if server is None and leaving is not None:
            self._deny(leaving, header, DropCause.NO_SERVER)
        elif self._open.add(header, entry, size_bytes=size, due_s=due_s):
            self._ask(header, entry)
        else:
            self._deny(server, header, DropCause.OVERFLOW)

    def _deny(self, server: LocalServer | None, header: bytes, cause: DropCause) -> None:
        """Give up without a write on this thread."""
        if self.planned.denial is None or not self._calls.post(lambda: self._give_up(server, header, cause)):
            self._stats.drop(cause)
            if server is not None:
                server.forget(header)

    def _ask(self, header: bytes, entry: Asked) -> None:
        """Ask the server, or keep the request until one is in reach. Thread: any."""
        with self._lock:
            querier = self._querier if self._matching else None
            entry.again_s = None if querier is not None else 0.0
        if querier is not None:
            entry.sent = True
            querier.get(
                entry.payload, attachment(header), lambda payload, why: self._told(header, payload, why)
            )

    def _ask_again(self, now_s: float) -> None:
        offering, agent_ids = self._offering(), self._agent_ids()
        for header, entry in self._open.items():
            due = entry.again_s is not None and entry.again_s <= now_s
            if due and (not entry.sent or self.planned.lasting or entry.repeatable(offering, agent_ids)):
                self._ask(header, entry)

    def _offering(self) -> frozenset[str]:
        return frozenset(token.zid for token in self.planned.remote)

    def _told(self, header: bytes, payload: bytes | None, why: str) -> None:
        """The server answered, or will not. Thread: any."""
        if not self._calls.post(lambda: self._answer(header, payload, why)):
            self._open.pop(header)
            self._deny(self._proxy.server, header, DropCause.QUEUE_FULL)

    def _answer(self, header: bytes, payload: bytes | None, why: str) -> None:
        """Pass the answer on to the client. Thread: calls."""
        entry = self._open.get(header)
        if entry is None:
            if payload is not None:
                self._stats.drop(DropCause.DUPLICATE_REPLY)
            return
        if payload is None and not why.startswith(REFUSED) and (self.planned.lasting or entry.safe):
            entry.again_s = self._clock.monotonic_s() + AGAIN_S  # the link may have broken, and will be back
            return
        server = self._proxy.server
        if self._open.pop(header) is None:
            return
        if payload is None:
            log.debug("%s: a call came to nothing: %s", self.planned.spec, why)
            cause = entry.cause(why, self._clock.monotonic_s(), self._timeout_s)
            self._give_up(server, header, cause)
            return
        try:
            if server is not None:
                server.reply(header, check_message(payload))
        except WireError as error:
            log.debug("%s: a reply is no such message: %s", self.planned.spec, error)
            self._give_up(server, header, DropCause.MALFORMED)
            return
        except DdsError as error:
            log.debug("%s: a reply was refused: %s", self.planned.spec, error)
            self._stats.drop(DropCause.WRITE_FAILED)
            return
        self._stats.answered(len(entry.payload) + len(payload), self._clock.monotonic_s() - entry.asked_s)

    def _give_up(self, server: LocalServer | None, header: bytes, cause: DropCause) -> None:
        """A request that is no longer open gets no answer, or one that says no. Thread: calls, engine."""
        self._stats.drop(cause)
        if server is None:
            return
        if self.planned.denial is None:
            server.forget(header)
            return
        try:
            server.fail(header, self.planned.denial)
        except DdsError as error:
            log.debug("%s: a denial was refused: %s", self.planned.spec, error)
