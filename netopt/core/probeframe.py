"""The frame that a probe sends and an echo returns, on every transport the same bytes.

Big endian, 64 bytes; a larger payload is filled up with zeros behind them:

====== ==== =================================================================================
offset size field
====== ==== =================================================================================
0      4    magic ``ZLP1``
4      1    kind: 1 request, 2 reply
5      1    flags, 0
6      2    reserved, 0
8      8    run: random number of the measurement, so that a late reply of another one is known
16     4    sequence number in the run
20     4    reply: largest error of the echo's clock against UTC, µs; 0xFFFFFFFF: it does not know
24     8    request: wall clock of the sender when it was sent, ns since the Unix epoch; copied into the reply
32     8    reply: wall clock of the echo when the request came
40     8    reply: wall clock of the echo when the reply went
48     8    reply: monotonic clock of the echo when the request came, to see steps of its wall clock
56     8    reply: clock id: equal ids mean one and the same clock; 0: unknown
====== ==== =================================================================================

Source: docs/zenlink-extensions.md, "Probe".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from netopt.errors import FrameError

MIN_FRAME_BYTES = 64
MAX_FRAME_BYTES = 16 << 20
"""The largest payload that is measured or answered: more than any sensor message has."""
UNKNOWN_ERROR_US = 0xFFFFFFFF
_MAGIC = b"ZLP1"
_REQUEST, _REPLY = 1, 2
_LAYOUT = struct.Struct(">4sBBHQIIqqqqQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the sender knows."""

    run: int
    sequence: int
    sent_wall_ns: int

    def encode(self, size_bytes: int = MIN_FRAME_BYTES) -> bytes:
        """The frame, filled up to ``size_bytes``."""
        head = _LAYOUT.pack(
            _MAGIC, _REQUEST, 0, 0, self.run, self.sequence, UNKNOWN_ERROR_US, self.sent_wall_ns, 0, 0, 0, 0
        )
        return head.ljust(size_bytes, b"\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The clock of an echo, as its replies tell it."""

    clock_id: int = 0
    """Equal for all programs that read one clock; 0: unknown."""
    max_error_us: int = UNKNOWN_ERROR_US
    """Against UTC, as the kernel vouches for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One request and what the echo added."""

    run: int
    sequence: int
    sent_wall_ns: int
    echo_received_wall_ns: int
    echo_sent_wall_ns: int
    echo_monotonic_ns: int
    """When the request came."""
    echo: Echo


def answer(
    frame: bytes, *, received_wall_ns: int, received_monotonic_ns: int, sent_wall_ns: int, echo: Echo
) -> bytes:
    """The reply to a request: of the same size, so that both directions carry the same load.

    Raises:
        FrameError: no request, or larger than anything we answer.
    """
    fields = _fields(frame, _REQUEST)
    head = _LAYOUT.pack(
        _MAGIC,
        _REPLY,
        0,
        0,
        fields[4],
        fields[5],
        echo.max_error_us,
        fields[7],
        received_wall_ns,
        sent_wall_ns,
        received_monotonic_ns,
        echo.clock_id,
    )
    return head + frame[_LAYOUT.size :]


def decode_reply(frame: bytes) -> Reply:
    """The reply in a frame.

    Raises:
        FrameError: it holds none.
    """
    fields = _fields(frame, _REPLY)
    return Reply(
        run=fields[4],
        sequence=fields[5],
        sent_wall_ns=fields[7],
        echo_received_wall_ns=fields[8],
        echo_sent_wall_ns=fields[9],
        echo_monotonic_ns=fields[10],
        echo=Echo(clock_id=fields[11], max_error_us=fields[6]),
    )


def is_reply_of(run: int, frame: bytes) -> bool:
    """Whether a frame answers a request of that measurement."""
    try:
        return decode_reply(frame).run == run
    except FrameError:
        return False


def _fields(frame: bytes, kind: int) -> tuple[int, ...]:
    if not MIN_FRAME_BYTES <= len(frame) <= MAX_FRAME_BYTES:
        raise FrameError(f"a probe frame has {MIN_FRAME_BYTES} to {MAX_FRAME_BYTES} bytes, not {len(frame)}")
    fields = _LAYOUT.unpack_from(frame)
    if fields[0] != _MAGIC or fields[1] != kind:
        raise FrameError(f"no probe frame of kind {kind}: begins with {frame[:8].hex()}")
    return fields
