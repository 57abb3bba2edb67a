"""What a measurement came to: percentiles, loss, reordering, duplicates, jitter, and delay one way.

Nothing is trimmed. A message whose reply does not come in time is lost, *and* it is slower than every
other one: percentiles are those of all messages sent, and one that falls among the lost has no value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from netopt.core.clockoffset import Offset, OffsetEstimator
from netopt.core.schedule import Shot

QUANTILES = (50.0, 90.0, 99.0, 99.9)
SPOILED_SHARE = 0.1
"""Of the latency at p99: a sender that was later than that, itself, made the result."""
SPOILED_FLOOR_US = 1000
"""Lateness below is the scheduler's, on any machine."""


class Distribution(Protocol):
    """Counts of durations, 1 µs to 60 s with 3 digits; those of several runs can be added up."""

    @property
    def count(self) -> int:
        """Values recorded."""

    def record_us(self, value_us: int) -> None:
        """Count one value; beyond the range it counts as the end of the range."""

    def percentile_us(self, percentile: float) -> int:
        """The value that ``percentile`` percent of all values do not exceed; 0 when there is none."""

    def max_us(self) -> int:
        """The largest value, 0 when there is none."""

    def min_us(self) -> int:
        """The smallest value, 0 when there is none."""

    def mean_us(self) -> float:
        """The arithmetic mean, 0 when there is none."""

    def merge(self, encoded: str) -> None:
        """Add the counts of another one, as :meth:`encode` wrote it.

        Raises:
            UsageError: it is not one.
        """

    def encode(self) -> str:
        """As text, in the form of HdrHistogram (V2, compressed, base64)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Of one duration, in ms. None: that one was lost."""

    count: int
    min_ms: float
    mean_ms: float
    """Of those that came."""
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    max_ms: float | None
    asked: float
    """The percentile that the target speaks of."""
    asked_ms: float | None
    histogram: str
    """Of those that came: HdrHistogram V2, in µs, base64; add up what several runs say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneWay:
    """Delay of each direction. The true values lie within ± ``bound_ms`` of those named."""

    bound_ms: float
    offset_ms: float
    """How far the other clock is ahead."""
    source: str
    """What the offset stands on: a ``ClockSource``."""
    forward: Percentiles
    """From the intended time at the sender to the echo."""
    back: Percentiles
    """From the echo to the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of one measurement."""

    sent: int
    received: int
    lost: int
    """No reply within the timeout."""
    late: int
    """Of the lost: the reply came after the timeout."""
    duplicates: int
    reordered: int
    """Replies that came after the reply of a later message (RFC 4737)."""
    jitter_ms: float
    """Mean difference between the latencies of neighbouring replies."""
    latency: Percentiles
    """There and back, from the intended time."""
    round_trip: Percentiles
    """There and back, from the real sending."""
    lateness: Percentiles
    """How late the sender was."""
    one_way: OneWay | None
    one_way_void: str
    """Why there is no delay one way; empty when there is."""
    spoiled: str
    """Why the sender itself made the result; empty when it did not."""


class Tally:
    """Adds up the messages of one measurement. Thread: one at a time.

    Args:
        new_distribution: makes an empty one.
        estimator: of the offset of the other clock.
        asked: the percentile that the target speaks of.
    """

    def __init__(
        self,
        new_distribution: Callable[[], Distribution],
        estimator: OffsetEstimator,
        *,
        asked: float = 99.0,
    ) -> None:
        self._new = new_distribution
        self._asked = asked
        self._estimator = estimator
        self._steps_before = estimator.steps
        self._latency = new_distribution()
        self._round_trip = new_distribution()
        self._lateness = new_distribution()
        self._jitter_sum_ns = 0
        self._last_latency_ns: int | None = None
        self._highest = -1
        self.shots: list[Shot] = []
        """Everything that was added, in the order of completion."""
        self.received = self.lost = self.late = self.duplicates = self.reordered = 0

    def add(self, shot: Shot) -> None:
        """Take one message that was answered, or whose time is over."""
        self.shots.append(shot)
        self._lateness.record_us(shot.late_ns // 1000)
        latency_ns, round_trip_ns = shot.latency_ns, shot.round_trip_ns
        if latency_ns is None or round_trip_ns is None:
            self.lost += 1
            return
        self.received += 1
        self.reordered += shot.sequence < self._highest
        self._highest = max(self._highest, shot.sequence)
        self._latency.record_us(latency_ns // 1000)
        self._round_trip.record_us(round_trip_ns // 1000)
        if self._last_latency_ns is not None:
            self._jitter_sum_ns += abs(latency_ns - self._last_latency_ns)
        self._last_latency_ns = latency_ns

    def percentile_ms(self, percentile: float) -> float | None:
        """Of the latency of all messages so far; None: lost, or nothing sent."""
        return _at(self._latency, self.lost, percentile)

    def summary(self) -> Summary:
        """What it came to so far."""
        one_way, void = self._one_way()
        return Summary(
            sent=len(self.shots),
            received=self.received,
            lost=self.lost,
            late=self.late,
            duplicates=self.duplicates,
            reordered=self.reordered,
            jitter_ms=_ms(self._jitter_sum_ns / 1000 / max(1, self.received - 1)),
            latency=percentiles(self._latency, self.lost, asked=self._asked),
            round_trip=percentiles(self._round_trip, self.lost, asked=self._asked),
            lateness=percentiles(self._lateness, asked=self._asked),
            one_way=one_way,
            one_way_void=void,
            spoiled=self._spoiled(),
        )

    def _spoiled(self) -> str:
        late_us = self._lateness.percentile_us(99.0)
        latency_us = self._latency.percentile_us(99.0)
        if late_us <= SPOILED_FLOOR_US or late_us <= SPOILED_SHARE * latency_us:
            return ""
        return f"the sender itself was {_ms(late_us)} ms late at p99: this host is too busy to measure that"

    def _one_way(self) -> tuple[OneWay | None, str]:
        if self._estimator.steps != self._steps_before:
            return None, "a clock was stepped during the measurement"
        answered = [shot for shot in self.shots if shot.reply is not None and shot.received_ns is not None]
        if not answered:
            return None, "nothing was answered"
        # One offset for the whole window: what drifted since its beginning belongs to the bound.
        begin_ns = min(shot.sent_ns for shot in answered)
        end_ns = max(shot.received_ns or 0 for shot in answered)
        offset = self._estimator.estimate(2 * end_ns - begin_ns)
        if offset is None:
            return None, "a clock was stepped during the measurement"
        there, back = _split(answered, offset, self._new)
        return OneWay(
            bound_ms=_ms(offset.bound_ns / 1000),
            offset_ms=_ms(offset.offset_ns / 1000),
            source=offset.source.value,
            forward=percentiles(there, self.lost, asked=self._asked),
            back=percentiles(back, self.lost, asked=self._asked),
        ), ""


def percentiles(distribution: Distribution, lost: int = 0, *, asked: float = 99.0) -> Percentiles:
    """The figures of a distribution, with ``lost`` values beyond its end."""
    p50, p90, p99, p999 = (_at(distribution, lost, percentile) for percentile in QUANTILES)
    return Percentiles(
        count=distribution.count,
        min_ms=_ms(distribution.min_us()),
        mean_ms=_ms(distribution.mean_us()),
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        p999_ms=p999,
        max_ms=None if lost or not distribution.count else _ms(distribution.max_us()),
        asked=asked,
        asked_ms=_at(distribution, lost, asked),
        histogram=distribution.encode(),
    )


def _at(distribution: Distribution, lost: int, percentile: float) -> float | None:
    received = distribution.count
    # The rank counts from 1; rounded first, as 0.999 * 1000 is a little more than 999.
    rank = max(1, math.ceil(round((received + lost) * percentile / 100.0, 6)))
    if rank > received:
        return None
    return _ms(distribution.percentile_us(100.0 * rank / received))


def _split(
    answered: Sequence[Shot], offset: Offset, new_distribution: Callable[[], Distribution]
) -> tuple[Distribution, Distribution]:
    """The delays there and back."""
    there, back = new_distribution(), new_distribution()
    for shot in answered:
        reply = shot.reply
        if reply is not None:
            there_ns = reply.echo_received_wall_ns - shot.sent_wall_ns - offset.offset_ns
            back_ns = shot.received_wall_ns - reply.echo_sent_wall_ns + offset.offset_ns
            there.record_us(max(0, there_ns + shot.late_ns) // 1000)
            back.record_us(max(0, back_ns) // 1000)
    return there, back


def _ms(us: float) -> float:
    return round(us / 1000.0, 3)
