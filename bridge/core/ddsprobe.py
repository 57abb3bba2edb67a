"""Names and messages of the probe that goes through DDS: what both ends of it agree on.

An echo named E listens on ``<namespace>/zenlink/probe/to_<E>/ping`` and answers on ``…/pong``; the agents
between treat both like any topic. Must never import an adapter.

Source: docs/zenlink-extensions.md, "Probe through DDS".
"""

from __future__ import annotations

import re
import struct

from bridge.core.names import check_ros_name, dds_topic
from bridge.errors import InvalidName, WireError

ROS_TYPE = "std_msgs/msg/UInt8MultiArray"
DDS_TYPE = "std_msgs::msg::dds_::UInt8MultiArray_"
_BASE = "/zenlink/probe/to_"
_PING, _PONG = "/ping", "/pong"
_ECHO = re.compile(r"[a-z0-9_]{1,32}")
_HEAD = struct.Struct("<4sIII")
"""CDR, little endian: header, an empty sequence of dimensions, the data's offset, its length."""
_CDR_LE = b"\x00\x01\x00\x00"
_CODEC = "probe message"


def ping_name(echo: str, namespace: str = "/") -> str:
    """The topic that an echo listens on, as ROS calls it.

    Args:
        echo: Zenoh id of an agent, or the name given to ``zenlink probe serve --dds``.
        namespace: under which the echo's agent shows this side's names, ``/`` or ``/a/b``.

    Raises:
        InvalidName: either makes no ROS name.
    """
    if not _ECHO.fullmatch(echo):
        raise InvalidName(f"{echo[:40]!r} is no name of an echo: 1 to 32 of a to z, 0 to 9 and _")
    name = f"{namespace.rstrip('/')}{_BASE}{echo}{_PING}"
    check_ros_name(name)
    return name


def pong_name(ping: str) -> str:
    """The topic of the replies to what comes on ``ping``."""
    return ping.removesuffix(_PING) + _PONG


def is_ping_to(echo: str, name: str) -> bool:
    """Whether requests to that echo come on a topic, under whatever namespace."""
    return name.endswith(f"{_BASE}{echo}{_PING}")


def topic_of(name: str) -> str:
    """The DDS topic of one of these names."""
    return dds_topic(name)


def encode(frame: bytes) -> bytes:
    """A frame of the probe as a serialized message of :data:`ROS_TYPE`."""
    return _HEAD.pack(_CDR_LE, 0, 0, len(frame)) + frame


def decode(payload: bytes) -> bytes:
    """The frame in a message.

    Raises:
        WireError: it is not one of ours.
    """
    if len(payload) < _HEAD.size:
        raise WireError(_CODEC, offset=0, expected=f"{_HEAD.size} bytes", found=f"{len(payload)} bytes")
    header, dimensions, _offset, length = _HEAD.unpack_from(payload)
    if header[:2] != _CDR_LE[:2] or dimensions:
        raise WireError(_CODEC, offset=0, expected="CDR_LE without dimensions", found=payload[:8].hex())
    frame = payload[_HEAD.size : _HEAD.size + length]
    if len(frame) != length:
        raise WireError(_CODEC, offset=12, expected=f"{length} bytes of data", found=f"{len(frame)} bytes")
    return frame
