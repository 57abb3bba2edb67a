"""What late joiners of a TRANSIENT_LOCAL egress route are given: each writer's own history.

Kept apart by source writer, as DDS does: of 25 static publishers with depth 1, a late joiner gets 25
samples, and those of a writer that is gone go with it.
"""

from __future__ import annotations

import threading
from collections import deque

from bridge.ports import ZenohSample

MAX_BYTES = 256 << 20
"""For one route; the oldest samples give way."""
MAX_DEPTH = 10_000
"""Of one writer; bounds KEEP_ALL."""


class HistoryCache:
    """Samples of a route by source writer. Thread: any; see :class:`bridge.ports.CacheReader`."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._lock = threading.Lock()
        self._by_source: dict[bytes, deque[ZenohSample]] = {}
        self._bytes = 0
        self._max_bytes = max_bytes

    def store(self, sample: ZenohSample, *, depth: int) -> None:
        """Keep a sample; ``depth`` is its writer's, negative for KEEP_ALL."""
        limit = MAX_DEPTH if depth < 0 else max(1, min(depth, MAX_DEPTH))
        with self._lock:
            kept = self._by_source.setdefault(sample.source_id, deque())
            kept.append(sample)
            self._bytes += len(sample.payload)
            while len(kept) > limit:
                self._bytes -= len(kept.popleft().payload)
            while self._bytes > self._max_bytes and self._evict():
                pass

    def _evict(self) -> bool:
        """Drop the oldest sample of all; False when one alone remains."""
        heads = [(kept[0].source_ns or 0, source) for source, kept in self._by_source.items() if kept]
        if len(heads) <= 1 and all(len(kept) <= 1 for kept in self._by_source.values()):
            return False
        _, source = min(heads)
        kept = self._by_source[source]
        self._bytes -= len(kept.popleft().payload)
        if not kept:
            del self._by_source[source]
        return True

    def forget(self, source_id: bytes) -> None:
        """A writer is gone, and its history with it."""
        with self._lock:
            for sample in self._by_source.pop(source_id, ()):
                self._bytes -= len(sample.payload)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._by_source.clear()
            self._bytes = 0

    def history(self, newest: int | None) -> list[ZenohSample]:
        """Oldest first; at most ``newest`` of each source writer."""
        with self._lock:
            found = [
                sample
                for kept in self._by_source.values()
                for sample in (kept if newest is None else list(kept)[max(0, len(kept) - newest) :])
            ]
        return sorted(found, key=lambda sample: sample.source_ns or 0)

    def __len__(self) -> int:
        with self._lock:
            return sum(len(kept) for kept in self._by_source.values())
