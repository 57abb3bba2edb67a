"""When each message of a measurement is due, and what became of it.

The schedule is fixed before the first message: a slow reply delays nothing, so what it holds up is
measured and not hidden ("coordinated omission"). Latency counts from the intended time; how late the
sender itself was is a number of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from netopt.core.probeframe import MAX_FRAME_BYTES, MIN_FRAME_BYTES, Reply
from netopt.errors import UsageError

NS_PER_S = 1_000_000_000
MAX_RATE_HZ = 20_000.0
"""What one thread of Python keeps up with."""
MAX_MESSAGES = 500_000
"""Of one run: what is kept of each fits into memory."""
MAX_TIMEOUT_S = 60.0
"""The range of the statistics ends there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is sent, and when."""

    rate_hz: float = 100.0
    messages: int = 1000
    """Measured ones."""
    warmup: int = 20
    """Sent before them at the same rate, and not part of the result."""
    payload_bytes: int = MIN_FRAME_BYTES
    timeout_s: float = 1.0
    """A reply that comes later counts as lost."""

    def __post_init__(self) -> None:
        if not 0.01 <= self.rate_hz <= MAX_RATE_HZ:
            raise UsageError(
                f"{self.rate_hz:g} Hz is no rate to send at", remedy=f"choose 0.01 to {MAX_RATE_HZ:g} Hz"
            )
        if not (self.messages > 0 and self.warmup >= 0 and self.total <= MAX_MESSAGES):
            raise UsageError(
                f"{self.total} messages cannot be measured",
                remedy=f"choose 1 to {MAX_MESSAGES}, warm-up included",
            )
        if not MIN_FRAME_BYTES <= self.payload_bytes <= MAX_FRAME_BYTES:
            raise UsageError(
                f"{self.payload_bytes} bytes are no size of a message",
                remedy=f"choose {MIN_FRAME_BYTES} to {MAX_FRAME_BYTES} bytes",
            )
        if not 0.001 <= self.timeout_s <= MAX_TIMEOUT_S:
            raise UsageError(
                f"{self.timeout_s:g} s is no timeout", remedy=f"choose 0.001 to {MAX_TIMEOUT_S:g} s"
            )

    @property
    def total(self) -> int:
        """Messages, warm-up included."""
        return self.warmup + self.messages

    @property
    def timeout_ns(self) -> int:
        """The timeout in ns."""
        return round(self.timeout_s * NS_PER_S)

    def intended_ns(self, sequence: int) -> int:
        """When a message is due, counted from the start."""
        return round(sequence * NS_PER_S / self.rate_hz)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One message of a measurement. Times are monotonic ns of the sender unless they say ``wall``."""

    sequence: int
    intended_ns: int
    sent_ns: int
    sent_wall_ns: int
    received_ns: int | None = None
    """None: no reply came in time."""
    received_wall_ns: int = 0
    reply: Reply | None = None

    @property
    def late_ns(self) -> int:
        """How late the sender was."""
        return max(0, self.sent_ns - self.intended_ns)

    @property
    def latency_ns(self) -> int | None:
        """From the intended time to the reply; None where it is lost."""
        return None if self.received_ns is None else self.received_ns - self.intended_ns

    @property
    def round_trip_ns(self) -> int | None:
        """From the real sending to the reply; None where it is lost."""
        return None if self.received_ns is None else self.received_ns - self.sent_ns
