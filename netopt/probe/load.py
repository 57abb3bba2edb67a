"""Other traffic beside the measured one, on the same transport: what `--load` means."""

from __future__ import annotations

import secrets
import threading

from netopt.core.probeframe import MAX_FRAME_BYTES, MIN_FRAME_BYTES, Request
from netopt.core.schedule import NS_PER_S
from netopt.errors import UsageError
from netopt.ports import MonotonicClock, Transport

FRAME_BYTES = 32_768
MAX_MBIT_S = 2000.0
_JOIN_S = 5.0


class Load:
    """Sends requests of another run at a steady rate; they are echoed, so both directions carry them.

    Args:
        transport: an open one.
        mbit_s: payload, each way.
        frame_bytes: of one message.
    """

    def __init__(
        self, transport: Transport, *, clock: MonotonicClock, mbit_s: float, frame_bytes: int = FRAME_BYTES
    ) -> None:
        if not 0.0 < mbit_s <= MAX_MBIT_S:
            raise UsageError(
                f"{mbit_s:g} Mbit/s is no load", remedy=f"choose above 0, at most {MAX_MBIT_S:g} Mbit/s"
            )
        size = min(max(frame_bytes, MIN_FRAME_BYTES), MAX_FRAME_BYTES)
        self._frame = Request(run=secrets.randbits(64), sequence=0, sent_wall_ns=0).encode(size)
        self._period_ns = max(1, round(size * 8 / (mbit_s * 1e6) * NS_PER_S))
        self._transport = transport
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="probe-load", daemon=True)
        self.sent = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _run(self) -> None:
        """Thread: probe-load."""
        due_ns = self._clock.monotonic_ns()
        while not self._stop.is_set():
            self._transport.send(self._frame)
            self.sent += 1
            # What a busy host could not send in time is not sent later in a burst.
            due_ns = max(due_ns + self._period_ns, self._clock.monotonic_ns() - NS_PER_S // 10)
            self._clock.wait_until(due_ns, self._stop)

    def close(self) -> None:
        """End; idempotent."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_JOIN_S)
