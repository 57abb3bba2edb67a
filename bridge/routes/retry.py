"""The thread that tries again what DDS had no room for.

Writers of the bridge never block (a blocked write would hold the interpreter), so a sample that finds the
writer's history full waits in its route's backlog, and this one thread offers it again. Offers do not
block either, so one stuck reader delays its own topic alone.
"""

from __future__ import annotations

import logging
import threading
from typing import Protocol

log = logging.getLogger(__name__)

INTERVAL_S = 0.002
"""Between two offers of a full writer."""
_JOIN_S = 2.0


class Retried(Protocol):
    """A route with a backlog."""

    def retry(self) -> bool:
        """Offer the backlog again; True when it is empty. Must not block."""


class RetryThread:
    """Owns ``ingress-retry``; asleep while no route has a backlog."""

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._waiting: dict[Retried, None] = {}
        self._thread = threading.Thread(target=self._run, name="ingress-retry", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def add(self, route: Retried) -> None:
        """Offer this route's backlog until it is empty. Thread: any."""
        self._waiting[route] = None
        self._wake.set()

    def discard(self, route: Retried) -> None:
        """Forget a route that is being closed. Thread: any."""
        self._waiting.pop(route, None)

    def close(self) -> None:
        """Stop and join; idempotent."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            if self._stop.is_set():
                return
            self._wake.clear()
            while self._waiting and not self._stop.is_set():
                self._offer_all()
                if self._waiting:
                    self._stop.wait(INTERVAL_S)

    def _offer_all(self) -> None:
        for route in list(self._waiting):
            self._offer(route)

    def _offer(self, route: Retried) -> None:
        # Removed before the offer, so that a sample queued meanwhile puts it back.
        self._waiting.pop(route, None)
        try:
            done = route.retry()
        except Exception:
            log.exception("offering a backlog again failed; its route starts over with the next sample")
            return
        if not done:
            self._waiting[route] = None
