"""What robot and station tell the runner, one JSON object a line on standard output, and what it tells them.

Pure. The other way, on standard input, goes one word a line: an :class:`Order`. End of input means STOP,
so no child outlives its runner.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError


class Order(Enum):
    """What the runner asks of robot and station."""

    QUIET = "quiet"
    """Publish nothing more, say how much was published, and stay: readers may still ask for repeats."""
    STOP = "stop"
    """Say the last counts and end."""


class NodeFlavour(Enum):
    """Which library the robot's and the station's nodes are made with."""

    RCLPY = "rclpy"
    CYCLONEDDS = "cyclonedds"


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TopicType(_Line):
    """The ROS type a topic carries in this run."""

    topic: str
    ros_type: str


class Ready(_Line):
    """The node is up: every publisher or subscription exists."""

    line: Literal["ready"] = "ready"
    flavour: NodeFlavour
    details: str
    """The library and middleware, for people."""
    note: str = ""
    """Why it is not what a reader would expect; empty when it is."""
    types: tuple[TopicType, ...]


class TopicPublished(_Line):
    """How far the robot got on one topic."""

    topic: str
    last_seq: int
    """Sequence number of the last message, counted from 0."""


class Published(_Line):
    """The robot has fallen silent."""

    line: Literal["published"] = "published"
    topics: tuple[TopicPublished, ...]


class TopicReport(_Line):
    """What the station has seen of one topic so far."""

    topic: str
    received: int
    """Intact messages, each counted once."""
    payload_bytes: int
    missing: int
    """Gaps between the first and the last message received."""
    doubled: int
    reordered: int
    """Came after a later one."""
    corrupt: int
    flaw: str
    """What was wrong with the first corrupt one."""
    last_seq: int | None
    first_ns: int
    """Arrival of the first message, nanoseconds since the Unix epoch; 0 before."""
    span_ns: int
    """From the publishing of the first of those received to that of the last."""
    p50_ms: float | None
    p99_ms: float | None
    """Latency from before the robot's publish call to the station's callback; ``None`` before it is known."""


class CallKind(Enum):
    """What is called."""

    SERVICE = "service"
    ACTION = "action"


class CallReport(_Line):
    """What came of the station's calls of one service, or goals of one action, so far."""

    name: str
    kind: CallKind
    called: int
    answered: int
    """Rightly, each counted once."""
    lost: int
    """Without an answer in time."""
    wrong: int
    flaw: str
    """What was wrong with the first wrong one."""
    p50_ms: float | None
    p99_ms: float | None
    """From before the call to its answer, or to the goal's result; ``None`` before it is known."""


class Report(_Line):
    """All topics and calls at one moment."""

    line: Literal["report"] = "report"
    at_ns: int
    topics: tuple[TopicReport, ...]
    calls: tuple[CallReport, ...] = ()


Line = Annotated[Ready | Published | Report, Field(discriminator="line")]
_ADAPTER: TypeAdapter[Ready | Published | Report] = TypeAdapter(Line)


def encode(line: Ready | Published | Report) -> str:
    """One line of JSON, without the line end."""
    return line.model_dump_json()


def decode(text: str) -> Ready | Published | Report | None:
    """The value in a line; ``None`` for anything else that a library printed there."""
    if not text.startswith("{"):
        return None
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError:
        return None
