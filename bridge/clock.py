"""The time of this machine."""

from __future__ import annotations

import time


class SystemClock:
    """The real :class:`bridge.ports.Clock`."""

    def monotonic_s(self) -> float:
        """See :class:`bridge.ports.Clock`."""
        return time.monotonic()

    def time_ns(self) -> int:
        """See :class:`bridge.ports.Clock`."""
        return time.time_ns()
