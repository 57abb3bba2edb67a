"""Asks, beside the watch, why endpoints have no link: a look may take seconds, and a watch must not wait."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bridge.core.endpoint import Endpoint
from bridge.security.preflight import Cause, Verdict

log = logging.getLogger(__name__)

FIRST_LOOK_S = 1.0
"""A link has that long to come up, or to come back, before anybody asks why it does not."""
FIRST_PAUSE_S = 2.0
LOOK_MAX_S = 60.0
"""Between two looks at an endpoint that stays down; doubled from the first on. A look is one connection."""
_JOIN_S = 8.0


@dataclass(slots=True, eq=False)
class _Down:
    """An endpoint without a link."""

    look_at_s: float
    pause_s: float = FIRST_PAUSE_S
    verdict: Verdict | None = None
    healthy_looks: int = 0


class Looks:
    """Owns the thread ``link-look``.

    Args:
        look: One look at an endpoint; may block.
        met: Whether its host is linked with us in another way; may block.
        told: Called when a verdict changed. Thread: link-look.
    """

    def __init__(
        self,
        *,
        look: Callable[[Endpoint], Verdict],
        met: Callable[[Endpoint], bool],
        told: Callable[[], None],
    ) -> None:
        self._look = look
        self._met = met
        self._told = told
        self._down: dict[Endpoint, _Down] = {}
        self._lock = threading.Lock()
        """Guards which endpoints are down."""
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link-look", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def down(self, endpoint: Endpoint, *, meanwhile: Verdict | None) -> Verdict | None:
        """It has no link; why, and until that is known ``meanwhile``. Thread: any."""
        with self._lock:
            known = self._down.get(endpoint)
            if known is None:
                known = _Down(look_at_s=time.monotonic() + FIRST_LOOK_S, verdict=meanwhile)
                self._down[endpoint] = known
                self._wake.set()
            return known.verdict

    def up(self, endpoint: Endpoint) -> None:
        """It has a link. Thread: any."""
        with self._lock:
            self._down.pop(endpoint, None)

    def close(self) -> None:
        """End the thread; idempotent. A look that is under way is waited for."""
        self._stop.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                due = min(self._down.items(), key=lambda one: one[1].look_at_s, default=None)
            wait_s = None if due is None else due[1].look_at_s - time.monotonic()
            if due is None or (wait_s is not None and wait_s > 0):
                self._wake.wait(wait_s)
                self._wake.clear()
                continue
            try:
                self._look_at(*due)
            except Exception:
                log.exception("%s could not be looked at; trying again", due[0].subject)
                due[1].look_at_s = time.monotonic() + LOOK_MAX_S

    def _look_at(self, endpoint: Endpoint, down: _Down) -> None:
        verdict = self._look(endpoint)
        down.look_at_s = time.monotonic() + down.pause_s
        down.pause_s = min(LOOK_MAX_S, 2 * down.pause_s)
        if verdict.cause is not Cause.NO_ZENOH:
            down.verdict, down.healthy_looks = verdict, 0
        else:
            down.healthy_looks += 1
            # The first time Zenoh may just be about to connect; and it may have connected to us instead.
            if down.healthy_looks > 1:
                down.verdict = None if self._met(endpoint) else verdict
        self._told()
