"""What the agent tells about itself, as values: the one source for command line, pages and metrics.

:func:`bridge.core.jsonform.to_json` turns any of them into plain JSON types; nothing else formats them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bridge.core.jsonform import Counts
from bridge.core.linkinfo import (
    NO_CONNECTIONS,
    NOT_MEASURED,
    CertificateInfo,
    ConnectionsInfo,
    LatencyCounts,
    LinkInfo,
    ProbeInfo,
)
from bridge.core.routespec import RouteKind, RouteSpec, RouteStatus


class Severity(Enum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong, and what to do about it."""

    code: str
    """Stable identifier, ``snake_case``."""
    severity: Severity
    subject: str
    """What it is about: a name, a zid, an interface."""
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.severity.value} {self.code} [{self.subject}]: {self.text}; {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteLatency:
    """How long samples took from their writer to this agent.

    Of an egress route that is DDS and what waited here; of an ingress route the link on top.
    """

    samples: int
    mean_ms: float | None
    """None, as the next two: nothing was counted."""
    p50_ms: float | None
    """At most a quarter more than the true one."""
    p99_ms: float | None
    bound_ms: float
    """How uncertain each figure is, since two clocks are compared."""
    void: str
    """Why nothing is counted; empty while it is."""
    buckets: tuple[int, ...]
    """Samples by ``latency.METRIC_EDGES_S``, not added up, and those beyond the last."""
    sum_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCounters:
    """What the routes of a spec did since the agent's start; what waits, and latency, are of the open one."""

    messages: int = 0
    """Samples passed on, or calls answered."""
    payload_bytes: int = 0
    drops: Counts = ()
    """(cause, count) for every cause that happened; causes are ``DropCause`` values."""
    queue_messages: int = 0
    """Samples that wait, or calls that are open."""
    queue_bytes: int = 0
    latency: RouteLatency | None = None
    """None: not of this kind of route."""
    lost: Counts = ()
    """(cause, count) of samples that were taken from DDS on one side and never came to the other; causes are
    ``LossCause`` values. Of other bridges than ours nothing is known."""
    rebuilds: int = 0
    """Times the topic was subscribed to anew, because it was sent and nothing came."""
    durations: LatencyCounts | None = None
    """How long the answered calls took; None: no call was answered, or it is no service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteInfo:
    """One route as seen by a person."""

    spec: RouteSpec
    ros_type: str
    status: RouteStatus
    active: bool
    """Samples would cross now: both a local endpoint and somebody on Zenoh want it."""
    idle_reason: str
    """Why a routed route is not active; empty when it is."""
    qos: str
    """QoS of our own DDS endpoint, as in a token (wire spec 1.2); empty for services and actions."""
    local: tuple[str, ...]
    """Local nodes or, where unclaimed, endpoint gids."""
    remote: tuple[str, ...]
    """Zenoh ids of the bridges that announced the other half."""
    rule: str
    """The rule that decided."""
    counters: RouteCounters
    form: str = ""
    """How a service or action is spoken on the domain: ``cyclone`` or ``rclpy``; empty for topics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """One ROS node, of the local domain or behind another agent."""

    name: str
    """Full name on this side."""
    zid: str
    """The agent it is behind; empty: of the local domain."""
    participant: str
    """GID of its participant, 32 hex digits."""
    publishers: tuple[str, ...]
    subscribers: tuple[str, ...]


class AgentState(Enum):
    """What the agent is doing as a whole."""

    STARTING = "starting"
    """Waiting for DDS discovery to settle, so that nothing is bridged back."""
    ACTIVE = "active"
    STANDBY = "standby"
    """Another bridge serves this domain; we take over when it ends."""
    DRAINING = "draining"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphInfo:
    """How large both sides are, without what bridges them."""

    participants: Counts = ()
    """(DDS implementation, participants of the domain), as the next two."""
    readers: Counts = ()
    """Of topics, services and actions of ROS."""
    writers: Counts = ()
    announced: Counts = ()
    """(token kind, interfaces that other bridges announce on Zenoh)."""
    agents: int = 0
    """Of the other bridges those that are agents of ours."""


EMPTY_GRAPH = GraphInfo()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInfo:
    """The agent as a whole."""

    version: str
    zid: str
    mode: str
    domain_id: int
    namespace: str
    participant: str
    state: AgentState
    state_reason: str
    uptime_s: float
    listen: tuple[str, ...]
    links: tuple[LinkInfo, ...]
    peers: tuple[str, ...]
    """Zenoh ids of the bridges known on Zenoh."""
    routes: Counts
    """(route state, count)."""
    active_routes: int
    wire_errors: Counts
    """(codec, count) of malformed input dropped."""
    findings: tuple[Finding, ...]
    handshakes_refused: Counts = ()
    """(cause, count) of TLS handshakes on our listeners that came to nothing."""
    connections: ConnectionsInfo = NO_CONNECTIONS
    certificates: tuple[CertificateInfo, ...] = ()
    """Those that can be read; what is wrong with any is a finding."""
    probe: ProbeInfo = NOT_MEASURED
    faults: Counts = ()
    """(module, count) of exceptions that nobody foresaw, caught where the work goes on; the log has them."""
    host_settings: Counts = ()
    """(severity, findings) of `zenlink tune check`, as of the start; empty where nobody looked."""
    graph: GraphInfo = EMPTY_GRAPH
    page: str = ""
    """Address of the status page; empty without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """All that is told about the agent, of one moment."""

    agent: AgentInfo
    routes: tuple[RouteInfo, ...] = ()
    nodes: tuple[NodeInfo, ...] = ()
    past: tuple[tuple[RouteSpec, RouteCounters], ...] = ()
    """What routes counted that are no longer planned, as far as it is remembered."""
    forgotten: tuple[tuple[RouteKind, RouteCounters], ...] = ()
    """What those counted together that are not, by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a name crosses or does not."""

    name: str
    crossing: bool
    verdict: str
    """One sentence."""
    facts: tuple[str, ...]
    """What was looked at, in order, one sentence each."""
    remedy: str
