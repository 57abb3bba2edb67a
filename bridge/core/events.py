"""All that can happen to the bridge, as values: adapters emit them, the engine folds them.

Past tense: each is a fact about one of the two sides. The vocabulary is closed; :data:`Event` is the
union an engine must handle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from bridge.core.extensions import Extension
from bridge.core.gid import Gid
from bridge.core.qos import Qos
from bridge.core.rosgraph import ParticipantEntities
from bridge.core.routespec import RouteSpec
from bridge.core.tokens import Token


class EndpointKind(Enum):
    """Which half of a topic a DDS endpoint is."""

    WRITER = "writer"
    READER = "reader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A DDS reader or writer of somebody else, as discovery told us."""

    gid: Gid
    kind: EndpointKind
    dds_topic: str
    dds_type: str
    qos: Qos


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantDiscovered:
    """A foreign participant joined the DDS domain."""

    gid: Gid
    user_data: bytes
    heard_s: float | None = field(default=None, compare=False)
    """Monotonic; None: just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantLost:
    """A foreign participant left, or its lease ran out."""

    gid: Gid


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDiscovered:
    """A foreign endpoint appeared, or its QoS changed."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointLost:
    """A foreign endpoint is gone."""

    gid: Gid


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesAnnounced:
    """A participant said which nodes it holds (``ros_discovery_info``)."""

    entities: ParticipantEntities


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnnounced:
    """A liveliness token of the ``ros2dds`` dialect appeared (own ones excluded)."""

    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRetired:
    """That token is gone: retired by its bridge, or its link is lost."""

    token: Token


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionAnnounced:
    """A token of our own extension appeared (own ones excluded)."""

    token: Extension


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRetired:
    """That extension token is gone."""

    token: Extension


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingChanged:
    """Somebody on Zenoh began, or ceased, to want the samples of an egress route."""

    spec: RouteSpec
    matching: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRejected:
    """Something malformed was dropped by an adapter; ``codec`` says which decoder refused it."""

    codec: str


Event = (
    ParticipantDiscovered
    | ParticipantLost
    | EndpointDiscovered
    | EndpointLost
    | NodesAnnounced
    | TokenAnnounced
    | TokenRetired
    | ExtensionAnnounced
    | ExtensionRetired
    | MatchingChanged
    | InputRejected
)
"""Everything the engine can be told."""
