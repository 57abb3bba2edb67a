"""The Zenoh half of an egress route: puts, and the history for late joiners of both generations.

History is written by hand on the plain API instead of with zenoh-ext's AdvancedPublisher, which offers
no matching listener and only one of the two cache forms in the field (wire specification 2.4).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache

import zenoh

from bridge.core.counts import count_key
from bridge.errors import ZenohError
from bridge.ports import CacheReader
from bridge.zenoh.renewal import Sender
from bridge.zenoh.samples import timestamp

log = logging.getLogger(__name__)

_PRIORITIES = {
    1: zenoh.Priority.REAL_TIME,
    2: zenoh.Priority.INTERACTIVE_HIGH,
    3: zenoh.Priority.INTERACTIVE_LOW,
    4: zenoh.Priority.DATA_HIGH,
    5: zenoh.Priority.DATA,
    6: zenoh.Priority.DATA_LOW,
    7: zenoh.Priority.BACKGROUND,
}
_SOURCES = 4096
"""Writers whose time stamp id is kept ready."""


@lru_cache(maxsize=_SOURCES)
def _timestamp_id(source_id: bytes) -> zenoh.TimestampId:
    made: zenoh.TimestampId = zenoh.TimestampId(source_id)
    return made


class RoutePublisher(Sender):
    """Publishes one key; see :class:`bridge.ports.ZenohPublisher`."""

    def __init__(
        self,
        session: zenoh.Session,
        *,
        key_expr: str,
        block: bool,
        priority: int,
        express: bool,
        cache: CacheReader | None,
        on_matching: Callable[[bool], None],
    ) -> None:
        super().__init__(on_matching)
        self._key_expr = key_expr
        self._count_key = count_key(str(session.zid()), key_expr)
        self._congestion_control = zenoh.CongestionControl.BLOCK if block else zenoh.CongestionControl.DROP
        self._priority = _PRIORITIES[priority]
        self._express = express
        self._cache = cache
        self._declare(session)

    def _declare(self, session: zenoh.Session) -> None:
        self._session = session
        try:
            self._publisher = session.declare_publisher(
                self._key_expr,
                congestion_control=self._congestion_control,
                priority=self._priority,
                express=self._express,
                allowed_destination=zenoh.Locality.REMOTE,
            )
            self._history = (
                None
                if self._cache is None
                else HistoryServer(session, key_expr=self._key_expr, cache=self._cache)
            )
            self._matching.listen(self._publisher)
        except zenoh.ZError as error:
            raise ZenohError(f"cannot publish {self._key_expr}: {error}") from error

    def put(self, payload: bytes, source_ns: int, source_id: bytes) -> None:
        """See :class:`bridge.ports.ZenohPublisher`."""
        try:
            with self._sending:
                self._publisher.put(payload, timestamp=timestamp(source_ns, _timestamp_id(source_id)))
        except zenoh.ZError as error:
            raise ZenohError(f"put failed: {error}") from error
        finally:
            if self._closed:
                self._retire()

    def put_counts(self, payload: bytes, *, block: bool) -> None:
        """See :class:`bridge.ports.ZenohPublisher`. Zenoh keeps the order of one priority, across keys."""
        try:
            self._session.put(
                self._count_key,
                payload,
                congestion_control=zenoh.CongestionControl.BLOCK if block else zenoh.CongestionControl.DROP,
                priority=self._priority,
                allowed_destination=zenoh.Locality.REMOTE,
            )
        except zenoh.ZError as error:
            raise ZenohError(f"put of counts failed: {error}") from error

    def close(self) -> None:
        """See :class:`bridge.ports.ZenohPublisher`."""
        if self._history is not None and not self._closed:
            self._history.close()
        super().close()

    def _undeclare(self) -> None:
        self._publisher.undeclare()


class HistoryServer:
    """Answers history queries for one key, in the form of bridges before and after 1.5.1.

    ``<key>/@ros2_pub_cache/<zid>`` is asked by bridges up to 1.5.0, ``<key>/@adv/pub/<zid>/uhlc/_`` by
    later ones, which also need a liveliness token there to notice a late publisher.
    """

    def __init__(self, session: zenoh.Session, *, key_expr: str, cache: CacheReader) -> None:
        self._key_expr = key_expr
        self._cache = cache
        zid = session.zid()
        advanced = f"{key_expr}/@adv/pub/{zid}/uhlc/_"
        self._queryables = [
            session.declare_queryable(key, self._answer, complete=True)
            for key in (f"{key_expr}/@ros2_pub_cache/{zid}", advanced)
        ]
        self._token = session.liveliness().declare_token(advanced)

    def _answer(self, query: zenoh.Query) -> None:
        """Thread: Zenoh's."""
        try:
            newest = _newest(query.parameters.get("_max"))
            for sample in self._cache.history(newest):
                stamp = None
                if sample.source_ns is not None:
                    stamp = timestamp(sample.source_ns, _timestamp_id(sample.source_id))
                query.reply(self._key_expr, sample.payload, timestamp=stamp)
        except zenoh.ZError as error:
            # The asker's doing: it takes no reply on another key, or is gone. Not worth a line each.
            log.debug("a history query for %s could not be answered: %s", self._key_expr, error)
        except Exception:
            # A query from the network must not reach Zenoh's thread as an exception.
            log.exception("a history query for %s failed", self._key_expr)
        finally:
            # The asker gets nothing until the query is finalized (wire specification 3.4).
            query.drop()

    def close(self) -> None:
        """Retire the token, then stop answering."""
        self._token.undeclare()
        for queryable in self._queryables:
            queryable.undeclare()


def _newest(text: str | None) -> int | None:
    """``_max`` of a history query; unreadable or absent means no limit, as upstream reads it."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 10 else None
