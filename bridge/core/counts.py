"""How many samples of each source writer an agent has sent on a key: receivers compare it with what came.

It is sent in the stream of the samples themselves, so whatever it counts and has not come by then is lost.
Must never import an adapter.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.gid import Gid
from bridge.core.tokens import one_chunk
from bridge.errors import WireError

_CODEC = "counts"
_MAGIC = b"ZLC1"
_HEAD = struct.Struct(">4sB3x")
_ENTRY = struct.Struct(">16sQQQ")
_BLOCKING = 1
MAX_ENTRIES = 1024
"""Of one record, 40 KiB; more sources share several records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """What was sent of one source writer."""

    writer: Gid
    epoch: int
    """Begins anew, with another random number, whenever the sender begins to count anew."""
    count: int
    """Samples sent since the epoch began, the last one at `last_ns` included."""
    last_ns: int
    """Time that identifies the last one, ns since the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRecord:
    """Payload of a record.

    Wire layout, big endian: magic ``ZLC1``, flags (1 byte; bit 0: samples wait for a full link instead of
    being dropped), 3 zero bytes; then 40 bytes a source: GUID of the writer (16), epoch, count, last time
    (8 each).

    Source: docs/zenlink-extensions.md.
    """

    blocking: bool
    sources: tuple[SourceCount, ...]

    def encode(self) -> bytes:
        """The payload."""
        head = _HEAD.pack(_MAGIC, _BLOCKING if self.blocking else 0)
        return head + b"".join(
            _ENTRY.pack(one.writer.value, one.epoch, one.count, one.last_ns) for one in self.sources
        )


def decode_counts(payload: bytes) -> CountRecord:
    """The record in a payload.

    Raises:
        WireError: it is none.
    """
    if len(payload) < _HEAD.size or (len(payload) - _HEAD.size) % _ENTRY.size:
        raise WireError(
            _CODEC, offset=0, expected=f"8 bytes and {_ENTRY.size} a source", found=f"{len(payload)} bytes"
        )
    if len(payload) > _HEAD.size + MAX_ENTRIES * _ENTRY.size:
        raise WireError(
            _CODEC, offset=0, expected=f"at most {MAX_ENTRIES} sources", found=f"{len(payload)} bytes"
        )
    magic, flags = _HEAD.unpack_from(payload)
    if magic != _MAGIC:
        raise WireError(_CODEC, offset=0, expected="ZLC1", found=repr(magic))
    entries = _ENTRY.iter_unpack(memoryview(payload)[_HEAD.size :])
    return CountRecord(
        blocking=bool(flags & _BLOCKING),
        sources=tuple(
            SourceCount(writer=Gid(writer), epoch=epoch, count=count, last_ns=last_ns)
            for writer, epoch, count, last_ns in entries
        ),
    )


def records(sources: Sequence[SourceCount], *, blocking: bool) -> list[bytes]:
    """Payloads that together tell about all sources."""
    return [
        CountRecord(blocking=blocking, sources=tuple(sources[begin : begin + MAX_ENTRIES])).encode()
        for begin in range(0, len(sources), MAX_ENTRIES)
    ]


def count_key(zid: str, key_expr: str) -> str:
    """Where agent ``zid`` puts its records about samples on a key."""
    return f"@/{zid}/@zenlink/1/count/{one_chunk(key_expr)}"
