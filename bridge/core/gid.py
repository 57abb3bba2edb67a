"""Which participant, reader or writer is meant: the 16 bytes that DDS calls a GUID and ROS a GID.

Made from discovery samples, ``ros_discovery_info`` and tokens; used as a key everywhere else.
Must never import an adapter.
"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import WireError

GID_BYTES = 16
_PREFIX_BYTES = 12
_VENDOR_BYTES = 2

# First two bytes of the GUID prefix are the RTPS vendor id. Source: RTPS 2.5, 9.3.1; OMG vendor list.
VENDOR_FASTDDS = b"\x01\x0f"
VENDOR_CYCLONE = b"\x01\x10"

_VENDOR_NAMES = {b"\x01\x01": "connext", VENDOR_FASTDDS: "fastdds", VENDOR_CYCLONE: "cyclonedds"}
VENDORS = (*_VENDOR_NAMES.values(), "other")
"""What :attr:`Gid.vendor_name` can be."""

# Entity kinds "user-defined writer with key" and "user-defined reader with key". Source: RTPS 2.5, table 9.1.
_KEYED_KINDS = frozenset({0x02, 0x07})


@dataclass(frozen=True, slots=True, order=True)
class Gid:
    """One DDS entity, unique in its domain.

    Wire layout: 12 bytes participant prefix (of them 2 bytes vendor id), 3 bytes entity key,
    1 byte entity kind; no byte order, the bytes are opaque.

    Raises:
        WireError: ``value`` is not exactly 16 bytes long.

    Source: RTPS 2.5, 9.3.1; wire specification section 6.1.
    """

    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != GID_BYTES:
            raise WireError("gid", offset=0, expected=f"{GID_BYTES} bytes", found=f"{len(self.value)} bytes")

    @classmethod
    def from_hex(cls, text: str) -> Gid:
        """The GID that :attr:`hex` shows as ``text``; upper and lower case are accepted.

        Raises:
            WireError: ``text`` is not exactly 32 hexadecimal digits.
        """
        try:
            if len(text) == 2 * GID_BYTES:
                return cls(bytes.fromhex(text))
        except (ValueError, WireError):
            pass  # not hexadecimal, or fromhex() skipped white space: the same fault for the caller
        raise WireError(
            "gid", offset=0, expected=f"{2 * GID_BYTES} hexadecimal digits", found=repr(text[:40])
        )

    @property
    def hex(self) -> str:
        """32 lowercase hexadecimal digits."""
        return self.value.hex()

    @property
    def prefix(self) -> bytes:
        """The first 12 bytes: equal for all entities of one participant."""
        return self.value[:_PREFIX_BYTES]

    @property
    def vendor(self) -> bytes:
        """The first 2 bytes: which DDS implementation made the entity."""
        return self.value[:_VENDOR_BYTES]

    @property
    def vendor_name(self) -> str:
        """The DDS implementation in a word."""
        return _VENDOR_NAMES.get(self.vendor, "other")

    @property
    def keyed(self) -> bool:
        """Whether a reader or writer with this GID is of a keyed topic."""
        return self.value[-1] in _KEYED_KINDS

    def __str__(self) -> str:
        return self.value.hex()
