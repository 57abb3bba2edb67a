"""Small samples of a burst share packets.

To send a packet is most of what writing a small sample costs: 10 µs of CPU for each of 64 bytes, 2 to 2.5 µs
where 16 share one (cyclonedds 11.0.1, loopback). So our writers collect (Cyclone's write batching), and when
a packet goes is decided here: at once, unless samples follow each other so closely that more are to come.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

GAP_NS = 100_000
"""Samples of a burst are no further apart …"""
STREAK = 8
"""… and it begins with so many of them, which are sent one by one: few that come together do not wait."""
FLUSH_NS = 500_000
"""Within a burst a packet goes so often …"""
PAUSE_S = 0.001
"""… and its last one when none came for so long; looked at as often as this."""
SMALL_BYTES = 1024
"""A larger sample gains little by company, and is sent at once with what waits."""
_JOIN_S = 2.0


class Burst:
    """What one writer has collected. Thread: the writer's, but for :meth:`flush`."""

    __slots__ = ("_flusher", "_last_ns", "_now_ns", "_send", "_sent_ns", "_streak", "_waiting")

    def __init__(
        self, send: Callable[[], object], flusher: Flusher, *, now_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Nothing collected yet.

        Args:
            send: sends what is collected. Thread: any.
            flusher: calls :meth:`flush` when nothing follows.
            now_ns: monotonic.
        """
        self._send = send
        self._flusher = flusher
        self._now_ns = now_ns
        self._last_ns = 0
        self._sent_ns = 0
        self._streak = 0
        self._waiting = False

    def written(self, size_bytes: int) -> None:
        """One more sample is collected: send it now, or see to it that it is sent soon."""
        now_ns = self._now_ns()
        self._streak = self._streak + 1 if now_ns - self._last_ns < GAP_NS else 0
        self._last_ns = now_ns
        late = now_ns - self._sent_ns > FLUSH_NS
        if late or self._streak < STREAK or size_bytes > SMALL_BYTES:
            self._sent_ns = now_ns
            self._send()
        elif not self._waiting:
            self._waiting = True
            self._flusher.add(self)

    def ended(self) -> bool:
        """Send what is collected unless samples still come, which see to that. Thread: dds-flush."""
        if self._now_ns() - self._last_ns < FLUSH_NS:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Send what is collected. Thread: any."""
        self._waiting = False  # before it is sent: a sample that comes meanwhile asks anew
        self._send()


class Flusher:
    """Owns ``dds-flush``: asleep while nothing waits, not started before something does."""

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._lock = threading.Lock()
        """Guards start and end of the thread."""
        self._thread: threading.Thread | None = None
        self._closed = False
        self._waiting: deque[Burst] = deque()

    def add(self, burst: Burst) -> None:
        """Flush it. Thread: any."""
        self._waiting.append(burst)
        if self._thread is None:
            self._start()
        self._wake.set()

    def close(self) -> None:
        """Flush what waits, and join; idempotent."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._wake.set()
        if thread is not None:
            thread.join(_JOIN_S)
        self._flush()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="dds-flush", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            while self._waiting and not self._closed:
                time.sleep(PAUSE_S)
                for _ in range(len(self._waiting)):
                    burst = self._waiting.popleft()
                    if not burst.ended():
                        self._waiting.append(burst)

    def _flush(self) -> None:
        while self._waiting:
            self._waiting.popleft().flush()
