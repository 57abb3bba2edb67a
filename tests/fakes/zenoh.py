"""A Zenoh network in memory: :class:`bridge.ports.ZenohSide` for tests.

It can refuse, lose, delay and block; a link can break and return, with its tokens in any order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from bridge.core.events import (
    ExtensionAnnounced,
    ExtensionRetired,
    InputRejected,
    TokenAnnounced,
    TokenRetired,
)
from bridge.core.extensions import parse_extension
from bridge.core.keys import check_key_expr
from bridge.core.linkinfo import LinkInfo
from bridge.core.tokens import parse_token
from bridge.errors import InvalidName, WireError, ZenohError
from bridge.ports import CacheReader, CountsSink, EventSink, ZenohSample
from tests.fakes.mail import Mail
from tests.fakes.queries import FakeZenohServices
from tests.fakes.zenoh_halves import FakePublisher, FakeSubscriber, FakeToken


class FakeNetwork:
    """What connects sessions: every session sees every other, unless their link is cut."""

    def __init__(self) -> None:
        self.sessions: list[FakeZenoh] = []
        self.samples = Mail()
        """Live samples."""
        self.answers = Mail()
        """Replies to history queries, and their end."""
        self.tokens = Mail()
        """Announcements and retirements."""
        self.lookers: list[Callable[[], None]] = []
        """Told, besides the publishers, when something that matches may have come or gone."""
        self.services: list[FakeZenohServices] = []
        """Of all sessions."""
        self._cut: set[frozenset[str]] = set()

    def session(self, zid: str) -> FakeZenoh:
        """One more session, linked to all others."""
        session = FakeZenoh(self, zid)
        self.sessions.append(session)
        self.update_matching()
        return session

    def linked(self, session: FakeZenoh) -> list[FakeZenoh]:
        """The sessions that can be reached from one."""
        pairs = (
            (other, frozenset((session.zid, other.zid))) for other in self.sessions if other is not session
        )
        return [other for other, pair in pairs if pair not in self._cut]

    def cut(self, one: FakeZenoh, other: FakeZenoh, *, last_first: bool = False) -> None:
        """Break the link: the tokens of either side are retired, in whatever order."""
        self._cut.add(frozenset((one.zid, other.zid)))
        for seer, seen in ((one, other), (other, one)):
            keys = list(seen.tokens)
            for key in reversed(keys) if last_first else keys:
                seer.see_token(key, present=False)
        self.update_matching()

    def mend(self, one: FakeZenoh, other: FakeZenoh, *, last_first: bool = False) -> None:
        """The link is back: everything is announced again."""
        self._cut.discard(frozenset((one.zid, other.zid)))
        for seer, seen in ((one, other), (other, one)):
            keys = list(seen.tokens)
            for key in reversed(keys) if last_first else keys:
                seer.see_token(key, present=True)
        self.update_matching()

    def update_matching(self) -> None:
        """Tell every publisher whether somebody else subscribes now."""
        for session in list(self.sessions):
            for publisher in list(session.publishers):
                publisher.look()
        for look in list(self.lookers):
            look()


class FakeZenoh:
    """See :class:`bridge.ports.ZenohSide`."""

    def __init__(self, network: FakeNetwork, zid: str) -> None:
        self.network = network
        self.zid = zid
        self.tokens: dict[str, int] = {}
        """Declared here, and how often."""
        self.publishers: list[FakePublisher] = []
        self.subscribers: list[FakeSubscriber] = []
        self.opened = 0
        """Publishers and subscribers created so far."""
        self.refusals: set[str] = set()
        """What it refuses: ``announce``, ``open_publisher``, ``open_subscriber``, ``put``."""
        self.gate = threading.Event()
        """While clear, a put of a blocking publisher blocks."""
        self.gate.set()
        self.blocked = threading.Semaphore(0)
        """Released for each put that begins to block."""
        self._emit: EventSink | None = None
        self.closed = False
        self.services = FakeZenohServices(self)
        """Queries and their answers."""

    def start(self, emit: EventSink) -> None:
        self._emit = emit
        for other in self.network.linked(self):
            self.watch_tokens_of(other)

    def announce(self, key_expr: str) -> FakeToken:
        self._check("announce", key_expr)
        self.tokens[key_expr] = self.tokens.get(key_expr, 0) + 1
        if self.tokens[key_expr] == 1:
            self._show(key_expr, present=True)
        return FakeToken(self, key_expr)

    def retire(self, key_expr: str) -> None:
        """One declaration of a token is gone."""
        if key_expr not in self.tokens:
            return
        self.tokens[key_expr] -= 1
        if self.tokens[key_expr] == 0:
            del self.tokens[key_expr]
            self._show(key_expr, present=False)

    def open_publisher(
        self,
        *,
        key_expr: str,
        block: bool,
        priority: int,
        express: bool,
        cache: CacheReader | None,
        on_matching: Callable[[bool], None],
    ) -> FakePublisher:
        self._check("open_publisher", key_expr)
        self.opened += 1
        publisher = FakePublisher(self, key_expr, block, cache, on_matching)
        publisher.priority, publisher.express = priority, express
        self.publishers.append(publisher)
        publisher.look()
        return publisher

    def open_subscriber(
        self,
        *,
        key_expr: str,
        on_sample: Callable[[ZenohSample], None],
        on_counts: CountsSink | None = None,
    ) -> FakeSubscriber:
        self._check("open_subscriber", key_expr)
        self.opened += 1
        subscriber = FakeSubscriber(self, key_expr, on_sample, on_counts)
        self.subscribers.append(subscriber)
        self.network.update_matching()
        return subscriber

    def links(self) -> tuple[LinkInfo, ...]:
        return tuple(
            LinkInfo(zid=other.zid, whatami="router", src=f"fake/{self.zid}", dst=f"fake/{other.zid}")
            for other in self.network.linked(self)
        )

    def listening(self) -> tuple[str, ...]:
        return (f"fake/{self.zid}",)

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._emit = None
        for key in list(self.tokens):
            del self.tokens[key]
            self._show(key, present=False)
        self.publishers.clear()
        self.subscribers.clear()
        self.services.close()
        if self in self.network.sessions:
            self.network.sessions.remove(self)
        self.network.update_matching()

    def watch_tokens_of(self, other: FakeZenoh) -> None:
        """Another session is reachable: its tokens appear."""
        for key in list(other.tokens):
            self.see_token(key, present=True)

    def see_token(self, key_expr: str, *, present: bool) -> None:
        """A token of another session appeared or vanished."""
        self.network.tokens.post(lambda: self._handle(key_expr, present))

    def _handle(self, key_expr: str, present: bool) -> None:
        if self._emit is None:
            return
        chunks = key_expr.split("/")
        extension = chunks[2:4] == ["@zenlink", "1"]
        if not extension and chunks[2:3] != ["@ros2_lv"]:
            return
        try:
            token = parse_extension(key_expr) if extension else parse_token(key_expr)
        except WireError as error:
            self._emit(InputRejected(codec=error.codec))
            return
        if token.zid == self.zid:
            return
        if extension:
            self._emit(ExtensionAnnounced(token=token) if present else ExtensionRetired(token=token))
        else:
            self._emit(TokenAnnounced(token=token) if present else TokenRetired(token=token))

    def _show(self, key_expr: str, *, present: bool) -> None:
        for other in self.network.linked(self):
            other.see_token(key_expr, present=present)

    def _check(self, what: str, key_expr: str) -> None:
        if what in self.refusals:
            raise ZenohError(f"{what} {key_expr}: refused by the test")
        try:
            check_key_expr(key_expr)
        except InvalidName as error:
            raise ZenohError(str(error)) from error
