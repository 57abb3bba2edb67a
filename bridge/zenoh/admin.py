"""Answers queries of ``@/<zid>/ros2/**`` as zenoh-bridge-ros2dds does: read-only, one query after the other.

Anybody on the network can ask, so a query costs no thread of ours but ``zenoh-admin``, and what is asked
about is looked at twice a second at most.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable

import zenoh

from bridge.core.adminspace import Entry
from bridge.core.jsonform import Json
from bridge.errors import BridgeError, ZenohError
from bridge.zenoh.renewal import Renewable
from bridge.zenoh.rxthread import keep_thread_state

log = logging.getLogger(__name__)

MAX_WAITING = 16
"""Queries; more are refused. A tool sends one and waits."""
MAX_AGE_S = 0.5
"""Of what is told."""
_JOIN_S = 2.0
_JSON = zenoh.Encoding.APPLICATION_JSON


class AdminSpace(Renewable):
    """Owns the ``zenoh-admin`` thread."""

    def __init__(self, session: zenoh.Session, look: Callable[[], Iterable[Entry]]) -> None:
        """Answer from now on.

        Args:
            session: our own.
            look: all entries of now; may block. Thread: zenoh-admin.

        Raises:
            ZenohError: refused.
        """
        self._root = f"@/{session.zid()}/ros2"
        self._look = look
        self._entries: list[tuple[zenoh.KeyExpr, Callable[[], Json]]] = []
        self._looked_s = float("-inf")
        self._waiting: deque[zenoh.Query] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self.counts: Counter[str] = Counter()
        """``refused``: too many wait; ``failed``: the agent could not be asked."""
        self._thread = threading.Thread(target=self._run, name="zenoh-admin", daemon=True)
        self._thread.start()
        try:
            self._declare(session)
        except ZenohError:
            self._end()
            raise

    def _declare(self, session: zenoh.Session) -> None:
        try:
            self._queryable = session.declare_queryable(
                f"{self._root}/**", zenoh.handlers.Callback(self._asked, indirect=False)
            )
        except zenoh.ZError as error:
            raise ZenohError(f"cannot answer queries on {self._root}: {error}") from error

    def renew(self, session: zenoh.Session) -> None:
        """See :class:`Renewable`."""
        if not self._closed:
            self._declare(session)

    def close(self) -> None:
        """Answer no more; idempotent."""
        if not self._closed:
            self._queryable.undeclare()
            self._end()

    def _end(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(_JOIN_S)

    def _asked(self, query: zenoh.Query) -> None:
        """Thread: Zenoh's."""
        keep_thread_state()
        with self._changed:
            room = len(self._waiting) < MAX_WAITING and not self._closed
            if room:
                self._waiting.append(query)
                self._changed.notify()
        if not room:
            self.counts["refused"] += 1
            query.drop()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    for query in self._waiting:
                        query.drop()
                    return
                query = self._waiting.popleft()
            try:
                self._answer(query)
            except (BridgeError, zenoh.ZError) as error:  # the engine is busy, or the asker gone
                self.counts["failed"] += 1
                log.debug("a query of the admin space is not answered: %s", error)
            except Exception:
                self.counts["failed"] += 1
                log.exception("a query of the admin space met a fault")
            finally:
                query.drop()

    def _answer(self, query: zenoh.Query) -> None:
        if time.monotonic() > self._looked_s + MAX_AGE_S:
            self._entries = [(zenoh.KeyExpr(f"{self._root}/{key}"), value) for key, value in self._look()]
            self._looked_s = time.monotonic()
        for key_expr, value in self._entries:
            if self._closed:
                return
            if query.key_expr.intersects(key_expr):
                query.reply(key_expr, json.dumps(value(), separators=(",", ":")), encoding=_JSON)
