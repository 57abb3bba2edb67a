"""The thread that takes samples from DDS readers and hands them to routes.

One thread waits, takes and forwards, so a sample needs no hand-over between threads. A Zenoh put may
block, though, when a link is stuck. A watchdog notices a thread that has been inside a sink for longer
than :data:`RELIEVE_AFTER_S` and starts another one in its place; the relieved thread finishes with its
one sink, works off what queued up meanwhile, and ends. So a stuck route never delays another one.

Samples are always taken, also for a sink whose queue is full and drops the oldest. Left in DDS they would
make a reliable writer wait, but not only that one: a reader without room stops Cyclone's one delivery thread,
and with it every other topic of the domain (tried with cyclonedds 11.0.1).
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

from cyclonedds.domain import DomainParticipant

from bridge.dds.endpoints import CycloneReader
from bridge.dds.waitset import IndexedWaitSet
from bridge.ports import DdsSample, SampleSink

log = logging.getLogger(__name__)

RELIEVE_AFTER_S = 0.004
"""Half of the 10 ms that a healthy route may be delayed by a stuck one."""
MAX_RELIEVED = 64
"""Stuck threads at a time; beyond it the pump waits with the stuck route."""
BATCH_SAMPLES = 256
BATCH_BYTES = 4 << 20
"""A take returns at most this much, going by the size of the last sample of the reader."""
_BATCHES_PER_TURN = 4
"""Batches from one reader before the next one gets its turn."""
_RESTART_S = 0.1
"""After a fault, so that a lasting one does not take the whole core."""
_WAIT_NS = 1_000_000_000
_JOIN_S = 5.0


@dataclass(slots=True, eq=False)
class _Lane:
    """A sink, which one thread at a time may be inside, whatever the number of its readers."""

    sink: SampleSink
    readers: int = 0
    held: bool = False
    """A relieved thread is still inside; only queueing is allowed. Guarded by the pump's lock."""
    inside: bool = False
    """A thread is inside. Guarded by the pump's lock."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A reader under the pump's care."""

    reader: CycloneReader
    lane: _Lane
    sample_bytes: int = 1
    """Size of its last sample, to bound the next take."""
    taking: threading.Lock = field(default_factory=threading.Lock)
    """Held from a take until its samples have reached the sink or its queue."""
    removed: bool = False
    """Nothing more is taken. Guarded by ``taking``."""


class Pump:
    """Owns the ``dds-pump`` threads and the waitset of all data readers."""

    def __init__(self, participant: DomainParticipant) -> None:
        self._waitset = IndexedWaitSet(participant)
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)
        """A thread has left its sink: told while :meth:`remove` waits for it, not for each batch."""
        self._awaited = 0
        """Threads that wait for it."""
        self._entries: dict[int, _Entry] = {}
        self._next_index = 1
        self._generation = 0
        self._lanes: dict[int, _Lane] = {}
        self._busy: _Lane | None = None
        self._busy_since_s = 0.0
        self._stop = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._watchdog = threading.Thread(target=self._watch, name="dds-pump-watchdog", daemon=True)

    def start(self) -> None:
        """Start pumping."""
        self._spawn()
        self._watchdog.start()

    def add(self, reader: CycloneReader, sink: SampleSink) -> int:
        """Hand the reader's samples to ``sink`` from now on; returns the key for :meth:`remove`.

        Thread: any.
        """
        with self._lock:
            lane = self._lanes.get(id(sink))
            if lane is None:
                lane = self._lanes[id(sink)] = _Lane(sink=sink)
            lane.readers += 1
            entry = _Entry(reader=reader, lane=lane)
            index = self._next_index
            self._next_index += 1
            self._entries[index] = entry
        self._waitset.attach(reader.condition_ref, index)
        return index

    def remove(self, index: int, *, timeout_s: float = 0.0) -> bool:
        """Stop handing over; waits for a thread inside the sink. True when none is left inside.

        Thread: any but the pump's.
        """
        with self._lock:
            entry = self._entries.pop(index, None)
            if entry is None:
                return True
            entry.lane.readers -= 1
            self._drop_unused(entry.lane)
        with entry.taking:
            entry.removed = True
        self._waitset.detach(entry.reader.condition_ref)
        with self._lock:
            self._awaited += 1
            left = self._left.wait_for(lambda: not entry.lane.inside, timeout_s)
            self._awaited -= 1
        return left

    def close(self) -> None:
        """Stop and join all threads; idempotent."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._waitset.wake()
        deadline_s = time.monotonic() + _JOIN_S
        for thread in [self._watchdog, *self._threads]:
            if thread.is_alive():
                thread.join(max(0.0, deadline_s - time.monotonic()))
                if thread.is_alive():
                    log.warning(
                        "thread %s did not end in %.0f s; it dies with the process", thread.name, _JOIN_S
                    )
        self._waitset.close()

    def _spawn(self) -> None:
        generation = self._generation
        name = f"dds-pump-{generation}"
        thread = threading.Thread(target=self._run, args=(generation,), name=name, daemon=True)
        self._threads.add(thread)
        thread.start()

    def _run(self, generation: int) -> None:
        try:
            self._pump(generation)
        except Exception:
            # Nothing else would notice a dead pump: leave a trace, then let another thread go on.
            log.exception("the pump failed; it goes on with a new thread")
            if self._stop.wait(_RESTART_S):
                return
            with self._lock:
                if generation == self._generation:
                    self._generation += 1
                    self._spawn()
        finally:
            self._threads.discard(threading.current_thread())

    def _pump(self, generation: int) -> None:
        while not self._stop.is_set():
            # The conditions trigger as long as there is something to take, so nothing is remembered here.
            for index in self._waitset.wait(_WAIT_NS):
                if not self._serve(index, generation):
                    return

    def _serve(self, index: int, generation: int) -> bool:
        """Take and forward a few batches; False when this thread was relieved."""
        entry = self._entries.get(index)
        if entry is None:
            return True
        lane = entry.lane
        for _ in range(_BATCHES_PER_TURN):
            limit = max(1, min(BATCH_SAMPLES, BATCH_BYTES // entry.sample_bytes))
            with entry.taking:
                samples = [] if entry.removed else entry.reader.take(limit)
                if not samples:
                    return True
                inside = self._enter(lane, samples)
            entry.sample_bytes = len(samples[-1].payload) or 1
            if inside:
                try:
                    lane.sink.accept(samples)
                finally:
                    relieved = not self._leave(lane, generation)
                if relieved:
                    return False
            if len(samples) < limit:
                return True
        return True

    def _enter(self, lane: _Lane, samples: list[DdsSample]) -> bool:
        """Whether this thread may go inside the sink; else the samples are queued there."""
        with self._lock:
            if lane.held:
                lane.sink.enqueue(samples)
                return False
            self._busy = lane
            self._busy_since_s = time.monotonic()
            lane.inside = True
            return True

    def _leave(self, lane: _Lane, generation: int) -> bool:
        """After a sink returned: False when this thread was relieved meanwhile (its work is then done)."""
        with self._lock:
            if generation == self._generation:
                self._busy = None
                self._free(lane)
                return True
        finished = False
        while not finished:
            try:
                lane.sink.flush()
            except BaseException:
                with self._lock:
                    self._free(lane)
                raise
            with self._lock:
                # Under the lock, so that nothing is queued between this look and the release.
                finished = not lane.sink.pending()
                if finished:
                    self._free(lane)
        return False

    def _free(self, lane: _Lane) -> None:
        """The thread inside is done. Under the lock."""
        lane.held = lane.inside = False
        if self._awaited:
            self._left.notify_all()
        if lane.readers == 0:
            self._drop_unused(lane)

    def _drop_unused(self, lane: _Lane) -> None:
        """Forget a lane that nobody needs; not one with a thread inside, which a new reader must find.

        Under the lock.
        """
        unused = lane.readers == 0 and not lane.held and self._busy is not lane
        if unused and self._lanes.get(id(lane.sink)) is lane:
            del self._lanes[id(lane.sink)]

    def _watch(self) -> None:
        while not self._stop.wait(RELIEVE_AFTER_S):
            busy = self._busy
            if busy is None or not self._late():
                continue
            with self._lock:
                # It may have come back meanwhile.
                if self._busy is not busy or not self._late() or len(self._threads) > MAX_RELIEVED:
                    continue
                busy.held = True
                self._busy = None
                self._generation += 1
                self._spawn()

    def _late(self) -> bool:
        return time.monotonic() - self._busy_since_s >= RELIEVE_AFTER_S
