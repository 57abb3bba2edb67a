"""How long this machine stood still: a shared one does for seconds, and no program is quicker than that.

And how not to wait for its other work.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator

_LOOK_S = 0.01
_NOTICED_S = 0.05
"""Later than this is no mere scheduling."""


class Stalls:
    """What a thread that only sleeps saw; taken off a measured time, it lets the limit of that stay."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float]] = []
        """When each began and ended, on the monotonic clock."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stalls", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        due_s = time.monotonic() + _LOOK_S
        while not self._stop.wait(_LOOK_S):
            now_s = time.monotonic()
            if now_s > due_s + _NOTICED_S:
                self._seen.append((due_s, now_s))
            due_s = now_s + _LOOK_S

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def between_s(self, begin_s: float, end_s: float) -> float:
        """How long it stood still from one moment to another."""
        return sum(max(0.0, min(end, end_s) - max(begin, begin_s)) for begin, end in list(self._seen))

    def longest_s(self) -> float:
        """The longest of all."""
        return max((end - begin for begin, end in list(self._seen)), default=0.0)


@contextlib.contextmanager
def served_first() -> Iterator[bool]:
    """What is started meanwhile, by this thread, has the processors before everything else.

    Yields:
        Whether it does: that takes the right to ask for it.
    """
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, policy, priority)


@contextlib.contextmanager
def stalls() -> Iterator[Stalls]:
    """Watched until the context ends."""
    watched = Stalls()
    try:
        yield watched
    finally:
        watched.close()
