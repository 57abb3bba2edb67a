"""What arrived on one topic: counted, and how long it took.

Pure: the caller says what came and when. A message before the first one received is nobody's loss (the
station joined late); from then on every sequence number is expected once, in order. Latency is that of
messages sent after the first one arrived: those before it waited for discovery, and a latched one for
the station itself.
"""

from __future__ import annotations

from hdrh.histogram import HdrHistogram

from bridge.demo.lines import TopicReport
from bridge.demo.messages import Payload

_MAX_LATENCY_US = 60_000_000
_MAX_GAP = 100_000
"""A wider jump in the sequence is no loss but nonsense; also the bound on memory."""


class Tally:
    """The counts of one topic. Thread: any, one at a time."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._received = 0
        self._bytes = 0
        self._doubled = 0
        self._reordered = 0
        self._corrupt = 0
        self._flaw = ""
        self._missing: set[int] = set()
        self._first_seq: int | None = None
        self._last_seq: int | None = None
        self._first_ns = 0
        self._first_stamp_ns = 0
        self._last_stamp_ns = 0
        self._latency_us = HdrHistogram(1, _MAX_LATENCY_US, 3)

    def spoil(self, flaw: str) -> None:
        """Count a message that arrived damaged; it stays missing, for what was sent did not arrive."""
        self._corrupt += 1
        self._flaw = self._flaw or flaw

    def take(self, payload: Payload, *, now_ns: int) -> None:
        """Count an intact message received at `now_ns`, nanoseconds since the Unix epoch."""
        if self._first_seq is None or self._last_seq is None:
            self._first_seq = self._last_seq = payload.seq
            self._first_ns = now_ns
            self._first_stamp_ns = self._last_stamp_ns = payload.stamp_ns
        elif payload.seq > self._last_seq:
            if payload.seq - self._last_seq > _MAX_GAP:
                self.spoil(f"message {payload.seq} directly after {self._last_seq}")
                return
            self._missing.update(range(self._last_seq + 1, payload.seq))
            self._last_seq = payload.seq
        elif not self._late(payload.seq, self._first_seq):
            self._doubled += 1
            return
        self._received += 1
        self._bytes += len(payload.body)
        self._first_stamp_ns = min(self._first_stamp_ns, payload.stamp_ns)
        self._last_stamp_ns = max(self._last_stamp_ns, payload.stamp_ns)
        if payload.stamp_ns >= self._first_ns:
            latency_us = (now_ns - payload.stamp_ns) // 1000
            self._latency_us.record_value(min(max(latency_us, 1), _MAX_LATENCY_US))

    def _late(self, seq: int, first_seq: int) -> bool:
        """Whether `seq`, not above the last one, is new: it then came out of order."""
        if seq in self._missing:
            self._missing.remove(seq)
        elif seq < first_seq and first_seq - seq <= _MAX_GAP:
            self._missing.update(range(seq + 1, first_seq))
            self._first_seq = seq
        else:
            return False
        self._reordered += 1
        return True

    def report(self) -> TopicReport:
        """The counts as they stand."""
        timed = self._latency_us.get_total_count() > 0
        return TopicReport(
            topic=self._topic,
            received=self._received,
            payload_bytes=self._bytes,
            missing=len(self._missing),
            doubled=self._doubled,
            reordered=self._reordered,
            corrupt=self._corrupt,
            flaw=self._flaw,
            last_seq=self._last_seq,
            first_ns=self._first_ns,
            span_ns=self._last_stamp_ns - self._first_stamp_ns,
            p50_ms=self._percentile_ms(50.0) if timed else None,
            p99_ms=self._percentile_ms(99.0) if timed else None,
        )

    def _percentile_ms(self, percentile: float) -> float:
        latency_us: float = self._latency_us.get_value_at_percentile(percentile)
        return round(latency_us / 1000, 3)
