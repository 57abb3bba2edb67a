"""A sink that remembers, and can be made to block: :class:`bridge.ports.SampleSink` for tests."""

from __future__ import annotations

import threading
from collections import deque

from bridge.ports import DdsSample


class RecordingSink:
    """Keeps what it is given, in order; while the gate is shut, whoever is inside stays there."""

    def __init__(self, *, max_queued: int | None = None) -> None:
        self.samples: list[DdsSample] = []
        """Passed on so far."""
        self.gate = threading.Event()
        self.gate.set()
        self.inside = threading.Event()
        """Set once a thread has come inside."""
        self.visitors = 0
        """Threads inside now."""
        self.most_visitors = 0
        self.threads: set[str] = set()
        """Names of the threads that passed samples on."""
        self.fault: Exception | None = None
        """Raised once by the next :meth:`accept`."""
        self._queue: deque[DdsSample] = deque(maxlen=max_queued)

    @property
    def payloads(self) -> list[bytes]:
        """Of the samples passed on so far."""
        return [sample.payload for sample in self.samples]

    def accept(self, samples: list[DdsSample]) -> None:
        self.visitors += 1
        self.most_visitors = max(self.most_visitors, self.visitors)
        self.threads.add(threading.current_thread().name)
        self.inside.set()
        self.gate.wait()
        self.samples += samples
        self.visitors -= 1
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault

    def enqueue(self, samples: list[DdsSample]) -> None:
        self._queue += samples

    def flush(self) -> None:
        while self._queue:
            self.accept([self._queue.popleft()])

    def pending(self) -> bool:
        return bool(self._queue)
