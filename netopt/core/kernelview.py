"""What the kernel knows about a Zenoh link: the second opinion, which tells network from software.

The kernel's round trip ends in the other kernel: what a probe takes longer than that was spent in programs.
On a link with little traffic it moves with the keep-alives alone and holds the other side's delayed
acknowledgement (up to 40 ms), so it is a hint and no verdict; the minimum is the better figure then.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from netopt.core.quantities import rate_text

_STREAMS = frozenset({"tcp", "tls", "ws", "wss"})
_DATAGRAMS = frozenset({"udp", "quic"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The two ends of a link as the kernel names them; IPv4 is never written as IPv6."""

    stream: bool
    """A TCP socket; else a UDP one."""
    local: str
    local_port: int
    remote: str
    remote_port: int

    def __str__(self) -> str:
        return f"{_place(self.local, self.local_port)} to {_place(self.remote, self.remote_port)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpFigures:
    """One TCP socket, from its opening on. Source: ``struct tcp_info``, linux/tcp.h."""

    rtt_ms: float
    """Smoothed."""
    rtt_variance_ms: float
    min_rtt_ms: float
    """Of the last minutes (net.ipv4.tcp_min_rtt_wlen)."""
    retransmits: int
    """Segments sent again."""
    congestion_window: int
    """Segments that may be under way."""
    unacked_bytes: int
    """Sent and not acknowledged; whole segments."""
    unsent_bytes: int
    """Waiting in the socket."""
    delivery_bit_s: int
    """The newest measured rate; a link with little to send shows little."""
    congestion_control: str
    bytes_sent: int
    bytes_received: int
    segments_sent: int
    segments_received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelFigures:
    """What the kernel knows about one link."""

    interface: str
    """That leads to the other end; empty where there is none."""
    rx_dropped: int
    """By the interface, of anybody's packets, since it came up."""
    tx_dropped: int
    tcp: TcpFigures | None = None
    """None: it is no TCP link, or it ended meanwhile."""
    udp_dropped: int | None = None
    """Datagrams that came while the socket's buffer was full; None: it is no UDP link."""


def ends_of(src: str, dst: str) -> Ends | None:
    """The ends of a Zenoh link by its two locators; None where the kernel has no figures for its kind.

    Args:
        src: ours, e.g. ``tls/10.0.0.7:40612``.
        dst: of the other side.
    """
    protocol = src.partition("/")[0]
    local, remote = _address(src), _address(dst)
    if protocol not in _STREAMS | _DATAGRAMS or local is None or remote is None:
        return None
    return Ends(
        stream=protocol in _STREAMS,
        local=local[0],
        local_port=local[1],
        remote=remote[0],
        remote_port=remote[1],
    )


def plain_address(text: str) -> str:
    """The address in its one short form; one of IPv4 in IPv6 becomes IPv4.

    Raises:
        ValueError: it is none.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def figures_text(figures: KernelFigures) -> str:
    """All figures in one line."""
    parts = []
    if (tcp := figures.tcp) is not None:
        parts += [
            f"round trip {tcp.rtt_ms:.3f} ms",
            f"least {tcp.min_rtt_ms:.3f} ms",
            f"variance {tcp.rtt_variance_ms:.3f} ms",
            f"{tcp.retransmits} segments sent again",
            f"window {tcp.congestion_window} segments ({tcp.congestion_control})",
            f"{tcp.unacked_bytes} B unacknowledged",
            f"{tcp.unsent_bytes} B unsent",
            f"delivery rate {rate_text(tcp.delivery_bit_s)}",
        ]
    if figures.udp_dropped is not None:
        parts.append(f"{figures.udp_dropped} datagrams found no room in the socket")
    if figures.interface:
        parts.append(f"{figures.interface} dropped {figures.rx_dropped} in, {figures.tx_dropped} out")
    return ", ".join(parts) or "it has ended"


def _place(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _address(locator: str) -> tuple[str, int] | None:
    bare = locator.partition("/")[2].partition("?")[0].partition("#")[0]
    host, _, port = bare.rpartition(":")
    try:
        return plain_address(host.strip("[]")), int(port)
    except ValueError:
        return None  # a path, or a name: nothing that a socket has
