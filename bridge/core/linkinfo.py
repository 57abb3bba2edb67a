"""What an agent tells about its links: which there are, how they came and went, and how good they are."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace

from bridge.core.jsonform import Counts


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


NO_CONNECTIONS = ConnectionsInfo()


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyCounts:
    """Durations counted since the beginning."""

    edges_s: tuple[float, ...]
    """Upper edges."""
    counts: tuple[int, ...]
    """One for each edge, not added up, and one for what is beyond the last."""
    sum_s: float


def added(one: LatencyCounts, other: LatencyCounts) -> LatencyCounts:
    """Both together; their edges are the same."""
    counts = tuple(map(operator.add, one.counts, other.counts))
    return replace(one, counts=counts, sum_s=one.sum_s + other.sum_s)


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
    bytes_sent: int = 0
    """Since the link came up; with those sent again."""
    bytes_received: int = 0


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


NOT_MEASURED = ProbeInfo()
