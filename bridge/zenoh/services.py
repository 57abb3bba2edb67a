"""Services on the Zenoh network: queryables and queriers, as :class:`bridge.serviceports.ZenohServices`.

Queryables are complete, so that a query runs on one server and not on each (design, fact 13). Consolidation
is NONE: with Zenoh's default one dead queryable holds a fast answer back until the time-out (wire
specification 3.3). Whatever may wait for a link happens on the threads of :mod:`bridge.zenoh.outbox`.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable

import zenoh

from bridge.core.requests import check_message
from bridge.errors import WireError, ZenohError
from bridge.serviceports import ZenohQuery
from bridge.zenoh.outbox import Job, Lane, Outbox
from bridge.zenoh.renewal import Declarations, Renewable, Sender
from bridge.zenoh.rxthread import keep_thread_state

log = logging.getLogger(__name__)

_REASON_CHARS = 200
"""Of what a stranger gives as his reason."""
_TIMED_OUT = "Timeout"
"""Zenoh's own error reply when nobody answered in time."""


class SessionServices:
    """What services need of one session; see :class:`bridge.serviceports.ZenohServices`."""

    def __init__(self, session: zenoh.Session, declared: Declarations) -> None:
        self.session = session
        self._declared = declared
        self._outbox = Outbox()
        self.counts: Counter[str] = Counter()
        """Dropped messages by cause.

        ``busy``: no room to send it; ``late_reply``: not the first of its query; ``bad_reply``: no message.
        """

    def open_queryable(self, *, key_expr: str, on_query: Callable[[ZenohQuery], None]) -> SessionQueryable:
        """See :class:`bridge.serviceports.ZenohServices`."""
        queryable = SessionQueryable(
            self.session, key_expr=key_expr, on_query=on_query, lane=self._outbox.lane(), counts=self.counts
        )
        return self._declared.add(queryable)

    def open_querier(
        self, *, key_expr: str, timeout_s: float, on_matching: Callable[[bool], None]
    ) -> SessionQuerier:
        """See :class:`bridge.serviceports.ZenohServices`."""
        querier = SessionQuerier(
            self.session,
            key_expr=key_expr,
            timeout_s=timeout_s,
            on_matching=on_matching,
            lane=self._outbox.lane(),
            counts=self.counts,
        )
        return self._declared.add(querier)

    def close(self) -> None:
        """Send no more; before the session's own end. Idempotent."""
        self._outbox.close()


class SessionQueryable(Renewable):
    """Answers queries of other sessions on one key."""

    def __init__(
        self,
        session: zenoh.Session,
        *,
        key_expr: str,
        on_query: Callable[[ZenohQuery], None],
        lane: Lane,
        counts: Counter[str],
    ) -> None:
        self._key_expr = key_expr
        self._on_query = on_query
        self._lane = lane
        self._counts = counts
        self._closed = False
        self._queryable = self._declared(session)

    def _declared(self, session: zenoh.Session) -> zenoh.Queryable[None]:
        try:
            return session.declare_queryable(
                self._key_expr,
                zenoh.handlers.Callback(self._received, indirect=False),
                complete=True,
                allowed_origin=zenoh.Locality.REMOTE,
            )
        except zenoh.ZError as error:
            raise ZenohError(f"cannot answer queries on {self._key_expr}: {error}") from error

    def renew(self, session: zenoh.Session) -> None:
        """See :class:`Renewable`. An answer to a query of the session before goes nowhere."""
        if not self._closed:
            self._queryable = self._declared(session)

    def beside(self, session: zenoh.Session) -> zenoh.Queryable[None] | None:
        """See :class:`Renewable`. Complete, so that a query runs on one of the two."""
        return None if self._closed else self._declared(session)

    def _received(self, query: zenoh.Query) -> None:
        """Thread: Zenoh's."""
        keep_thread_state()
        received = ReceivedQuery(query, key_expr=self._key_expr, lane=self._lane, counts=self._counts)
        try:
            self._on_query(received)
        except Exception:
            # Nothing from the network may reach Zenoh's thread as an exception.
            log.exception("a query of %s could not be handled", self._key_expr)
            received.drop()

    def close(self) -> None:
        """See :class:`bridge.serviceports.ZenohQueryable`."""
        if not self._closed:
            self._closed = True
            self._queryable.undeclare()


class ReceivedQuery:
    """See :class:`bridge.serviceports.ZenohQuery`."""

    def __init__(self, query: zenoh.Query, *, key_expr: str, lane: Lane, counts: Counter[str]) -> None:
        payload, attachment = query.payload, query.attachment
        self.payload = None if payload is None else bytes(payload)
        self.attachment = None if attachment is None else bytes(attachment)
        self._key_expr = key_expr
        self._lane = lane
        self._counts = counts
        self._lock = threading.Lock()
        self._query: zenoh.Query | None = query
        """None once it is answered."""

    def reply(self, payload: bytes) -> None:
        """See :class:`bridge.serviceports.ZenohQuery`."""
        self._finish(lambda query: query.reply(self._key_expr, payload), len(payload))

    def refuse(self, reason: str) -> None:
        """See :class:`bridge.serviceports.ZenohQuery`."""
        self._finish(lambda query: query.reply_err(reason.encode()), len(reason))

    def drop(self) -> None:
        """See :class:`bridge.serviceports.ZenohQuery`."""
        self._finish(None, 0)

    def _finish(self, answer: Callable[[zenoh.Query], None] | None, size: int) -> None:
        with self._lock:
            query, self._query = self._query, None
        if query is None:
            return

        def send() -> None:
            try:
                if answer is not None:
                    answer(query)
            except zenoh.ZError as error:
                # The asker's doing: he takes no reply on this key, or is gone. Not worth a line each.
                log.debug("a query of %s could not be answered: %s", self._key_expr, error)
            finally:
                # The asker gets nothing until the query is finalized (wire specification 3.4).
                query.drop()

        if not self._lane.post(Job(send, query.drop, size)):
            # Somebody asks, and does not take the answers. Here Zenoh may hold him back.
            self._counts["busy"] += 1
            query.drop()


class SessionQuerier(Sender):
    """Asks other sessions on one key. A request that is open ends when the session is renewed."""

    def __init__(
        self,
        session: zenoh.Session,
        *,
        key_expr: str,
        timeout_s: float,
        on_matching: Callable[[bool], None],
        lane: Lane,
        counts: Counter[str],
    ) -> None:
        super().__init__(on_matching)
        self._key_expr = key_expr
        self._timeout_s = timeout_s
        self._lane = lane
        self._counts = counts
        self._declare(session)

    def _declare(self, session: zenoh.Session) -> None:
        try:
            self._querier = session.declare_querier(
                self._key_expr,
                target=zenoh.QueryTarget.BEST_MATCHING,
                consolidation=zenoh.ConsolidationMode.NONE,
                timeout=self._timeout_s,
                congestion_control=zenoh.CongestionControl.BLOCK,
                allowed_destination=zenoh.Locality.REMOTE,
            )
            self._matching.listen(self._querier)
        except zenoh.ZError as error:
            raise ZenohError(f"cannot ask {self._key_expr}: {error}") from error

    def get(self, payload: bytes, attachment: bytes, done: Callable[[bytes | None, str], None]) -> None:
        """See :class:`bridge.serviceports.ZenohQuerier`."""
        asked = _Asked(done, timeout_s=self._timeout_s, counts=self._counts)

        def send() -> None:
            try:
                with self._sending:
                    self._querier.get(
                        zenoh.handlers.Callback(asked.reply, asked.end, indirect=False),
                        payload=payload,
                        attachment=attachment,
                    )
            except zenoh.ZError as error:
                asked.give_up(str(error))
            finally:
                if self._closed:
                    self._retire()

        if not self._lane.post(Job(send, lambda: asked.give_up("the session closes"), len(payload))):
            self._counts["busy"] += 1
            asked.give_up("too many requests wait to be sent")

    def _undeclare(self) -> None:
        """Open queries end, each with its ``done``."""
        self._querier.undeclare()


class _Asked:
    """One query of ours, until it is over: tells the asker once."""

    def __init__(
        self, done: Callable[[bytes | None, str], None], *, timeout_s: float, counts: Counter[str]
    ) -> None:
        self._lock = threading.Lock()
        self._done: Callable[[bytes | None, str], None] | None = done
        self._timeout_s = timeout_s
        self._counts = counts
        self._reason = "nobody answered"

    def reply(self, reply: zenoh.Reply) -> None:
        """The first good one is the answer. Thread: Zenoh's."""
        keep_thread_state()
        sample = reply.ok
        if sample is None:
            self._reason = self._why(bytes(reply.err.payload) if reply.err is not None else b"")
            return
        try:
            payload = check_message(bytes(sample.payload))
        except WireError as error:
            self._counts["bad_reply"] += 1
            self._reason = str(error)
            return
        if not self._tell(payload, ""):
            self._counts["late_reply"] += 1

    def end(self) -> None:
        """No more replies will come. Thread: Zenoh's, or the one that closes."""
        self._tell(None, self._reason)

    def give_up(self, reason: str) -> None:
        """It was not asked. Thread: any."""
        self._tell(None, reason)

    def _tell(self, payload: bytes | None, reason: str) -> bool:
        with self._lock:
            done, self._done = self._done, None
        if done is None:
            return False
        try:
            done(payload, reason)
        except Exception:
            # Zenoh's thread must not see it.
            log.exception("the answer to a query could not be handled")
        return True

    def _why(self, payload: bytes) -> str:
        text = payload[:_REASON_CHARS].decode(errors="replace")
        if text == _TIMED_OUT:
            return f"no answer within {self._timeout_s:g} s"
        return "refused: " + "".join(char if char.isprintable() else "?" for char in text)
