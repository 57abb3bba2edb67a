"""Time that moves when told: :class:`bridge.ports.Clock` for tests."""

from __future__ import annotations

_NS_PER_S = 1_000_000_000


class FakeClock:
    """Both clocks stand still until :meth:`advance`; the wall clock may also jump."""

    def __init__(self, *, monotonic_s: float = 100.0, wall_ns: int = 1_700_000_000 * _NS_PER_S) -> None:
        self._monotonic_s = monotonic_s
        self._wall_ns = wall_ns

    def monotonic_s(self) -> float:
        """See :class:`bridge.ports.Clock`."""
        return self._monotonic_s

    def time_ns(self) -> int:
        """See :class:`bridge.ports.Clock`."""
        return self._wall_ns

    def advance(self, seconds: float) -> float:
        """Let time pass on both clocks; answers the new monotonic time."""
        if seconds < 0:
            raise ValueError("a monotonic clock never goes back")
        self._monotonic_s += seconds
        self._wall_ns += round(seconds * _NS_PER_S)
        return self._monotonic_s

    def step_wall(self, delta_ns: int) -> None:
        """Set the wall clock, as NTP or an operator does."""
        self._wall_ns += delta_ns
