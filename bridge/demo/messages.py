"""What the robot of the demo says: its topics, and content that the sequence number alone can check.

Pure: no clock, no middleware. ``ros_nodes`` and ``dds_nodes`` put a :class:`Payload` into messages and
get it back.
"""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import dataclass
from enum import Enum

ODOMETRY_VALUES = 85
"""Doubles in a nav_msgs/Odometry: position 3, orientation 4, covariance 36, twist 6, covariance 36."""
TRANSFORM_VALUES = 7
"""Doubles in a geometry_msgs/Transform: translation 3, rotation 4."""
IMAGE_WIDTH = 640
IMAGE_HEIGHT = 480
IMAGE_STEP = IMAGE_WIDTH * 3
"""Bytes of one row of rgb8."""
CLOUD_POINTS = 65536
CLOUD_POINT_STEP = 16
"""Bytes of one point: x, y, z, intensity as float32."""

_BLOCK_HEAD = struct.Struct("<4sIQ")  # magic, CRC-32 of the rest, sequence number
_MAGIC = b"ZLNK"
_VARIANTS = 4
_FRAME = "demo:"


class Kind(Enum):
    """The shape of a topic's messages."""

    TEXT = "std_msgs/msg/String"
    ODOMETRY = "nav_msgs/msg/Odometry"
    IMAGE = "sensor_msgs/msg/Image"
    CLOUD = "sensor_msgs/msg/PointCloud2"
    TRANSFORM = "tf2_msgs/msg/TFMessage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of the demo."""

    name: str
    kind: Kind
    rate_hz: float = 0.0
    """Messages a second; 0 for a latched topic, which is published once."""
    depth: int
    """History of writer and reader: five seconds. Fast DDS may notice a lost datagram only after three."""

    @property
    def latched(self) -> bool:
        """Whether the one message waits, TRANSIENT_LOCAL, for whoever joins late."""
        return self.rate_hz == 0.0


TOPICS = (
    Topic(name="/chatter", kind=Kind.TEXT, rate_hz=10.0, depth=50),
    Topic(name="/odom", kind=Kind.ODOMETRY, rate_hz=50.0, depth=250),
    Topic(name="/camera/image_raw", kind=Kind.IMAGE, rate_hz=15.0, depth=75),
    Topic(name="/points", kind=Kind.CLOUD, rate_hz=5.0, depth=25),
    Topic(name="/tf_static", kind=Kind.TRANSFORM, depth=1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What one message says, whatever its ROS type."""

    seq: int
    stamp_ns: int
    """When the robot published it: nanoseconds since the Unix epoch."""
    body: bytes
    """Text, little-endian doubles or raw data, by :class:`Kind`; a function of :attr:`seq` alone."""


class Garbled(ValueError):
    """A message does not even hold a readable sequence number."""


class Contents:
    """The body that belongs to each sequence number of one topic.

    Large bodies are one of a few blocks made in advance behind a small head, so a message of 1 MiB costs
    a copy.
    """

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        size = {Kind.IMAGE: IMAGE_STEP * IMAGE_HEIGHT, Kind.CLOUD: CLOUD_POINTS * CLOUD_POINT_STEP}
        self._blocks = _blocks(topic.name, size[topic.kind] - _BLOCK_HEAD.size) if topic.kind in size else ()

    def body(self, seq: int) -> bytes:
        """The body of message `seq`."""
        if self._blocks:
            tail, crc = self._blocks[seq % len(self._blocks)]
            return b"".join((_BLOCK_HEAD.pack(_MAGIC, crc, seq), tail))
        if self._topic.kind is Kind.TEXT:
            return f"hello from the robot, message {seq}, check {zlib.crc32(b'%d' % seq):08x}".encode()
        count = ODOMETRY_VALUES if self._topic.kind is Kind.ODOMETRY else TRANSFORM_VALUES
        return struct.pack(f"<{count}d", *(seq + index / 128 for index in range(count)))

    def flaw(self, payload: Payload) -> str:
        """What is wrong with a received message; empty when it is intact."""
        if not self._blocks:
            same = payload.body == self.body(payload.seq)
            return "" if same else f"message {payload.seq}: content differs from what was sent"
        return self._block_flaw(payload)

    def _block_flaw(self, payload: Payload) -> str:
        tail, crc = self._blocks[payload.seq % len(self._blocks)]
        expected_bytes = _BLOCK_HEAD.size + len(tail)
        if len(payload.body) != expected_bytes:
            return f"message {payload.seq}: {len(payload.body)} bytes instead of {expected_bytes}"
        if payload.body[: _BLOCK_HEAD.size] != _BLOCK_HEAD.pack(_MAGIC, crc, payload.seq):
            return f"message {payload.seq}: its data begins like that of another message"
        if zlib.crc32(memoryview(payload.body)[_BLOCK_HEAD.size :]) != crc:
            return f"message {payload.seq}: checksum differs"
        return ""


def _blocks(seed: str, size: int) -> tuple[tuple[bytes, int], ...]:
    """A few different blocks, each with its CRC-32; the same in every process."""
    base = random.Random(seed).randbytes(size)
    turned = (base[shift:] + base[:shift] for shift in range(1, _VARIANTS + 1))
    return tuple((block, zlib.crc32(block)) for block in turned)


def frame_id(seq: int) -> str:
    """The ``header.frame_id`` of message `seq`."""
    return f"{_FRAME}{seq}"


def frame_seq(text: str) -> int:
    """The sequence number in a ``header.frame_id``.

    Raises:
        Garbled: it holds none.
    """
    number = text[len(_FRAME) :]
    if not text.startswith(_FRAME) or not number.isdecimal():
        raise Garbled(f"frame_id {text[:40]!r} names no message")
    return int(number)


def text_of(payload: Payload) -> str:
    """The text of a std_msgs/String, which has no header of its own."""
    return f"{payload.seq} {payload.stamp_ns} {payload.body.decode()}"


def parse_text(text: str) -> Payload:
    """The inverse of :func:`text_of`.

    Raises:
        Garbled: the text does not start with two numbers.
    """
    parts = text.split(" ", 2)
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        raise Garbled(f"text {text[:40]!r} names no message")
    return Payload(seq=int(parts[0]), stamp_ns=int(parts[1]), body=parts[2].encode())
