"""Replies whose asker has not been found yet, offered again from a thread of their own.

rmw_fastrtps waits 0.1 s for the reader of the one who asked, then refuses the reply. On a busy machine that
reader can take seconds to be found, and nobody else's reply must wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from bridge.serviceports import REACH_S

log = logging.getLogger(__name__)

MAX_LATE = 1000
"""Of all services."""
_INTERVAL_S = 0.01
"""Between two rounds; the RMW waits as well, but need not."""
_JOIN_S = 2.0


class _Late(NamedTuple):
    offer: Callable[[], bool]
    give_up: Callable[[], None]
    until_s: float


class LateReplies:
    """Owns ``ros-replies``; asleep while nothing waits, not started before something does."""

    def __init__(self, *, reach_s: float = REACH_S) -> None:
        self._reach_s = reach_s
        self._waiting: deque[_Late] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, offer: Callable[[], bool], give_up: Callable[[], None]) -> bool:
        """Offer a reply again and again; False where too much waits already.

        Args:
            offer: writes it; True when there is nothing more to do. Blocks 0.1 s at most.
            give_up: its time is over.

        Thread: any.
        """
        with self._changed:
            if self._closed or len(self._waiting) >= MAX_LATE:
                return False
            self._waiting.append(_Late(offer, give_up, time.monotonic() + self._reach_s))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ros-replies", daemon=True)
                self._thread.start()
            self._changed.notify()
            return True

    def close(self) -> None:
        """Give up what waits, and join; idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_JOIN_S)
        while self._waiting:
            self._waiting.popleft().give_up()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
            for _ in range(len(self._waiting)):
                if self._closed:
                    return
                one = self._waiting.popleft()
                if not self._done(one):
                    self._waiting.append(one)
            if self._closed:
                return
            time.sleep(_INTERVAL_S)

    def _done(self, one: _Late) -> bool:
        try:
            if one.offer():
                return True
            if time.monotonic() < one.until_s:
                return False
            one.give_up()
        except Exception:
            log.exception("a late reply met a fault; it is dropped")
        return True
