"""What every echo does with a request: answer it, within bounds, whatever the network sends."""

from __future__ import annotations

import threading

from netopt.core.probeframe import MAX_FRAME_BYTES, Echo, answer
from netopt.core.schedule import NS_PER_S
from netopt.errors import FrameError
from netopt.ports import MonotonicClock
from netopt.probe.clocks import own_echo

SERVE_RATE_HZ, SERVE_BYTES_PER_S = 20_000.0, 250e6
"""Bounds of `probe serve`, which is there for nothing else."""
AGENT_RATE_HZ, AGENT_BYTES_PER_S = 1000.0, 20e6
"""Bounds of the echo in an agent: a probe must not take the link or the CPU from the data (1000/s: 5 % of
a core)."""
_REFRESH_NS = NS_PER_S
"""How often the kernel is asked how good its clock is."""


class Answerer:
    """Turns requests into replies, so many and so many bytes a second; what is beyond is dropped and counted.

    Thread: any.
    """

    def __init__(self, *, clock: MonotonicClock, rate_hz: float, bytes_per_s: float) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # Half a second of burst; a frame of any allowed size must fit in.
        self._messages = _Bucket(rate_hz, max(1.0, rate_hz / 2))
        self._bytes = _Bucket(bytes_per_s, max(float(MAX_FRAME_BYTES), bytes_per_s / 2))
        self._echo = Echo()
        self._asked_ns = -_REFRESH_NS
        self.answered = 0
        self.malformed = 0
        """Dropped: no request."""
        self.limited = 0
        """Dropped: more than the bounds allow."""

    def answer(self, frame: bytes) -> bytes | None:
        """The reply; None where there is none to give."""
        received_ns, received_wall_ns = self._clock.monotonic_ns(), self._clock.wall_ns()
        with self._lock:
            if not (self._messages.has(1.0, received_ns) and self._bytes.has(len(frame), received_ns)):
                self.limited += 1
                return None
            self._messages.take(1.0)
            self._bytes.take(len(frame))
            if received_ns - self._asked_ns >= _REFRESH_NS:
                self._echo, self._asked_ns = own_echo(), received_ns
        try:
            reply = answer(
                frame,
                received_wall_ns=received_wall_ns,
                received_monotonic_ns=received_ns,
                sent_wall_ns=self._clock.wall_ns(),
                echo=self._echo,
            )
        except FrameError:
            self.malformed += 1
            return None
        self.answered += 1
        return reply


class _Bucket:
    """A token bucket. Thread: under the answerer's lock."""

    def __init__(self, rate: float, size: float) -> None:
        self._rate, self._size = rate, size
        self._level = size
        self._at_ns: int | None = None

    def has(self, amount: float, now_ns: int) -> bool:
        """Whether so much is allowed now."""
        if self._at_ns is not None:
            self._level = min(self._size, self._level + self._rate * max(0, now_ns - self._at_ns) / NS_PER_S)
        self._at_ns = now_ns
        return self._level >= amount

    def take(self, amount: float) -> None:
        """Use it up."""
        self._level -= amount
