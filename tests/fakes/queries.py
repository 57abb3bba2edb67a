"""Queries on a Zenoh network in memory: :class:`bridge.serviceports.ZenohServices` for tests.

Part of a :class:`tests.fakes.zenoh.FakeZenoh`, whose links it uses. It can refuse, lose, never answer, answer
twice and answer late; a test can play a foreign session with :meth:`FakeQueryable.ask` and
:attr:`FakeQuerier.asked`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from bridge.core.keys import check_key_expr
from bridge.core.requests import check_message
from bridge.errors import InvalidName, WireError, ZenohError
from bridge.serviceports import ZenohQuery

if TYPE_CHECKING:
    from tests.fakes.zenoh import FakeZenoh

Done = Callable[[bytes | None, str], None]


class FakeZenohServices:
    """See :class:`bridge.serviceports.ZenohServices`."""

    def __init__(self, session: FakeZenoh) -> None:
        self.session = session
        self.refusals: set[str] = set()
        """What it refuses: ``open_queryable``, ``open_querier``."""
        self.counts: Counter[str] = Counter()
        self.queryables: list[FakeQueryable] = []
        self.queriers: list[FakeQuerier] = []
        session.network.services.append(self)

    def open_queryable(self, *, key_expr: str, on_query: Callable[[ZenohQuery], None]) -> FakeQueryable:
        self._check("open_queryable", key_expr)
        queryable = FakeQueryable(self, key_expr, on_query)
        self.queryables.append(queryable)
        self.session.network.update_matching()
        return queryable

    def open_querier(
        self, *, key_expr: str, timeout_s: float, on_matching: Callable[[bool], None]
    ) -> FakeQuerier:
        self._check("open_querier", key_expr)
        querier = FakeQuerier(self, key_expr, timeout_s, on_matching)
        self.queriers.append(querier)
        self.session.network.lookers.append(querier.look)
        querier.look()
        return querier

    def queryable(self, key_expr: str) -> FakeQueryable | None:
        """The open one of that key."""
        return next((one for one in self.queryables if one.key_expr == key_expr), None)

    def querier(self, key_expr: str) -> FakeQuerier | None:
        """The open one of that key."""
        return next((one for one in self.queriers if one.key_expr == key_expr), None)

    def close(self) -> None:
        for end in [*self.queryables, *self.queriers]:
            end.close()
        if self in self.session.network.services:
            self.session.network.services.remove(self)

    def reached(self, key_expr: str) -> list[FakeQueryable]:
        """Queryables of a key at the sessions that a link leads to."""
        linked = self.session.network.linked(self.session)
        return [
            queryable
            for side in self.session.network.services
            if side.session in linked
            for queryable in side.queryables
            if queryable.key_expr == key_expr
        ]

    def _check(self, what: str, key_expr: str) -> None:
        if what in self.refusals:
            raise ZenohError(f"{what} {key_expr}: refused by the test")
        if self.session.closed:
            raise ZenohError("the session is closed")
        try:
            check_key_expr(key_expr)
        except InvalidName as error:
            raise ZenohError(str(error)) from error


class FakeQuery:
    """See :class:`bridge.serviceports.ZenohQuery`; remembers what became of it."""

    def __init__(
        self, payload: bytes | None, attachment: bytes | None, answered: Callable[[FakeQuery], None]
    ) -> None:
        self.payload = payload
        self.attachment = attachment
        self.answer: bytes | None = None
        self.reason: str | None = None
        """Why it was refused."""
        self.finished = False
        self._answered = answered

    def reply(self, payload: bytes) -> None:
        self._finish(payload, None)

    def refuse(self, reason: str) -> None:
        self._finish(None, reason)

    def drop(self) -> None:
        self._finish(None, None)

    def _finish(self, answer: bytes | None, reason: str | None) -> None:
        if not self.finished:
            self.finished, self.answer, self.reason = True, answer, reason
            self._answered(self)


class FakeQueryable:
    """See :class:`bridge.serviceports.ZenohQueryable`."""

    def __init__(
        self, side: FakeZenohServices, key_expr: str, on_query: Callable[[ZenohQuery], None]
    ) -> None:
        self.side = side
        self.key_expr = key_expr
        self._on_query = on_query
        self.queries: list[FakeQuery] = []
        """All that came."""
        self.closed = False

    def ask(
        self,
        payload: bytes | None,
        attachment: bytes | None = None,
        answered: Callable[[FakeQuery], None] = lambda query: None,
    ) -> FakeQuery:
        """Somebody asks, in whatever form."""
        query = FakeQuery(payload, attachment, answered)
        self.queries.append(query)
        try:
            self._on_query(query)
        except Exception:  # noqa: BLE001 - as the real one: the network gives no fault of a route on
            query.drop()
        return query

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.side.queryables.remove(self)
            self.side.session.network.update_matching()


class Asked:
    """One query of a querier."""

    def __init__(self, payload: bytes, attachment: bytes, done: Done, counts: Counter[str]) -> None:
        self.payload = payload
        self.attachment = attachment
        self._done: Done | None = done
        self._counts = counts

    @property
    def open(self) -> bool:
        """Whether its ``done`` has not been called."""
        return self._done is not None

    def answer(self, payload: bytes) -> None:
        """A reply came; only the first good one counts, however often it comes."""
        try:
            check_message(payload)
        except WireError:
            self._counts["bad_reply"] += 1
            return
        if not self._tell(payload, ""):
            self._counts["late_reply"] += 1

    def fail(self, reason: str) -> None:
        """It ended, by time-out or refusal."""
        self._tell(None, reason)

    def _tell(self, payload: bytes | None, reason: str) -> bool:
        done, self._done = self._done, None
        if done is not None:
            done(payload, reason)
        return done is not None


class FakeQuerier:
    """See :class:`bridge.serviceports.ZenohQuerier`."""

    def __init__(
        self, side: FakeZenohServices, key_expr: str, timeout_s: float, on_matching: Callable[[bool], None]
    ) -> None:
        self.side = side
        self.key_expr = key_expr
        self.timeout_s = timeout_s
        self._on_matching = on_matching
        self._matching = False
        self.silent = False
        """While set, nobody is reached: the test answers what is in :attr:`asked`."""
        self.asked: list[Asked] = []
        """All of them, the answered ones too."""
        self.closed = False

    def look(self) -> None:
        """Tell the owner when somebody begins, or ceases, to answer."""
        matching = bool(self.side.reached(self.key_expr))
        if matching != self._matching and not self.closed:
            self._matching = matching
            self._on_matching(matching)

    def get(self, payload: bytes, attachment: bytes, done: Done) -> None:
        asked = Asked(payload, attachment, done, self.side.counts)
        self.asked.append(asked)
        if self.closed or self.side.session.closed:
            asked.fail("the querier is undeclared")
            return
        if self.silent:
            return
        reached = self.side.reached(self.key_expr)
        if not reached:
            asked.fail("nobody answered")
            return

        def answered(query: FakeQuery) -> None:
            self.side.session.network.answers.post(lambda: _answer(asked, query))

        reached[0].ask(payload, attachment, answered)  # complete: one of them is enough

    def expire(self) -> None:
        """The time-out of everything that is open."""
        for asked in self.asked:
            asked.fail(f"no answer within {self.timeout_s:g} s")

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.side.queriers.remove(self)
            self.side.session.network.lookers.remove(self.look)
            for asked in self.asked:
                asked.fail("nobody answered")


def _answer(asked: Asked, query: FakeQuery) -> None:
    if query.answer is not None:
        asked.answer(query.answer)
    asked.fail("nobody answered" if query.reason is None else f"refused: {query.reason}")
