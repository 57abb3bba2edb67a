"""What a :class:`tests.fakes.zenoh.FakeZenoh` hands out: publishers, subscribers, tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bridge.core.counts import CountRecord, decode_counts
from bridge.errors import ZenohError
from bridge.ports import CacheReader, CountsSink, ZenohSample

if TYPE_CHECKING:
    from tests.fakes.zenoh import FakeZenoh


class FakeToken:
    """See :class:`bridge.ports.Announcement`."""

    def __init__(self, session: FakeZenoh, key_expr: str) -> None:
        self._session = session
        self._key_expr = key_expr
        self._closed = False

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._session.retire(self._key_expr)


class FakePublisher:
    """See :class:`bridge.ports.ZenohPublisher`."""

    def __init__(
        self,
        session: FakeZenoh,
        key_expr: str,
        block: bool,
        cache: CacheReader | None,
        on_matching: Callable[[bool], None],
    ) -> None:
        self._session = session
        self.key_expr = key_expr
        self.block = block
        self.priority = 0
        self.express = False
        self.cache = cache
        self._on_matching = on_matching
        self._matching = False
        self.put_samples: list[ZenohSample] = []
        """Everything that was put."""
        self.closed = False

    def look(self) -> None:
        """Tell the owner when somebody begins, or ceases, to subscribe."""
        matching = any(
            subscriber.key_expr == self.key_expr
            for other in self._session.network.linked(self._session)
            for subscriber in list(other.subscribers)
        )
        if matching != self._matching and not self.closed:
            self._matching = matching
            self._on_matching(matching)

    def put(self, payload: bytes, source_ns: int, source_id: bytes) -> None:
        if self.closed or self._session.closed:
            raise ZenohError("the publisher is undeclared")
        if "put" in self._session.refusals:
            raise ZenohError("put failed: refused by the test")
        if self.block and not self._session.gate.is_set():
            self._session.blocked.release()
            self._session.gate.wait()
        sample = ZenohSample(payload, source_ns, source_id)
        self.put_samples.append(sample)
        for other in self._session.network.linked(self._session):
            for subscriber in list(other.subscribers):
                if subscriber.key_expr == self.key_expr:
                    self._session.network.samples.post(
                        lambda subscriber=subscriber: subscriber.receive(sample)
                    )

    def put_counts(self, payload: bytes, *, block: bool) -> None:
        if self.closed or self._session.closed:
            raise ZenohError("the publisher is undeclared")
        if block and self.block and not self._session.gate.is_set():
            self._session.gate.wait()
        record = decode_counts(payload)
        for other in self._session.network.linked(self._session):
            for subscriber in list(other.subscribers):
                if subscriber.key_expr == self.key_expr:
                    self._session.network.samples.post(
                        lambda subscriber=subscriber: subscriber.receive_counts(self._session.zid, record)
                    )

    def close(self) -> None:
        self.closed = True
        if self in self._session.publishers:
            self._session.publishers.remove(self)


class FakeSubscriber:
    """See :class:`bridge.ports.ZenohSubscriber`."""

    def __init__(
        self,
        session: FakeZenoh,
        key_expr: str,
        on_sample: Callable[[ZenohSample], None],
        on_counts: CountsSink | None = None,
    ) -> None:
        self._session = session
        self.key_expr = key_expr
        self._on_sample = on_sample
        self._on_counts = on_counts
        self._followed: frozenset[str] = frozenset()
        self.asked: list[int] = []
        """How much history was asked for, each time."""
        self.closed = False

    def receive(self, sample: ZenohSample) -> None:
        """The network brings a sample; one already under way comes even after :meth:`close`."""
        self._on_sample(sample)

    def receive_counts(self, zid: str, record: CountRecord) -> None:
        """The network brings a record, behind the samples before it."""
        if self._on_counts is not None and zid in self._followed:
            self._on_counts(zid, record)

    def follow_counts(self, zids: frozenset[str]) -> None:
        self._followed = zids

    def fetch_history(self, newest: int, done: Callable[[list[ZenohSample]], None]) -> None:
        self.asked.append(newest)
        found = [
            sample
            for other in self._session.network.linked(self._session)
            for publisher in list(other.publishers)
            if publisher.key_expr == self.key_expr and publisher.cache is not None
            for sample in publisher.cache.history(newest)
        ]
        self._session.network.answers.post(lambda: done(found))

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            if self in self._session.subscribers:
                self._session.subscribers.remove(self)
            self._session.network.update_matching()
