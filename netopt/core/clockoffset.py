"""How far the other clock is ahead of ours, with a bound that holds whatever the path does.

Four time stamps: a request leaves at t1 (our wall clock), arrives at t2 and is answered at t3 (the
echo's), and the reply arrives at t4 (ours). No message travels back in time, so the offset θ = theirs -
ours obeys

    t3 - t4  ≤  θ  ≤  t2 - t1

however asymmetric the path is: an interval as wide as the round trip, whose middle is NTP's estimate. All
intervals hold at once, after each is widened by what the clocks may have drifted since, so their intersection
holds; it is never wider than the smallest round trip. An empty one means that a clock was stepped.
Source: RFC 5905 section 8; Marzullo, "Maintaining the time in a distributed system", 1983.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from netopt.core.probeframe import UNKNOWN_ERROR_US
from netopt.core.schedule import Shot

DRIFT_PPM = 100
"""How fast two clocks may diverge: two crystals of ±50 ppm. (RFC 5905 assumes 15 ppm of a disciplined
one.)"""
STEP_NS = 5_000_000
"""A wall clock that leaves its monotonic one by more within two messages, beyond slewing, was stepped."""
SLEW_PPM = 1000
"""NTP daemons slew by up to 500 ppm; twice that is no step yet."""


class ClockSource(Enum):
    """What the offset stands on."""

    SAME_CLOCK = "same clock"
    """Both ends read one clock."""
    PROBE = "probe"
    """Four time stamps of this measurement."""
    SYNCHRONISED = "synchronised clocks"
    """Both kernels vouch for their distance to UTC (chrony, ntpd, PTP), and that is the tighter bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """θ ± bound, both in ns; positive: the other clock is ahead."""

    offset_ns: int
    bound_ns: int
    source: ClockSource

    @property
    def low_ns(self) -> int:
        """The least that it may be."""
        return self.offset_ns - self.bound_ns

    @property
    def high_ns(self) -> int:
        """The most that it may be."""
        return self.offset_ns + self.bound_ns


class OffsetEstimator:
    """Follows the offset from reply to reply. Thread: one at a time.

    Args:
        clock_id: of our own clock; 0: unknown.
        max_error_us: of our own clock against UTC.
    """

    def __init__(self, *, clock_id: int = 0, max_error_us: int = UNKNOWN_ERROR_US) -> None:
        self._clock_id = clock_id
        self._own_error_us = max_error_us
        self._low_ns = self._high_ns = 0
        self._at_ns = 0
        self._known = False
        self._same = False
        self._synchronised_ns: int | None = None
        self._wall_minus_monotonic: tuple[int, int] | None = None
        self._last_ns = 0
        self.steps = 0
        """Times that a clock was stepped; each began the estimate anew."""

    def add(self, shot: Shot) -> None:
        """Take the time stamps of an answered message."""
        reply = shot.reply
        if reply is None or shot.received_ns is None:
            return
        ours = shot.sent_wall_ns - shot.sent_ns
        theirs = reply.echo_received_wall_ns - reply.echo_monotonic_ns
        self._look_for_step(ours, theirs, shot.sent_ns)
        self._same = self._clock_id != 0 and reply.echo.clock_id == self._clock_id
        if UNKNOWN_ERROR_US not in (self._own_error_us, reply.echo.max_error_us):
            self._synchronised_ns = (self._own_error_us + reply.echo.max_error_us) * 1000
        low_ns = reply.echo_sent_wall_ns - shot.received_wall_ns
        high_ns = reply.echo_received_wall_ns - shot.sent_wall_ns
        if high_ns < low_ns:
            self._begin_anew()  # stepped between sending and receiving
            return
        self._intersect(low_ns, high_ns, shot.sent_ns, shot.received_ns)

    def estimate(self, now_ns: int | None = None) -> Offset | None:
        """The offset; None before the first reply.

        Args:
            now_ns: monotonic time to widen the bound to; None: when the last answered message was sent.
        """
        if not self._known:
            return None
        if self._same:
            return Offset(offset_ns=0, bound_ns=0, source=ClockSource.SAME_CLOCK)
        drift_ns = _drift_ns(max(0, (self._at_ns if now_ns is None else now_ns) - self._at_ns))
        bound_ns = (self._high_ns - self._low_ns + 1) // 2 + drift_ns
        if self._synchronised_ns is not None and self._synchronised_ns < bound_ns:
            return Offset(offset_ns=0, bound_ns=self._synchronised_ns, source=ClockSource.SYNCHRONISED)
        return Offset(
            offset_ns=(self._high_ns + self._low_ns) // 2, bound_ns=bound_ns, source=ClockSource.PROBE
        )

    def _intersect(self, low_ns: int, high_ns: int, sent_ns: int, received_ns: int) -> None:
        """All bounds are brought to one moment: the newest sending."""
        at_ns = max(sent_ns, self._at_ns) if self._known else sent_ns
        # The new bounds hold at the echo, at some time between sending and receiving.
        drift_ns = _drift_ns(max(received_ns, at_ns) - sent_ns)
        low_ns, high_ns = low_ns - drift_ns, high_ns + drift_ns
        if self._known:
            drift_ns = _drift_ns(at_ns - self._at_ns)
            low_ns = max(low_ns, self._low_ns - drift_ns)
            high_ns = min(high_ns, self._high_ns + drift_ns)
            if high_ns < low_ns:
                self._begin_anew()
                return
        self._low_ns, self._high_ns, self._at_ns, self._known = low_ns, high_ns, at_ns, True

    def _look_for_step(self, ours: int, theirs: int, now_ns: int) -> None:
        before, self._wall_minus_monotonic = self._wall_minus_monotonic, (ours, theirs)
        elapsed_ns, self._last_ns = abs(now_ns - self._last_ns), now_ns
        if before is None:
            return
        allowed_ns = STEP_NS + elapsed_ns * SLEW_PPM // 1_000_000
        if abs(ours - before[0]) > allowed_ns or abs(theirs - before[1]) > allowed_ns:
            self._begin_anew()
            self._wall_minus_monotonic = (ours, theirs)

    def _begin_anew(self) -> None:
        self.steps += 1
        self._known = False
        self._synchronised_ns = None
        self._wall_minus_monotonic = None


def _drift_ns(age_ns: int) -> int:
    return -(-age_ns * DRIFT_PPM // 1_000_000)  # rounded up
