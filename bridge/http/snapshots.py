"""The facts that pages and scrapes show, asked of the engine at most twice a second however many ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bridge.core.status import AgentFacts

MAX_AGE_S = 0.5
"""A flood of requests costs the engine no more than that."""


class Snapshots:
    """The latest facts, renewed when they are old. Thread: any; blocks while the engine answers.

    Args:
        take: looks. Thread: that of whoever asks, one at a time.
        max_age_s: older facts are renewed.
    """

    def __init__(self, take: Callable[[], AgentFacts], *, max_age_s: float = MAX_AGE_S) -> None:
        self._take = take
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._latest: AgentFacts | None = None
        self._taken_s = 0.0

    def get(self) -> AgentFacts:
        """The facts of now, at most :data:`MAX_AGE_S` old.

        Raises:
            CannotRun: the engine does not answer.
        """
        with self._lock:
            if self._latest is None or time.monotonic() - self._taken_s > self._max_age_s:
                self._latest = self._take()
                self._taken_s = time.monotonic()
            return self._latest
