"""Thinning a topic: at most so many samples a second of each source writer.

Applied to whole samples after receipt, so that large ones survive it, and by source time, so that a burst
after a stall is thinned like any other traffic.
"""

from __future__ import annotations

from collections import OrderedDict

MAX_SOURCES = 4096
"""Source writers remembered; the longest silent one gives way, and then starts anew."""
_NS_PER_S = 1_000_000_000


class RateLimit:
    """Decides sample by sample. Thread: the one inside the route."""

    __slots__ = ("_due_ns", "_period_ns")

    def __init__(self, max_rate_hz: float) -> None:
        self._period_ns = int(_NS_PER_S / max_rate_hz)
        self._due_ns: OrderedDict[bytes, int] = OrderedDict()

    def passes(self, source_id: bytes, source_ns: int) -> bool:
        """Whether a sample is due. The mean rate is kept in spite of jitter; silence is not made up for."""
        due_ns = self._due_ns.get(source_id, source_ns)
        if source_ns < due_ns:
            return False
        # Half a period leaves room for jitter, also of the first sample, and not for a second one at once.
        self._due_ns[source_id] = max(due_ns + self._period_ns, source_ns + self._period_ns // 2)
        self._due_ns.move_to_end(source_id)
        if len(self._due_ns) > MAX_SOURCES:
            self._due_ns.popitem(last=False)
        return True


def rate_limit(max_rate_hz: float | None) -> RateLimit | None:
    """A limit, where one is wanted."""
    return None if max_rate_hz is None else RateLimit(max_rate_hz)
