"""The Zenoh half of an ingress route: live samples, and the history that others keep."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

import zenoh

from bridge.core.counts import count_key, decode_counts
from bridge.errors import WireError, ZenohError
from bridge.ports import CountsSink, ZenohSample
from bridge.zenoh.overlap import Overlap
from bridge.zenoh.renewal import Renewable
from bridge.zenoh.rxthread import keep_thread_state
from bridge.zenoh.samples import from_zenoh

log = logging.getLogger(__name__)

_BEFORE, _BESIDE, _AFTER = range(3)
"""The sessions of a renewal, in the order in which they lead."""
HISTORY_TIMEOUT_S = 3.0
"""For all caches of a key together; live samples are held back that long at most."""
MAX_HISTORY_SAMPLES = 100_000
"""Taken from all caches of a key together; what a hostile peer sends beyond is ignored."""


class RouteSubscriber(Renewable):
    """Subscribes to one key; see :class:`bridge.ports.ZenohSubscriber`."""

    def __init__(
        self,
        session: zenoh.Session,
        *,
        key_expr: str,
        on_sample: Callable[[ZenohSample], None],
        on_counts: CountsSink | None = None,
    ) -> None:
        self._session = session
        self._key_expr = key_expr
        self._on_sample = on_sample
        self._on_counts = on_counts
        self._closed = False
        self._overlap: Overlap | None = None
        """While there is a session beside: what the three bring, ours until it is closed, then that one,
        then the new one of ours."""
        self._own = _BEFORE
        """Which of them is ours."""
        self._subscriber = self._declared(session, self._received)
        self._counts: dict[str, zenoh.Subscriber[None]] = {}
        """Subscriptions to the records of the agents followed, by zid."""

    def _declared(
        self, session: zenoh.Session, handler: Callable[[zenoh.Sample], None]
    ) -> zenoh.Subscriber[None]:
        try:
            return _declared(session, self._key_expr, handler)
        except zenoh.ZError as error:
            raise ZenohError(f"cannot subscribe to {self._key_expr}: {error}") from error

    def renew(self, session: zenoh.Session) -> None:
        """See :class:`Renewable`."""
        self._session = session
        self._own = _AFTER
        if not self._closed:
            self._subscriber = self._declared(session, self._received)
            zids = frozenset(self._counts)
            self._counts.clear()
            self.follow_counts(zids)

    def beside(self, session: zenoh.Session) -> zenoh.Subscriber[None] | None:
        """See :class:`Renewable`. What comes twice is told apart by its writer and time."""
        if self._closed:
            return None
        self._own, self._overlap = _BEFORE, Overlap(self._on_sample, self._on_counts)
        return self._declared(session, partial(self._take, self._overlap, _BESIDE))

    def ended(self) -> None:
        """See :class:`Renewable`."""
        if self._overlap is not None:
            self._overlap.ended(_BEFORE)

    def alone(self) -> None:
        """See :class:`Renewable`."""
        if self._overlap is not None:
            self._overlap.ended(_BESIDE)
            self._overlap = None  # not before: what it still held goes first

    def _received(self, sample: zenoh.Sample) -> None:
        self._take(self._overlap, self._own, sample)

    def _take(self, overlap: Overlap | None, over: int, sample: zenoh.Sample) -> None:
        keep_thread_state()
        try:
            if overlap is None:
                self._on_sample(from_zenoh(sample))
            else:
                overlap.sample(over, from_zenoh(sample))
        except Exception:
            # Nothing from the network may reach Zenoh's thread as an exception.
            log.exception("a sample of %s could not be handled", self._key_expr)

    def follow_counts(self, zids: frozenset[str]) -> None:
        """See :class:`bridge.ports.ZenohSubscriber`.

        By exact keys: for a key that matches a wildcard alone, Zenoh looks through all subscriptions at every
        put, which with 1000 topics took a whole core.
        """
        for zid in self._counts.keys() - zids:
            self._counts.pop(zid).undeclare()
        try:
            for zid in zids - self._counts.keys() if self._on_counts is not None else ():
                key = count_key(zid, self._key_expr)
                self._counts[zid] = _declared(self._session, key, partial(self._counted, zid))
        except zenoh.ZError as error:
            raise ZenohError(f"cannot subscribe to the counts of {self._key_expr}: {error}") from error

    def _counted(self, zid: str, sample: zenoh.Sample) -> None:
        keep_thread_state()
        if self._on_counts is None:
            return
        try:
            record = decode_counts(bytes(sample.payload))
            if (overlap := self._overlap) is None:
                self._on_counts(zid, record)
            else:
                overlap.counts(self._own, zid, record)
        except WireError as error:
            log.debug("dropped a record of counts: %s", error)
        except Exception:
            log.exception("a record of counts of %s could not be handled", self._key_expr)

    def fetch_history(self, newest: int, done: Callable[[list[ZenohSample]], None]) -> None:
        """See :class:`bridge.ports.ZenohSubscriber`."""
        gathering = _Gathering(parts=2, done=done)
        limit = f"?_max={newest}"
        # ``@adv/**`` is answered by bridges since 1.5.1, ``@ros2_pub_cache`` by older ones.
        for selector in (f"{self._key_expr}/@adv/**{limit}", f"{self._key_expr}/@ros2_pub_cache/*{limit}"):
            try:
                self._session.get(
                    selector,
                    zenoh.handlers.Callback(gathering.reply, gathering.part_done, indirect=False),
                    target=zenoh.QueryTarget.ALL,
                    consolidation=zenoh.ConsolidationMode.NONE,
                    accept_replies=zenoh.ReplyKeyExpr.ANY,
                    timeout=HISTORY_TIMEOUT_S,
                    allowed_destination=zenoh.Locality.REMOTE,
                )
            except zenoh.ZError as error:
                log.warning("cannot ask for the history of %s: %s", self._key_expr, error)
                gathering.part_done()

    def close(self) -> None:
        """See :class:`bridge.ports.ZenohSubscriber`."""
        if not self._closed:
            self._closed = True
            for subscriber in (self._subscriber, *self._counts.values()):
                subscriber.undeclare()


def _declared(
    session: zenoh.Session, key: str, handler: Callable[[zenoh.Sample], None]
) -> zenoh.Subscriber[None]:
    # Called on Zenoh's receive thread: with the default, each of 1000 routes had a thread.
    return session.declare_subscriber(
        key, zenoh.handlers.Callback(handler, indirect=False), allowed_origin=zenoh.Locality.REMOTE
    )


class _Gathering:
    """The replies of several queries, handed over once when the last query has ended."""

    def __init__(self, *, parts: int, done: Callable[[list[ZenohSample]], None]) -> None:
        self._lock = threading.Lock()
        self._parts = parts
        self._done = done
        self._samples: list[ZenohSample] = []

    def reply(self, reply: zenoh.Reply) -> None:
        """Keep one answer; an error answer has no sample. Thread: Zenoh's."""
        sample = reply.ok
        if sample is not None and len(self._samples) < MAX_HISTORY_SAMPLES:
            self._samples.append(from_zenoh(sample))

    def part_done(self) -> None:
        """One query ended. Thread: any."""
        with self._lock:
            self._parts -= 1
            last = self._parts == 0
        if last:
            try:
                self._done(self._samples)
            except Exception:
                log.exception("history could not be handled")
