"""The calls of one service that wait for their answer: bounded in number, in bytes and in time."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_OPEN = 1000
"""Far more than a node can serve; as the local sides have it."""
MAX_OPEN_BYTES = 64 << 20
"""Of requests: sixty-four of 1 MiB."""


class OpenCalls(Generic[K, V]):
    """Calls by key, the oldest first; all are given the same time. Thread: any."""

    def __init__(self, *, max_open: int = MAX_OPEN, max_bytes: int = MAX_OPEN_BYTES) -> None:
        self._lock = threading.Lock()
        self._calls: dict[K, tuple[V, int, float]] = {}
        self._bytes = 0
        self._max_open = max_open
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def payload_bytes(self) -> int:
        """Sum of the sizes given to :meth:`add`."""
        return self._bytes

    def add(self, key: K, call: V, *, size_bytes: int, due_s: float) -> bool:
        """Keep a call; False where there is no room, or that key is open. One alone may exceed the bytes."""
        with self._lock:
            full = len(self._calls) >= self._max_open or self._bytes + size_bytes > self._max_bytes
            if key in self._calls or (full and self._calls):
                return False
            self._calls[key] = call, size_bytes, due_s
            self._bytes += size_bytes
            return True

    def get(self, key: K) -> V | None:
        """A call, which stays open."""
        found = self._calls.get(key)
        return None if found is None else found[0]

    def pop(self, key: K) -> V | None:
        """A call, which is over with that; None where it is not open."""
        with self._lock:
            return self._pop(key)

    def expired(self, now_s: float) -> list[tuple[K, V]]:
        """The calls whose time is up; they are over with that."""
        found: list[tuple[K, V]] = []
        with self._lock:
            while self._calls:
                key, (call, _, due_s) = next(iter(self._calls.items()))
                if due_s > now_s:
                    break
                self._pop(key)
                found.append((key, call))
        return found

    def items(self) -> list[tuple[K, V]]:
        """All of them, the oldest first; they stay open."""
        with self._lock:
            return [(key, call) for key, (call, _, _) in self._calls.items()]

    def clear(self) -> list[tuple[K, V]]:
        """All of them; they are over with that."""
        with self._lock:
            found = [(key, call) for key, (call, _, _) in self._calls.items()]
            self._calls.clear()
            self._bytes = 0
        return found

    def next_due_s(self) -> float | None:
        """When the oldest call's time is up."""
        with self._lock:
            return next((due_s for _, _, due_s in self._calls.values()), None)

    def _pop(self, key: K) -> V | None:
        found = self._calls.pop(key, None)
        if found is None:
            return None
        call, size_bytes, _ = found
        self._bytes -= size_bytes
        return call
