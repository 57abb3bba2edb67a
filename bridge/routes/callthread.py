"""The thread that speaks with the servers and clients of one form.

rclpy turns each message into objects and back, and any write may wait a moment: none of that may happen on
the threads that bring messages. So routes leave it to this one, in the order they come.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

MAX_JOBS = 20_000
"""Of all services of a form; each service bounds its own calls far below."""
_JOIN_S = 5.0


class CallThread:
    """Owns one ``calls-FORM`` thread and its bounded queue."""

    def __init__(self, name: str, *, max_jobs: int = MAX_JOBS) -> None:
        self._jobs: deque[Callable[[], None]] = deque()
        self._max_jobs = max_jobs
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def post(self, job: Callable[[], None]) -> bool:
        """Have it done; False where too much waits already. Thread: any; never blocks."""
        if len(self._jobs) >= self._max_jobs:
            return False
        self._jobs.append(job)
        self._wake.set()
        return True

    def close(self) -> None:
        """Do what waits, then end; idempotent."""
        self._stop = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)
            if self._thread.is_alive():
                log.error("%s did not end in %.0f s", self._thread.name, _JOIN_S)

    def _run(self) -> None:
        while True:
            while self._jobs:
                _do(self._jobs.popleft())
            if self._stop:
                return
            self._wake.wait()
            self._wake.clear()


def _do(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:
        log.exception("a call met a fault; the next one is a new chance")
