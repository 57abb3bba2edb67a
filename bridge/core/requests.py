"""Where the identity of a service request is: on DDS within the payload, on Zenoh in the attachment.

rmw_cyclonedds puts 16 bytes between encapsulation header and message; zenoh-bridge-ros2dds cuts them out
and carries them beside the query. Must never import an adapter.
"""

from __future__ import annotations

import re
from enum import Enum

from bridge.core.cdr import HEADER_BYTES, check_payload
from bridge.core.gid import Gid
from bridge.errors import WireError

REQUEST_HEADER_BYTES = 16
"""u64 instance handle of the client's request writer, i64 sequence number. Source: wire specification 3.2."""
ATTACHMENT_BYTES = 20
"""Source: wire specification 3.3."""
_TAG = b"rqh"
_CODEC = "service"
_PLAIN_CDR = b"\x00\x01"
"""Little endian; the wire knows big endian too, which Cyclone DDS cannot pass on (Appendix B)."""
_BODY_AT = HEADER_BYTES + REQUEST_HEADER_BYTES
_COUNTER_BYTES = 4
_PAIR_ID = re.compile(rb"(?:^|;)(?:clientid|serviceid)= *([0-9a-f]{1,2}(?:\. *[0-9a-f]{1,2}){15});")


class ServiceForm(Enum):
    """How a service is spoken on the local DDS domain; the forms do not understand each other."""

    CYCLONE = "cyclone"
    """Plain DDS with the request header of rmw_cyclonedds in the payload (wire specification 3.2)."""
    RCLPY = "rclpy"
    """Through rclpy and its RMW: Fast DDS keeps the request's identity where only its RMW can see it."""


def check_message(payload: bytes | None) -> bytes:
    """Accept a request or response as it crosses Zenoh: header and at least one byte of message.

    Every ROS message has a byte at least; without, a query of a curious tool (``get("**")``) would reach a
    server as a request of zeros (wire specification 3.4).

    Raises:
        WireError: nothing, too short, or no little endian plain CDR.

    Thread: any.
    """
    if payload is None or len(payload) <= HEADER_BYTES:
        found = "nothing" if payload is None else f"{len(payload)} bytes"
        raise WireError(_CODEC, offset=0, expected="a 4-byte header and a message", found=found)
    check_payload(payload)
    if payload[:2] != _PLAIN_CDR:
        raise WireError(_CODEC, offset=0, expected="plain CDR", found=bytes(payload[:2]).hex())
    return payload


def join(payload: bytes, header: bytes) -> bytes:
    """The DDS payload of a message and its request header.

    Source: wire specification 3.2.
    """
    return payload[:HEADER_BYTES] + header + payload[HEADER_BYTES:]


def split(dds_payload: bytes) -> tuple[bytes, bytes]:
    """(message, request header) of a DDS payload.

    Raises:
        WireError: too short, or no little endian plain CDR.

    Source: wire specification 3.2.
    """
    if len(dds_payload) <= _BODY_AT:
        expected, found = f"more than {_BODY_AT} bytes", f"{len(dds_payload)} bytes"
        raise WireError(_CODEC, offset=0, expected=expected, found=found)
    message = check_message(dds_payload[:HEADER_BYTES] + dds_payload[_BODY_AT:])
    return message, dds_payload[HEADER_BYTES:_BODY_AT]


def attachment(header: bytes) -> bytes:
    """What a query carries beside the request: ``rqh``, the 16 header bytes, 1 for little endian.

    Raises:
        ValueError: the header has not 16 bytes.

    Source: wire specification 3.3.
    """
    if len(header) != REQUEST_HEADER_BYTES:
        raise ValueError(f"a request header has {REQUEST_HEADER_BYTES} bytes, not {len(header)}")
    return _TAG + header + b"\x01"


def parse_attachment(data: bytes | None) -> bytes | None:
    """The request header in an attachment; None for anything but the form of :func:`attachment`.

    Source: wire specification 3.4: an attachment of another form counts as none.
    """
    if data is None or len(data) != ATTACHMENT_BYTES or not data.startswith(_TAG):
        return None
    return data[len(_TAG) : len(_TAG) + REQUEST_HEADER_BYTES]


def client_user_data(participant: Gid, number: int) -> bytes:
    """USER_DATA of both endpoints of a client: its server writes no reply before it sees the reply reader.

    Source: wire specification 3.5.
    """
    return b"clientid= " + _pair_id(participant, number) + b";"


def server_user_data(participant: Gid, number: int) -> bytes:
    """USER_DATA of both endpoints of a server: a client takes it for there once it sees both.

    Source: wire specification 3.5.
    """
    return b"serviceid= " + _pair_id(participant, number) + b";"


def pair_id(user_data: bytes) -> bytes:
    """What the two endpoints of a client or server have in common; empty where USER_DATA tells nothing.

    Source: wire specification 3.5.
    """
    found = _PAIR_ID.search(user_data)
    return found[1].replace(b" ", b"") if found else b""


def _pair_id(participant: Gid, number: int) -> bytes:
    octets = participant.value[:-_COUNTER_BYTES] + number.to_bytes(_COUNTER_BYTES, "big")
    return ".".join(f"{octet:x}" for octet in octets).encode()
