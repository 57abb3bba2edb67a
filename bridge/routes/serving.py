"""Zenoh → a real server here → Zenoh: queries become calls, replies their answers.

Offered only once our client has found the server, so that the first call is not lost. Every open query is
bounded in number and time, and is answered or refused whatever happens to the server.
"""

from __future__ import annotations

import itertools
import logging
import threading
from dataclasses import dataclass

from bridge.core.farnodes import StandIn
from bridge.core.requests import check_message, parse_attachment
from bridge.core.routespec import DropCause
from bridge.core.serviceplan import PlannedService
from bridge.core.status import RouteCounters
from bridge.core.tokens import TokenKind
from bridge.errors import DdsError, WireError, ZenohError
from bridge.ports import Clock, ZenohSide
from bridge.routes.announced import AnnouncedRoute
from bridge.routes.answers import Answers
from bridge.routes.calls import OpenCalls
from bridge.routes.callthread import CallThread
from bridge.routes.standing import stand_in
from bridge.routes.stats import CallStats
from bridge.serviceports import LocalClient, LocalServices, ZenohQuery, ZenohQueryable, ZenohServices

log = logging.getLogger(__name__)

LOOK_S = 0.05
"""Between two looks whether our client has found the server; a matter of tenths of a second …"""
PATIENT_AFTER_S = 2.0
"""… and where it is not, hundreds of services must not be looked at all the time: each :data:`RETRY_S`."""
SETTLE_S = 0.25
"""Found by us, the server may not have found our client, and would drop its first reply: rmw_fastrtps and
rmw_cyclonedds wait 0.1 s for that. So it is left as long again as we took to find it, this at least …"""
SETTLE_MAX_S = 2.0
"""… and this at most: on a busy machine both directions are slow alike."""
RETRY_S = 1.0
"""After Zenoh refused, or the server was not found for long."""
LASTING_S = 7 * 24 * 3600.0
"""A call that ends with its goal: both sides forget it earlier, when server or asker goes."""


@dataclass(slots=True, eq=False)
class _Query:
    """A query that waits for its reply."""

    query: ZenohQuery
    payload: bytes
    header: bytes | None
    """By which it is known again; None: a native client's."""
    asked_s: float
    """When it came, monotonic; of one that came again over another link, the first time."""
    number: int | None = None
    """Of the call; None while it is not sent."""


class EgressService(AnnouncedRoute):
    """One open route of a server here. Thread: engine, but for the callbacks."""

    def __init__(
        self,
        planned: PlannedService,
        *,
        local: LocalServices,
        queries: ZenohServices,
        zenoh: ZenohSide,
        calls: CallThread,
        answers: Answers,
        clock: Clock,
        timeout_s: float,
    ) -> None:
        """Look for the server.

        Raises:
            DdsError: refused, or the type is not installed.
        """
        super().__init__(zenoh)
        self.planned = planned
        self._queries = queries
        self._calls = calls
        self._answers = answers
        self._clock = clock
        self._timeout_s = LASTING_S if planned.lasting else timeout_s
        self._stats = CallStats()
        self._open: OpenCalls[int, _Query] = OpenCalls()
        self._serials = itertools.count(1)
        self._by_number: dict[int, int] = {}
        """Serial of an open query by the number of its call; a reply looks there after its call was sent,
        for both happen on the calls' thread."""
        self._lock = threading.Lock()
        """Guards whether a request is new, open or answered."""
        self._by_header: dict[bytes, _Query] = {}
        """The open queries."""
        self._queryable: ZenohQueryable | None = None
        self._look_at_s = 0.0
        self._opened_s = clock.monotonic_s()
        self._offer_at_s: float | None = None
        """None: not found."""
        client = local.open_client(
            ros_name=planned.spec.ros_name, ros_type=planned.ros_type, on_reply=self._replied
        )
        self._client: LocalClient | None = client
        """None once it is closed. Other threads may read it."""
        self._client_counts = client.counts

    @property
    def active(self) -> bool:
        """Whether the server is offered on Zenoh."""
        return self._queryable is not None

    @property
    def idle_reason(self) -> str:
        """Why no call would cross."""
        return "" if self.active else "our client has not found the server yet"

    def stand_ins(self) -> tuple[StandIn, ...]:
        """Our client, which stands for those elsewhere."""
        return stand_in(TokenKind.SERVICE_CLIENT, self.planned, self._client)

    def counters(self) -> RouteCounters:
        """Calls answered, and what became of the others. Thread: any."""
        return self._stats.with_local(
            self._client_counts, queue_messages=len(self._open), queue_bytes=self._open.payload_bytes
        )

    def set_matching(self, matching: bool, now_s: float) -> None:  # noqa: FBT001 - an event's value
        """Nothing: it has no querier."""

    def update(self, planned: PlannedService, now_s: float) -> None:
        """Follow a changed plan.

        Raises:
            ZenohError: the token is refused.
        """
        before, self.planned = self.planned, planned
        if before.remote and not planned.remote and planned.lasting:
            self._end_all("the asker is gone")
        if self._queryable is not None and before.token != planned.token:
            self._announce(planned.token)

    def tick(self, now_s: float) -> None:
        """Offer the server once it is found; give up what took too long."""
        if self._queryable is None and now_s >= self._look_at_s:
            self._look_at_s = now_s + (LOOK_S if now_s < self._opened_s + PATIENT_AFTER_S else RETRY_S)
            if self._client is None or not self._client.ready():
                self._offer_at_s = None
            elif self._offer_at_s is None:
                settle_s = min(max(now_s - self._opened_s, SETTLE_S), SETTLE_MAX_S)
                self._offer_at_s = self._look_at_s = now_s + settle_s
            elif now_s >= self._offer_at_s:
                self._offer(now_s)
        for _, entry in self._open.expired(now_s):
            self._end(entry, DropCause.TIMEOUT, f"no answer within {self._timeout_s:g} s")

    def next_tick_s(self) -> float:
        """When :meth:`tick` has something to do; calls come without the engine's knowing."""
        if self._queryable is None:
            return self._look_at_s
        return self._open.next_due_s() or float("inf")

    def close(self) -> None:
        """Withdraw the server, refuse what is open."""
        self._announce(None)
        queryable, self._queryable = self._queryable, None
        if queryable is not None:
            queryable.close()
        self._end_all("the server is gone")
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _offer(self, now_s: float) -> None:
        key_expr = self.planned.spec.key_expr
        try:
            self._queryable = self._queries.open_queryable(key_expr=key_expr, on_query=self._asked)
            self._announce(self.planned.token)
        except ZenohError as error:
            log.warning("%s cannot be offered: %s; trying again in %.0f s", self.planned.spec, error, RETRY_S)
            queryable, self._queryable = self._queryable, None
            if queryable is not None:
                queryable.close()
            self._look_at_s = now_s + RETRY_S

    def _asked(self, query: ZenohQuery) -> None:
        """A query came. Thread: Zenoh's."""
        try:
            payload = check_message(query.payload)
        except WireError as error:
            self._stats.drop(DropCause.MALFORMED)
            query.refuse(str(error))
            return
        header = parse_attachment(query.attachment)
        now_s = self._clock.monotonic_s()
        entry = _Query(query=query, payload=payload, header=header, asked_s=now_s)
        if header is not None and self._asked_before(header, entry):
            return
        serial = next(self._serials)
        due_s = now_s + self._timeout_s
        room = self._open.add(serial, entry, size_bytes=len(payload), due_s=due_s)
        if room and self._calls.post(lambda: self._call(serial)):
            return
        self._open.pop(serial)
        self._end(entry, DropCause.OVERFLOW, "too many calls are open")

    def _asked_before(self, header: bytes, entry: _Query) -> bool:
        """Whether the request came over a link that broke: its answer goes where it is asked for now."""
        query = entry.query
        with self._lock:
            answer = self._answers.find((self.planned.spec.key_expr, header), self._clock.monotonic_s())
            open_one = self._by_header.get(header) if answer is None else None
            if open_one is not None:
                open_one.query, query = query, open_one.query
            elif answer is None:
                self._by_header[header] = entry
                return False
        if answer is not None:
            query.reply(answer)
        else:
            query.drop()
        return True

    def _call(self, serial: int) -> None:
        """Pass a query on to the server. Thread: calls."""
        entry = self._open.get(serial)
        if entry is None:
            return
        cause, reason = DropCause.NO_SERVER, "the server is not there"
        client = self._client
        try:
            if client is not None and client.ready():
                entry.number = number = client.call(entry.payload)
                self._by_number[number] = serial
                if self._open.get(serial) is None:  # given up meanwhile
                    self._forget(number)
                return
        except WireError as error:
            cause, reason = DropCause.MALFORMED, str(error)
        except DdsError as error:
            cause, reason = DropCause.WRITE_FAILED, str(error)
        if self._open.pop(serial) is not None:
            self._end(entry, cause, reason)

    def _replied(self, number: int, payload: bytes) -> None:
        """A reply came. Thread: the local side's."""
        if not self._calls.post(lambda: self._pass_on(number, payload)):
            self._stats.drop(DropCause.QUEUE_FULL)

    def _pass_on(self, number: int, payload: bytes) -> None:
        """Answer the query of a call. Thread: calls."""
        serial = self._by_number.pop(number, None)
        entry = None if serial is None else self._open.pop(serial)
        if entry is None:
            self._stats.drop(DropCause.DUPLICATE_REPLY)
            return
        try:
            check_message(payload)
        except WireError as error:
            self._end(entry, DropCause.MALFORMED, str(error))
            return
        with self._lock:
            if entry.header is not None:
                self._by_header.pop(entry.header, None)
                request = (self.planned.spec.key_expr, entry.header)
                self._answers.keep(request, payload, self._clock.monotonic_s())
        entry.query.reply(payload)
        self._stats.answered(len(entry.payload) + len(payload), self._clock.monotonic_s() - entry.asked_s)

    def _end_all(self, reason: str) -> None:
        for _, entry in self._open.clear():
            self._end(entry, DropCause.NO_SERVER, reason)

    def _end(self, entry: _Query, cause: DropCause, reason: str) -> None:
        """Refuse a query that is no longer among the open ones. Thread: any."""
        self._stats.drop(cause)
        if entry.number is not None:
            self._forget(entry.number)
        with self._lock:
            if entry.header is not None:
                self._by_header.pop(entry.header, None)
        entry.query.refuse(reason)

    def _forget(self, number: int) -> None:
        self._by_number.pop(number, None)
        client = self._client
        if client is not None:
            client.forget(number)
