"""What a run of large messages comes to: how many were lost, and how long the others took. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from netopt.errors import FrameError

HEADER = struct.Struct("!IHH")
"""Before each part: number of the message, of the part, and how many parts there are."""
PART_BYTES = 65000
"""As DDS sends large messages over loopback: datagrams of nearly the largest size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeMessages:
    """What is sent: so many messages of a size on a fixed schedule."""

    message_bytes: int
    rate_hz: float = 10.0
    count: int = 50
    reader_pause_s: float = 0.0
    """How long the reader is kept from its socket behind a message's first part, as on a busy host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What arrived."""

    kind: str
    """How they were sent, for people."""
    sent: int
    latencies_s: tuple[float, ...]
    """Of those that arrived whole: from the time for which the sending was set to the last part."""
    buffer_bytes: int = 0
    """What the receiving socket had, as the kernel counts."""

    @property
    def lost(self) -> int:
        """Messages that did not arrive whole."""
        return self.sent - len(self.latencies_s)

    def percentile_s(self, percent: float) -> float | None:
        """The latency that so many messages kept; ``None``: that one was lost, so late for ever."""
        rank = max(0, -(-int(percent * self.sent) // 100) - 1)
        ordered = sorted(self.latencies_s)
        return ordered[rank] if rank < len(ordered) else None


def part_sizes(message_bytes: int) -> tuple[int, ...]:
    """Bytes of each part, headers included."""
    whole, rest = divmod(message_bytes, PART_BYTES)
    sizes = [PART_BYTES + HEADER.size] * whole
    return tuple([*sizes, rest + HEADER.size] if rest else sizes)


@dataclass(slots=True)
class Assembly:
    """Puts parts together; single-threaded."""

    intended_s: Sequence[float]
    """When each message was to be sent."""
    latencies_s: dict[int, float] = field(default_factory=dict)
    _missing: dict[int, set[int]] = field(default_factory=dict)

    def part(self, head: bytes | memoryview, now_s: float) -> bool:
        """Take in one part.

        Args:
            head: Its first bytes.
            now_s: When it was read.

        Returns:
            Whether it is the first that was read of its message.

        Raises:
            FrameError: It is none of ours.
        """
        if len(head) < HEADER.size:
            raise FrameError("a datagram shorter than its header")
        number, index, parts = HEADER.unpack_from(head)
        if number >= len(self.intended_s) or index >= parts:
            raise FrameError(f"part {index} of {parts} of message {number} was never sent")
        if number in self.latencies_s:
            return False  # a duplicate
        first = number not in self._missing
        missing = self._missing.setdefault(number, set(range(parts)))
        missing.discard(index)
        if not missing:
            del self._missing[number]
            self.latencies_s[number] = now_s - self.intended_s[number]
        return first

    @property
    def complete(self) -> bool:
        """Every message is there."""
        return len(self.latencies_s) == len(self.intended_s)
