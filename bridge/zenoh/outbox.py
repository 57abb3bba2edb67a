"""Threads that send for services, so that no caller waits for a link.

A query or a reply is reliable: it is sent with congestion control BLOCK, which waits for a stuck link until
Zenoh gives that up. Dropped instead, one of 1 MiB would never cross a slow link. What asks for it comes from
threads that must not wait (the pump, rclpy's thread, Zenoh's own). Each service has a lane: its jobs run in
order, one at a time, and a stuck one keeps a thread but delays no other lane.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

log = logging.getLogger(__name__)

MAX_THREADS = 32
"""Lanes that may be stuck at a time before the others wait with them."""
MAX_JOBS = 1000
"""Of one lane; more are refused."""
MAX_BYTES = 64 << 20
"""Of one lane, unless a single job has more."""
_IDLE_S = 10.0
"""After which a thread that has nothing to do ends."""
_JOIN_S = 6.0
"""Longer than Zenoh waits for a stuck link."""


class Job(NamedTuple):
    """Something to send."""

    send: Callable[[], None]
    """May block."""
    give_up: Callable[[], None]
    """Called instead when everything ends first; must not block."""
    size: int


class Lane:
    """The jobs of one service. Guarded by its outbox's lock."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.jobs: deque[Job] = deque()
        self.bytes = 0
        self.scheduled = False
        """Among the ready lanes, or in the hands of a thread."""

    def post(self, job: Job) -> bool:
        """Have it sent after those posted before; False when there is no room. Never blocks. Thread: any."""
        return self._outbox.post(self, job)


class Outbox:
    """Owns the ``zenoh-services`` threads: none while nothing is sent."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ready: deque[Lane] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._started = 0
        self._closed = False

    def lane(self) -> Lane:
        """One more."""
        return Lane(self)

    def post(self, lane: Lane, job: Job) -> bool:
        """See :meth:`Lane.post`."""
        with self._changed:
            full = len(lane.jobs) >= MAX_JOBS or (lane.jobs and lane.bytes + job.size > MAX_BYTES)
            if self._closed or full:
                return False
            lane.jobs.append(job)
            lane.bytes += job.size
            if not lane.scheduled:
                lane.scheduled = True
                self._make_ready(lane)
            return True

    def close(self) -> None:
        """Send no more, join the threads, give up what is left; idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            left = [job for lane in self._ready for job in lane.jobs]
            self._ready.clear()
            threads = list(self._threads)
        for job in left:
            _run(job.give_up)
        deadline_s = time.monotonic() + _JOIN_S
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))
            if thread.is_alive():
                log.warning("thread %s did not end in %.0f s; it dies with the process", thread.name, _JOIN_S)

    def _make_ready(self, lane: Lane) -> None:
        """Under the lock."""
        self._ready.append(lane)
        if len(self._ready) > self._idle and len(self._threads) < MAX_THREADS:
            self._started += 1
            name = f"zenoh-services-{self._started}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.add(thread)
            thread.start()
        else:
            self._changed.notify()

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        """Do one job; False when this thread is to end."""
        taken = self._next()
        if taken is None:
            return False
        lane, job = taken
        _run(job.send)
        self._done(lane)
        return True

    def _next(self) -> tuple[Lane, Job] | None:
        """The next job; None when this thread is to end."""
        with self._changed:
            self._idle += 1
            found = self._changed.wait_for(lambda: self._ready or self._closed, _IDLE_S)
            self._idle -= 1
            if not found or self._closed:
                self._threads.discard(threading.current_thread())
                return None
            lane = self._ready.popleft()
            job = lane.jobs.popleft()
            lane.bytes -= job.size
            return lane, job

    def _done(self, lane: Lane) -> None:
        with self._changed:
            if not lane.jobs:
                lane.scheduled = False
                return
            if not self._closed:
                self._ready.append(lane)  # behind the others; this thread looks next
                return
            left = list(lane.jobs)
            lane.jobs.clear()
        for job in left:
            _run(job.give_up)


def _run(action: Callable[[], None]) -> None:
    try:
        action()
    except Exception:
        # The one who asked is told by the action itself; the thread serves everybody.
        log.exception("sending for a service met a fault")
