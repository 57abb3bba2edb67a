"""Is a payload one the bridge may forward, and how are the few messages of its own read and written?

:func:`check_payload` stands on the data path and looks at two bytes. The reader and writer know only what
``ros_discovery_info`` needs; user messages are never decoded. Must never import an adapter.
"""

from __future__ import annotations

from bridge.errors import WireError

HEADER_BYTES = 4
_CODEC = "cdr"
_U32_BYTES = 4

# Representation identifiers, bytes 0 and 1 of every payload.
# Source: RTPS 2.5, 10.2; XTypes 1.3, 7.6.3.1.2.
_CDR_BE, _CDR_LE = b"\x00\x00", b"\x00\x01"
_LITTLE_ENDIAN = frozenset(
    {
        _CDR_LE,
        b"\x00\x03",  # PL_CDR_LE
        b"\x00\x07",  # CDR2_LE
        b"\x00\x09",  # D_CDR2_LE
        b"\x00\x0b",  # PL_CDR2_LE
    }
)
_BIG_ENDIAN = frozenset({_CDR_BE, b"\x00\x02", b"\x00\x06", b"\x00\x08", b"\x00\x0a"})


def check_payload(payload: bytes | memoryview) -> None:
    """Accept a serialized DDS payload that can be forwarded unread: header complete, little endian.

    Big endian is refused because Cyclone DDS flips the header without swapping the body.

    Raises:
        WireError: shorter than 4 bytes, unknown representation identifier, or big endian.

    Thread: any; on the data path.
    Source: wire specification section 2.2 and Appendix B.
    """
    try:
        if payload[:2] in _LITTLE_ENDIAN and len(payload) >= HEADER_BYTES:
            return
    except (TypeError, ValueError):  # a writable buffer has no hash; bytes, the usual case, never come here
        check_payload(bytes(payload[:HEADER_BYTES]))
        return
    raise _refusal(bytes(payload[:HEADER_BYTES]))


def is_big_endian(payload: bytes | memoryview) -> bool:
    """Whether a payload has a complete header that names big endian.

    Source: as :func:`check_payload`.
    """
    return len(payload) >= HEADER_BYTES and bytes(payload[:2]) in _BIG_ENDIAN


def _refusal(header: bytes) -> WireError:
    if len(header) < HEADER_BYTES:
        return WireError(_CODEC, offset=0, expected="a 4-byte header", found=f"{len(header)} bytes")
    expected = "a little endian payload" if is_big_endian(header) else "a known representation identifier"
    return WireError(_CODEC, offset=0, expected=expected, found=header[:2].hex())


class CdrReader:
    """Reads plain CDR from the start of a payload, in the byte order its header names.

    Offsets count bytes from the start of the payload; alignment counts from behind the 4-byte header.

    Raises:
        WireError: from every method, if the bytes are not what was asked for.

    Source: RTPS 2.5, 10.2; CORBA 3.3 part 2, 9.3 (CDR).
    """

    def __init__(self, data: bytes) -> None:
        if data[:2] not in (_CDR_LE, _CDR_BE) or len(data) < HEADER_BYTES:
            found = data[:HEADER_BYTES].hex() or "nothing"
            raise WireError(_CODEC, offset=0, expected="a plain CDR header 0000 or 0001", found=found)
        self._data = data
        self._little = data[:2] == _CDR_LE
        self._offset = HEADER_BYTES

    @property
    def offset(self) -> int:
        """Bytes from the start of the payload to what is read next."""
        return self._offset

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._offset

    def align(self, boundary: int) -> None:
        """Skip padding up to a multiple of ``boundary`` bytes; its content carries no meaning."""
        self.octets(-(self._offset - HEADER_BYTES) % boundary)

    def octets(self, count: int) -> bytes:
        """The next ``count`` bytes, unaligned."""
        if not 0 <= count <= self.remaining:
            found = f"{self.remaining} bytes"
            raise WireError(_CODEC, offset=self._offset, expected=f"{count} more bytes", found=found)
        start, self._offset = self._offset, self._offset + count
        return self._data[start : self._offset]

    def u32(self) -> int:
        """An unsigned 32-bit number, aligned to 4."""
        self.align(_U32_BYTES)
        return int.from_bytes(self.octets(_U32_BYTES), "little" if self._little else "big")

    def string(self) -> str:
        """A string: u32 count of bytes with the final NUL, UTF-8, NUL. A count of 0 is read as empty."""
        count = self.u32()
        start = self._offset
        raw = self.octets(count)
        if raw and raw[-1] != 0:
            raise WireError(
                _CODEC, offset=self._offset - 1, expected="NUL at the end of a string", found=f"{raw[-1]:02x}"
            )
        try:
            return raw[:-1].decode("utf-8")
        except UnicodeDecodeError as error:
            found = raw[error.start : error.end].hex()
            raise WireError(_CODEC, offset=start + error.start, expected="UTF-8", found=found) from error


class CdrWriter:
    """Writes plain CDR, little endian, header ``00010000`` included.

    Source: as :class:`CdrReader`.
    """

    def __init__(self) -> None:
        self._data = bytearray(_CDR_LE + b"\x00\x00")

    @property
    def payload(self) -> bytes:
        """All written so far, with the header and without padding at the end."""
        return bytes(self._data)

    def align(self, boundary: int) -> None:
        """Pad with zeros up to a multiple of ``boundary`` bytes."""
        self._data += bytes(-(len(self._data) - HEADER_BYTES) % boundary)

    def octets(self, value: bytes) -> None:
        """Bytes as they are, unaligned."""
        self._data += value

    def u32(self, value: int) -> None:
        """An unsigned 32-bit number, aligned to 4."""
        self.align(_U32_BYTES)
        self._data += value.to_bytes(_U32_BYTES, "little")

    def string(self, value: str) -> None:
        """A string with its u32 count and final NUL."""
        raw = value.encode("utf-8") + b"\x00"
        self.u32(len(raw))
        self._data += raw
