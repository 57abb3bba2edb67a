"""Which ROS node owns which DDS reader and writer: the payload of ``ros_discovery_info``.

Each participant publishes one; discovery reads it to name endpoints, the bridge writes its own.
Must never import an adapter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.cdr import CdrReader, CdrWriter
from bridge.core.gid import GID_BYTES, Gid
from bridge.errors import WireError

DDS_TOPIC = "ros_discovery_info"
DDS_TYPE = "rmw_dds_common::msg::dds_::ParticipantEntitiesInfo_"
# USER_DATA of both endpoints on Iron and later. Source: wire specification section 5.1.
USER_DATA = b"typehash=RIHS01_91a0593bacdcc50ea9bdcf849a938b128412cc1ea821245c663bcd26f83c295e;"

WIDTH_IRON = 16  # bytes of a gid on the wire, Iron and later
WIDTH_HUMBLE = 24  # Humble and older: the same 16 bytes and 8 zeros

_CODEC = "ros_discovery_info"
_MAX_COUNT = 10_000  # nodes of a participant, or gids of a node; far beyond any real graph
_MIN_NODE_BYTES = 16  # four u32 counts
_MAX_PADDING_BYTES = 3  # Cyclone DDS rounds a payload up to a multiple of 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEntities:
    """A node with its readers and writers; their order carries no meaning."""

    namespace: str
    name: str
    readers: tuple[Gid, ...] = ()
    writers: tuple[Gid, ...] = ()

    @property
    def full_name(self) -> str:
        """Namespace and name as one: ``/ns/name``, or ``/name``."""
        return f"{self.namespace.rstrip('/')}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantEntities:
    """All nodes of one participant, as it published them.

    ``gid_size`` is the width of a gid on the wire, in bytes: 16 or 24.

    Raises:
        WireError: another width, a reader or writer of another participant, or a name that cannot be printed.
    """

    participant: Gid
    nodes: tuple[NodeEntities, ...] = ()
    gid_size: int = WIDTH_IRON

    def __post_init__(self) -> None:
        if self.gid_size not in (WIDTH_IRON, WIDTH_HUMBLE):
            raise WireError(_CODEC, offset=0, expected="gids of 16 or 24 bytes", found=str(self.gid_size))
        prefix = self.participant.prefix
        for node in self.nodes:
            if not (node.namespace + node.name).isprintable():
                found = ascii(node.full_name[:80])
                raise WireError(_CODEC, offset=0, expected="a node name of printable characters", found=found)
            for gid in node.readers + node.writers:
                if gid.prefix != prefix:
                    expected = f"gids that begin with {prefix.hex()}"
                    raise WireError(_CODEC, offset=0, expected=expected, found=gid.hex)


def decode(payload: bytes) -> ParticipantEntities:
    """The participant's nodes, whichever gid width and byte order it was written with.

    A width is right if the message ends within the last 3 bytes and every gid belongs to the
    participant; 16 bytes are tried first.

    Raises:
        WireError: neither width fits; says why the 16-byte form does not.

    Source: wire specification section 5.2.
    """
    try:
        return _decode(payload, WIDTH_IRON)
    except WireError as as_iron:
        try:
            return _decode(payload, WIDTH_HUMBLE)
        except WireError:
            raise as_iron from None


def majority_width(widths: Iterable[int], default: int) -> int:
    """The width that most use; ``default`` where none or as many use the other."""
    found = list(widths)
    wide = sum(width == WIDTH_HUMBLE for width in found)
    if 2 * wide == len(found):
        return default
    return WIDTH_HUMBLE if 2 * wide > len(found) else WIDTH_IRON


def width_of_distro(name: str) -> int:
    """The width that a ROS distribution (``ROS_DISTRO``) uses; an unknown or empty name counts as a new one.

    Source: wire specification sections 1.2 and 5.2.
    """
    return WIDTH_HUMBLE if "a" <= name[:1] < "i" else WIDTH_IRON


def encode(value: ParticipantEntities) -> bytes:
    """The payload with its 4-byte header, little endian, gids as wide as ``value.gid_size`` says.

    Wire layout: participant gid, u32 count of nodes, and for each node namespace and name as CDR strings,
    then readers and writers each as u32 count and gids.

    Source: wire specification section 5.2.
    """
    out = CdrWriter()
    padding = bytes(value.gid_size - GID_BYTES)
    out.octets(value.participant.value + padding)
    out.u32(len(value.nodes))
    for node in value.nodes:
        out.string(node.namespace)
        out.string(node.name)
        for gids in (node.readers, node.writers):
            out.u32(len(gids))
            for gid in gids:
                out.octets(gid.value + padding)
    return out.payload


def _decode(payload: bytes, width: int) -> ParticipantEntities:
    reader = CdrReader(payload)
    participant = _gid(reader, width)
    nodes = tuple(_node(reader, width) for _ in range(_count(reader, _MIN_NODE_BYTES)))
    if reader.remaining > _MAX_PADDING_BYTES:
        found = f"{reader.remaining} bytes more"
        raise WireError(_CODEC, offset=reader.offset, expected="the end of the message", found=found)
    return ParticipantEntities(participant=participant, nodes=nodes, gid_size=width)


def _node(reader: CdrReader, width: int) -> NodeEntities:
    namespace = reader.string()
    name = reader.string()
    readers = _gids(reader, width)
    writers = _gids(reader, width)
    return NodeEntities(namespace=namespace, name=name, readers=readers, writers=writers)


def _gids(reader: CdrReader, width: int) -> tuple[Gid, ...]:
    return tuple(_gid(reader, width) for _ in range(_count(reader, width)))


def _gid(reader: CdrReader, width: int) -> Gid:
    raw = reader.octets(width)
    if any(raw[GID_BYTES:]):
        offset = reader.offset - width + GID_BYTES
        raise WireError(_CODEC, offset=offset, expected="8 zeros behind a gid", found=raw[GID_BYTES:].hex())
    return Gid(raw[:GID_BYTES])


def _count(reader: CdrReader, item_bytes: int) -> int:
    """A count that the rest of the message can hold, so that no list grows beyond its input."""
    count = reader.u32()
    most = min(_MAX_COUNT, reader.remaining // item_bytes)
    if count > most:
        offset = reader.offset - 4
        raise WireError(_CODEC, offset=offset, expected=f"at most {most} items", found=str(count))
    return count
