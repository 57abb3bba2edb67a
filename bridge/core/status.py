"""What the agent tells about itself, as values: the one source for command line, pages and metrics.

:func:`to_json` turns any of them into plain JSON types; nothing else formats them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Union

from bridge.core.routespec import RouteSpec, RouteStatus

Counts = tuple[tuple[str, int], ...]
"""(name, count) pairs; an object in JSON, also when there are none."""
Json = Union[None, bool, int, float, str, "list[Json]", "dict[str, Json]"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkInfo:
    """One Zenoh transport to one neighbour."""

    zid: str
    whatami: str
    src: str
    dst: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInfo:
    """The link to one endpoint of ``zenoh.connect``."""

    endpoint: str
    """Without its own options, which can hold secrets."""
    up: bool
    reconnects: int
    """Times it came back."""
    dst: str = ""
    """Where its link leads, as ``LinkInfo.dst``; empty while it is down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateInfo:
    """One certificate file of ``zenoh.tls``, as it is now."""

    use: str
    """``certificate`` (ours) or ``ca``."""
    file: str
    not_after_s: float
    """Its end, seconds since 1970; of several in one file the first to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsInfo:
    """How links came and went since the start, from either side."""

    configured: tuple[ConnectionInfo, ...] = ()
    opened: int = 0
    ended: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyCounts:
    """Durations counted since the beginning."""

    edges_s: tuple[float, ...]
    """Upper edges."""
    counts: tuple[int, ...]
    """One for each edge, not added up, and one for what is beyond the last."""
    sum_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLatency:
    """What is measured all the time on one link, or of one configured target. ``None``: lost, or unknown."""

    target: str
    """Zenoh id of the neighbour, or the target as configured."""
    configured: bool
    limit_ms: float
    percentile: float
    state: str
    """``starting``, ``no echo``, ``met``, ``missed`` or ``silent``."""
    text: str
    """The verdict as one sentence; empty before there is one."""
    sent: int
    lost: int
    duplicates: int
    silent_s: float
    """Since when nothing comes back although it should; 0: all is well."""
    rtt_p50_ms: float | None
    """Of the last messages, as is all that follows up to the histograms."""
    rtt_p99_ms: float | None
    there_p50_ms: float | None
    there_p99_ms: float | None
    back_p50_ms: float | None
    back_p99_ms: float | None
    jitter_ms: float
    offset_ms: float | None
    """How far the other clock is ahead."""
    bound_ms: float | None
    """The true delay one way lies within so much of the one named."""
    clock: str
    """What the offset stands on."""
    round_trip: LatencyCounts
    there: LatencyCounts
    back: LatencyCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTcp:
    """The TCP socket of a link, as the kernel knows it."""

    rtt_ms: float
    """Smoothed."""
    rtt_variance_ms: float
    min_rtt_ms: float
    retransmits: int
    congestion_window: int
    """Segments."""
    unacked_bytes: int
    unsent_bytes: int
    delivery_bit_s: int
    congestion_control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkKernel:
    """What the kernel knows about one link: the network without the programs."""

    zid: str
    dst: str
    interface: str
    rx_dropped: int
    """By the interface, of anybody's packets."""
    tx_dropped: int
    udp_dropped: int | None
    """Datagrams for which the socket had no room; None: no UDP link."""
    tcp: LinkTcp | None
    """None: no TCP link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeInfo:
    """What measuring the links has to tell."""

    latencies: tuple[LinkLatency, ...] = ()
    kernel: tuple[LinkKernel, ...] = ()
    echo: Counts = ()
    """(outcome, count) of the requests of others: answered, over_rate, malformed."""


class AgentState(Enum):
    """What the agent is doing as a whole."""

    STARTING = "starting"
    """Waiting for DDS discovery to settle, so that nothing is bridged back."""
    ACTIVE = "active"
    STANDBY = "standby"
    """Another bridge serves this domain; we take over when it ends."""
    DRAINING = "draining"


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
    connections: ConnectionsInfo = ConnectionsInfo()
    certificates: tuple[CertificateInfo, ...] = ()
    """Those that can be read; what is wrong with any is a finding."""
    probe: ProbeInfo = ProbeInfo()
    faults: Counts = ()
    """(module, count) of exceptions that nobody foresaw, caught where the work goes on; the log has them."""
    host_settings: Counts = ()
    """(severity, findings) of `zenlink tune check`, as of the start; empty where nobody looked."""
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


def to_json(value: object) -> Json:
    """Plain JSON types of a status value: dataclasses become objects, enums their value, tuples lists."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if is_dataclass(value):
        return {one.name: _field_json(one.type, getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _field_json(annotation: object, value: object) -> Json:
    if annotation == "Counts" and isinstance(value, tuple):
        return {str(name): to_json(count) for name, count in value}
    return to_json(value)
