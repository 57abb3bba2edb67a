"""A bounded queue of samples waiting for their turn; the oldest give way, and are counted."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_MESSAGES = 10_000
"""Ten seconds of a 1 kHz topic."""
MAX_BYTES = 128 << 20
"""Two seconds of 6 MiB images at 10 Hz; the memory one stuck route may take."""


class Backlog(Generic[T]):
    """First in, first out, bounded in messages and bytes. Thread: any."""

    __slots__ = ("_bytes", "_items", "_lock", "_max_bytes", "_max_messages")

    def __init__(self, *, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._lock = threading.Lock()
        self._items: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._max_messages = max_messages
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        return len(self._items)

    @property
    def payload_bytes(self) -> int:
        """Sum of the sizes given to :meth:`push`."""
        return self._bytes

    def push(self, item: T, size_bytes: int) -> int:
        """Append; returns how many older items had to go. One item alone may exceed the bytes."""
        with self._lock:
            self._items.append((item, size_bytes))
            self._bytes += size_bytes
            dropped = 0
            while len(self._items) > 1 and (
                len(self._items) > self._max_messages or self._bytes > self._max_bytes
            ):
                self._bytes -= self._items.popleft()[1]
                dropped += 1
            return dropped

    def peek(self) -> T | None:
        """The oldest item, which stays; None when there is none."""
        with self._lock:
            return self._items[0][0] if self._items else None

    def pop(self) -> T | None:
        """The oldest item, removed; None when there is none."""
        with self._lock:
            if not self._items:
                return None
            item, size_bytes = self._items.popleft()
            self._bytes -= size_bytes
            return item

    def clear(self) -> int:
        """Drop everything; returns how many."""
        with self._lock:
            count = len(self._items)
            self._items.clear()
            self._bytes = 0
            return count
