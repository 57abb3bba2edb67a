"""Where the messages of one service go: each to a function that does not block."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable

from bridge.ports import DdsSample

log = logging.getLogger(__name__)

MAX_QUEUED = 1000
"""Messages of one service that wait while another thread is still busy with it."""


class MessageSink:
    """Takes what the pump brings, one message after the other; see :class:`bridge.ports.SampleSink`."""

    def __init__(self, handle: Callable[[DdsSample], None], counts: Counter[str]) -> None:
        self._handle = handle
        self._counts = counts
        self._queued: deque[DdsSample] = deque()

    def accept(self, samples: list[DdsSample]) -> None:
        """See the port."""
        for sample in samples:
            self._one(sample)

    def enqueue(self, samples: list[DdsSample]) -> None:
        """See the port."""
        for sample in samples:
            if len(self._queued) < MAX_QUEUED:
                self._queued.append(sample)
            else:
                self._counts["overflow"] += 1

    def flush(self) -> None:
        """See the port."""
        while self._queued:
            self._one(self._queued.popleft())

    def pending(self) -> bool:
        """See the port."""
        return bool(self._queued)

    def _one(self, sample: DdsSample) -> None:
        try:
            self._handle(sample)
        except Exception:
            log.exception("a message of a service met a fault")
