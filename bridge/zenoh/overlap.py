"""One key received over two sessions at once, while one takes the other's place. Pure but for its lock.

Each session brings samples in order, but neither knows how far the other one is: had the new one brought a
sample before the old one brought those ahead of it, they would come too late to be handed on. So one session
leads. What the other one alone has brought so far waits until the leading one brings it too, or ends.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from bridge.core.counts import CountRecord
from bridge.ports import CountsSink, ZenohSample

MAX_HELD = 1000
"""Samples of one key that are ahead; with more, the other session leads from then on."""
MAX_SOURCES = 4096
"""Whose last time is remembered; beyond that all are forgotten, and repeats are for others to tell."""

_Record = tuple[str, CountRecord]


class Overlap:
    """Hands on what comes from the session that leads, then what the next one has beyond that.

    Sessions are numbered in the order in which they lead, from 0 on.

    Args:
        on_sample: Takes each sample; of repeats that are left it tells itself. Never blocks.
        on_counts: Takes the records that came behind those samples.

    Thread: any, one at a time goes through.
    """

    def __init__(self, on_sample: Callable[[ZenohSample], None], on_counts: CountsSink | None) -> None:
        self._on_sample = on_sample
        self._on_counts = on_counts
        self._lock = threading.Lock()
        self._leads = 0
        self._last_ns: dict[bytes, int] = {}
        """Time of the last sample that was handed on, by source."""
        self._ahead: deque[ZenohSample | _Record] = deque()
        """What the next session brought, in its order."""

    def sample(self, session: int, sample: ZenohSample) -> None:
        """One came over a session. Without a time it is taken from the session that leads alone."""
        with self._lock:
            if session <= self._leads:
                self._hand_on(sample)
                self._drop_what_came()
            elif sample.source_ns is not None:
                self._hold(sample)

    def counts(self, session: int, zid: str, record: CountRecord) -> None:
        """A record came over a session: it speaks of samples before it."""
        with self._lock:
            if session > self._leads:
                self._hold((zid, record))
            elif self._on_counts is not None:
                self._on_counts(zid, record)

    def ended(self, session: int) -> None:
        """It brings no more: the one after it leads, with what it has beyond that."""
        with self._lock:
            if session == self._leads:
                self._lead_next()

    def _hold(self, one: ZenohSample | _Record) -> None:
        self._ahead.append(one)
        self._drop_what_came()
        if len(self._ahead) > MAX_HELD:
            self._lead_next()

    def _lead_next(self) -> None:
        self._leads += 1
        while self._ahead:
            self._release(self._ahead.popleft())

    def _drop_what_came(self) -> None:
        """Forget what the session that leads has brought by now, too; hand on the records behind it."""
        while self._ahead:
            first = self._ahead[0]
            if isinstance(first, ZenohSample) and not self._came(first):
                return
            self._release(self._ahead.popleft())

    def _release(self, one: ZenohSample | _Record) -> None:
        if not isinstance(one, ZenohSample):
            if self._on_counts is not None:
                self._on_counts(*one)
        elif not self._came(one):
            self._hand_on(one)

    def _came(self, sample: ZenohSample) -> bool:
        last_ns = self._last_ns.get(sample.source_id)
        return last_ns is not None and sample.source_ns is not None and sample.source_ns <= last_ns

    def _hand_on(self, sample: ZenohSample) -> None:
        if sample.source_ns is not None and not self._came(sample):
            if len(self._last_ns) >= MAX_SOURCES:
                self._last_ns.clear()
            self._last_ns[sample.source_id] = sample.source_ns
        self._on_sample(sample)
