"""How the fakes hand things over: at once, or held back until told, in order or not."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bridge.ports import DdsSample, SampleSink

Delivery = Callable[[], None]


class Mail:
    """Deliveries of one medium. Thread: any; without :meth:`hold` they run in the sender's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[Delivery] | None = None

    def post(self, delivery: Delivery) -> None:
        """Deliver now, or later while held."""
        with self._lock:
            if self._held is not None:
                self._held.append(delivery)
                return
        delivery()

    def hold(self) -> None:
        """Hold back everything posted from now on."""
        with self._lock:
            self._held = self._held or []

    def waiting(self) -> int:
        """How much is held back."""
        with self._lock:
            return len(self._held or ())

    def lose(self) -> int:
        """Throw away what is held back; answers how much that was."""
        with self._lock:
            lost, self._held = self._held or [], []
        return len(lost)

    def release(self, *, reverse: bool = False) -> None:
        """Deliver what is held back, the last first if ``reverse``, and hold no more."""
        with self._lock:
            held, self._held = self._held or [], None
        for delivery in reversed(held) if reverse else held:
            delivery()


class Lane:
    """The way into a sink, as the pump keeps it: one thread inside at a time, the others queue."""

    def __init__(self, sink: SampleSink) -> None:
        self.sink = sink
        self._inside = threading.Lock()

    def hand_over(self, samples: list[DdsSample]) -> None:
        """Pass on, or queue while another thread is inside. Thread: any."""
        if not self._inside.acquire(blocking=False):
            self.sink.enqueue(samples)
            return
        try:
            self.sink.accept(samples)
            while self.sink.pending():
                self.sink.flush()
        finally:
            self._inside.release()
