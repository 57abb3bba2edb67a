"""What a route is: its key as a value, its state as a value, its counters' names.

A route carries one ROS name one way. The planner wants :class:`RouteSpec` values, the engine keeps one
open route for each, and every observer (command line, metrics, tests) reads the same
:class:`RouteStatus`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bridge.core.names import action_of


class Direction(Enum):
    """Which way the samples of a route go; of a service or action, which way its server is offered."""

    EGRESS = "egress"
    """DDS → Zenoh. A service: a server here is offered on Zenoh."""
    INGRESS = "ingress"
    """Zenoh → DDS. A service: a server elsewhere is offered here, or clients here look for one."""


class RouteKind(Enum):
    """What a route carries; a topic, a service and an action may share a name."""

    TOPIC = "topic"
    SERVICE = "service"
    ACTION = "action"


Subject = tuple[RouteKind, str]
"""A topic, a service or an action, by kind and name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSpec:
    """The identity of a route: two routes with equal specs are the same route."""

    direction: Direction
    ros_name: str
    """Absolute ROS name, e.g. ``/chatter``."""
    key_expr: str
    """Zenoh key of the samples; with a namespace it differs from the name."""
    kind: RouteKind = RouteKind.TOPIC

    @property
    def plan_name(self) -> str:
        """The name under which it is planned: for the parts of an action that action's."""
        return plan_name(self.ros_name)

    @property
    def subject(self) -> Subject:
        """What it belongs to as a whole: parts of an action stand or fall with the action."""
        kind = self.kind if self.plan_name == self.ros_name else RouteKind.ACTION
        return kind, self.plan_name

    def __str__(self) -> str:
        kind = "" if self.kind is RouteKind.TOPIC else f"{self.kind.value} "
        return f"{self.direction.value} {kind}{self.ros_name}"


def plan_name(ros_name: str) -> str:
    """The name under which something is planned: for a part of an action that action's, else its own."""
    return action_of(ros_name) or ros_name


class RouteState(Enum):
    """The one word that says whether a route crosses."""

    ROUTED = "routed"
    NOT_ALLOWED = "not_allowed"
    QOS_CONFLICT = "qos_conflict"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStatus:
    """Whether a route crosses and, when it does not, why."""

    state: RouteState
    reason: str = ""
    """Empty only when routed; else one sentence a person can act on."""

    def __str__(self) -> str:
        return f"{self.state.value}: {self.reason}" if self.reason else self.state.value


ROUTED = RouteStatus(state=RouteState.ROUTED)
"""The status of a route that crosses."""


class LossCause(Enum):
    """Why a sample that was taken from DDS here, or at the far side, never came to the other."""

    LINK = "link"
    """A link on the way broke."""
    QUEUE = "queue"
    """The topic drops where a link is full, and it was."""
    UNKNOWN = "unknown"


class DropCause(Enum):
    """Why a sample or a call that we held was not passed on. Each cause has its own counter."""

    MALFORMED = "malformed"
    """Payload under 4 bytes, or an encapsulation header nobody defines."""
    BIG_ENDIAN = "big_endian"
    """Cyclone would flip the header without swapping the body (wire spec, appendix B)."""
    QUEUE_FULL = "queue_full"
    """The route's queue reached its bound in messages or bytes."""
    DUPLICATE = "duplicate"
    """Same source writer and source time as a sample already passed on."""
    STALE = "stale"
    """Older than the last sample of the same source writer."""
    FOREIGN_AGENT = "foreign_agent"
    """Written by another bridge on this domain; passing it on would loop or double it."""
    NOT_ALLOWED = "not_allowed"
    """Written by a node whose topics a rule keeps here."""
    RATE_LIMITED = "rate_limited"
    """More than the rule's ``max_rate_hz``."""
    WRITE_FAILED = "write_failed"
    """DDS or Zenoh refused the sample."""
    DDS_LOST = "dds_lost"
    """DDS itself reported that our reader lost or rejected the sample."""
    CLOSED = "closed"
    """Still queued when the route was closed, or who sent it was gone."""
    TIMEOUT = "timeout"
    """A call without an answer in time."""
    REFUSED = "refused"
    """A call that the far side answered with an error, or that we did."""
    NO_SERVER = "no_server"
    """A call that no server took."""
    OVERFLOW = "overflow"
    """A call beyond the open ones a service may have."""
    DUPLICATE_REPLY = "duplicate_reply"
    """A further answer to a call, or one to a call that is no longer open."""
    FOREIGN_FORM = "foreign_form"
    """A request of a node whose RMW speaks services in another form."""


_OF_BOTH = (
    DropCause.MALFORMED,
    DropCause.QUEUE_FULL,
    DropCause.DUPLICATE,
    DropCause.FOREIGN_AGENT,
    DropCause.WRITE_FAILED,
    DropCause.CLOSED,
)
SAMPLE_CAUSES = (
    *_OF_BOTH,
    DropCause.BIG_ENDIAN,
    DropCause.STALE,
    DropCause.NOT_ALLOWED,
    DropCause.RATE_LIMITED,
    DropCause.DDS_LOST,
)
"""Those that samples can have."""
CALL_CAUSES = (
    *_OF_BOTH,
    DropCause.TIMEOUT,
    DropCause.REFUSED,
    DropCause.NO_SERVER,
    DropCause.OVERFLOW,
    DropCause.DUPLICATE_REPLY,
    DropCause.FOREIGN_FORM,
)
"""Those that calls can have."""
