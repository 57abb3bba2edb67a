"""Writers of services: what finds no room, or no reader yet, is offered again from one thread.

Writes of ours never block (a blocked write would hold the interpreter). And a reply written before its
asker's reader is matched is lost, though the asker has seen us already; rmw_cyclonedds waits up to 100 ms.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from time import time_ns
from typing import NamedTuple

from bridge.dds.endpoints import CycloneWriter
from bridge.errors import DdsError
from bridge.serviceports import REACH_S

log = logging.getLogger(__name__)

INTERVAL_S = 0.002
"""Between two offers; longer with each that changes nothing …"""
INTERVAL_MAX_S = 0.05
"""… up to this."""
PATIENCE_S = 30.0
"""So long it waits for room: a reader that died lets go when its lease ends, 20 s at most."""
MAX_WAITING = 1000
MAX_WAITING_BYTES = 64 << 20
"""Of one writer, unless a single message has more."""
_JOIN_S = 2.0


class _Waiting(NamedTuple):
    payload: bytes
    reached: Callable[[], bool]
    since_s: float


def _everybody() -> bool:
    return True


class PatientWriter:
    """A writer with a bounded backlog."""

    def __init__(
        self, writer: CycloneWriter, patience: Patience, *, counts: Counter[str], topic: str
    ) -> None:
        self.writer = writer
        self._patience = patience
        self._counts = counts
        self._topic = topic
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._bytes = 0
        self._closed = False

    def send(self, payload: bytes, *, reached: Callable[[], bool] = _everybody) -> None:
        """Write it, or keep it until it can be written.

        Args:
            payload: as it goes on DDS.
            reached: whether the one that it is for is matched, or gone; after `REACH_S` it is written anyway.

        Raises:
            DdsError: refused, or too much waits already.

        Thread: any; never blocks.
        """
        with self._lock:
            if self._closed:
                raise DdsError(f"the writer on {self._topic} is closed")
            if not self._waiting and reached() and self.writer.write(payload, time_ns()):
                return
            full = self._waiting and self._bytes + len(payload) > MAX_WAITING_BYTES
            if full or len(self._waiting) >= MAX_WAITING:
                self._counts["full"] += 1
                raise DdsError(f"{self._topic}: {len(self._waiting)} messages wait for a stuck reader")
            self._waiting.append(_Waiting(payload, reached, time.monotonic()))
            self._bytes += len(payload)
        self._patience.add(self)

    def offer(self) -> int:
        """Try again; how many wait still. Thread: dds-services."""
        with self._lock:
            if self._closed:
                return 0
            now_s, room = time.monotonic(), True
            left: list[_Waiting] = []
            for one in self._waiting:
                waited_s = now_s - one.since_s
                ripe = waited_s > REACH_S or one.reached()
                if room and ripe:
                    room = self.writer.write(one.payload, time_ns())
                    if room:
                        continue
                if waited_s > PATIENCE_S:
                    self._counts["expired"] += 1
                else:
                    left.append(one)
            self._waiting = left
            self._bytes = sum(len(one.payload) for one in left)
            return len(left)

    def close(self) -> None:
        """Delete the writer and what waits; idempotent."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
        self._patience.discard(self)
        self.writer.close()


class Patience:
    """Owns ``dds-services``; asleep while nothing waits, not started before something does."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._writers: dict[PatientWriter, int] = {}
        """Those with something new to offer; the value means nothing."""
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, writer: PatientWriter) -> None:
        """Offer what waits there until nothing does. Thread: any."""
        with self._changed:
            if self._closed:
                return
            self._writers[writer] = 0
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dds-services", daemon=True)
                self._thread.start()
            self._changed.notify()

    def discard(self, writer: PatientWriter) -> None:
        """It is being closed. Thread: any."""
        with self._changed:
            self._writers.pop(writer, None)

    def close(self) -> None:
        """Stop and join; idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        waiting: dict[PatientWriter, int] = {}
        pause_s = 0.0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._writers or self._closed, pause_s if waiting else None)
                if self._closed:
                    return
                writers = waiting | self._writers
                self._writers.clear()
            before, waiting = waiting, {}
            for writer in writers:
                left = self._offer(writer)
                if left:
                    waiting[writer] = left
            pause_s = min(pause_s * 2 + INTERVAL_S, INTERVAL_MAX_S) if waiting == before else 0.0
            time.sleep(INTERVAL_S)

    def _offer(self, writer: PatientWriter) -> int:
        try:
            return writer.offer()
        except Exception:
            log.exception("a service's message could not be written; what waits there is dropped")
            writer.close()
            return 0
