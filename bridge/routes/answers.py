"""What was answered lately, so that a request that comes again is not carried out again.

A link can break between a server and its answer. An agent of ours then asks again, with the same request
header, once the link is back: whether the server had been asked only the other side knows, here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

KEEP_S = 30.0
"""Longer than a link takes to be noticed as dead and to come back."""
MAX_ANSWERS = 4096
MAX_BYTES = 32 << 20
"""Of all services together."""

Request = tuple[str, bytes]
"""Key expression of the service, and request header."""


class _Answer(NamedTuple):
    payload: bytes
    until_s: float


class Answers:
    """Replies by request, the oldest first. Thread: any."""

    def __init__(
        self, *, keep_s: float = KEEP_S, max_answers: int = MAX_ANSWERS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._keep_s = keep_s
        self._max_answers = max_answers
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Request, _Answer] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, request: Request, payload: bytes, now_s: float) -> None:
        """A request is answered; the oldest make room."""
        with self._lock:
            self._drop(request)
            self._kept[request] = _Answer(payload, now_s + self._keep_s)
            self._bytes += len(payload)
            while self._kept:
                oldest, answer = next(iter(self._kept.items()))
                full = len(self._kept) > self._max_answers or self._bytes > self._max_bytes
                if not full and answer.until_s > now_s:
                    break
                self._drop(oldest)

    def find(self, request: Request, now_s: float) -> bytes | None:
        """What it was answered with; None when that is not known (any more)."""
        with self._lock:
            found = self._kept.get(request)
            return None if found is None or found.until_s <= now_s else found.payload

    def _drop(self, request: Request) -> None:
        found = self._kept.pop(request, None)
        if found is not None:
            self._bytes -= len(found.payload)
