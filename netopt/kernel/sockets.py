"""The kernel's figures of sockets and interfaces, by netlink. Needs no privilege.

Sees the sockets of its own network namespace alone.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from typing import Any

from pyroute2 import DiagSocket, IPRoute, NetlinkError

from netopt.core.kernelview import Ends, KernelFigures, TcpFigures, plain_address
from netopt.errors import CannotMeasure

_ESTABLISHED = 1 << 1
_ANY_STATE = 0xFFF
_MEMORY, _INFO, _CONGESTION, _SOCKET_MEMORY = 1 << 0, 1 << 1, 1 << 3, 1 << 6
"""Extensions asked for: ``1 << (INET_DIAG_… - 1)``, linux/inet_diag.h."""
_DROPS = 8
"""Place of the drops in ``INET_DIAG_SKMEMINFO``, linux/sock_diag.h."""
_US_PER_MS = 1000.0


def kernel_figures(links: Sequence[Ends]) -> tuple[KernelFigures, ...]:
    """What the kernel knows about each link, in their order.

    Raises:
        CannotMeasure: netlink is not to be had.

    Thread: any that runs no asyncio loop (pyroute2 has one of its own); about 1 ms a link.
    """
    try:
        with DiagSocket() as diag, IPRoute() as route:
            diag.bind()
            return tuple(_figures(diag, route, ends) for ends in links)
    except (NetlinkError, OSError) as error:
        raise CannotMeasure(
            f"the kernel does not tell about its sockets: {error}",
            remedy="allow NETLINK_SOCK_DIAG (inet_diag), or do without these figures",
        ) from error


def _figures(diag: Any, route: Any, ends: Ends) -> KernelFigures:
    interface, rx_dropped, tx_dropped = _interface(route, ends.remote)
    return KernelFigures(
        interface=interface,
        rx_dropped=rx_dropped,
        tx_dropped=tx_dropped,
        tcp=_tcp(diag, ends) if ends.stream else None,
        udp_dropped=None if ends.stream else _udp_dropped(diag, ends),
    )


def _sockets(diag: Any, ends: Ends, *, protocol: int, states: int, extensions: int, dport: int) -> list[Any]:
    """Those at our end of the link.

    A listener of both IP versions has its IPv4 connections among those of IPv6.
    """
    families = (socket.AF_INET6,) if ":" in ends.local else (socket.AF_INET, socket.AF_INET6)
    found = []
    for family in families:
        found += diag.get_sock_stats(
            family=family,
            protocol=protocol,
            states=states,
            extensions=extensions,
            sport=ends.local_port,
            dport=dport,
        )
    return found


def _tcp(diag: Any, ends: Ends) -> TcpFigures | None:
    extensions = _MEMORY | _INFO | _CONGESTION
    for one in _sockets(
        diag,
        ends,
        protocol=socket.IPPROTO_TCP,
        states=_ESTABLISHED,
        extensions=extensions,
        dport=ends.remote_port,
    ):
        if (plain_address(one["idiag_src"]), plain_address(one["idiag_dst"])) == (ends.local, ends.remote):
            info = one.get_attr("INET_DIAG_INFO")
            return None if info is None else _tcp_figures(info, one.get_attr("INET_DIAG_CONG") or "")
    return None


def _tcp_figures(info: Any, congestion_control: str) -> TcpFigures:
    return TcpFigures(
        rtt_ms=info["tcpi_rtt"] / _US_PER_MS,
        rtt_variance_ms=info["tcpi_rttvar"] / _US_PER_MS,
        min_rtt_ms=info["tcpi_min_rtt"] / _US_PER_MS,
        retransmits=info["tcpi_total_retrans"],
        congestion_window=info["tcpi_snd_cwnd"],
        unacked_bytes=info["tcpi_unacked"] * info["tcpi_snd_mss"],
        unsent_bytes=info["tcpi_notsent_bytes"],
        delivery_bit_s=info["tcpi_delivery_rate"] * 8,
        congestion_control=congestion_control,
        bytes_sent=info["tcpi_bytes_sent"],
        bytes_received=info["tcpi_bytes_received"],
        segments_sent=info["tcpi_segs_out"],
        segments_received=info["tcpi_segs_in"],
    )


def _udp_dropped(diag: Any, ends: Ends) -> int:
    """Of the sockets on our port; a listener has one for all its links."""
    dropped = 0
    # Only a connected socket has the other side's port, so it is not asked for.
    for one in _sockets(
        diag, ends, protocol=socket.IPPROTO_UDP, states=_ANY_STATE, extensions=_SOCKET_MEMORY, dport=0
    ):
        text = one.get_attr("INET_DIAG_SKMEMINFO")
        if one["idiag_sport"] == ends.local_port and isinstance(text, str):
            numbers = struct.unpack("9I", bytes.fromhex(text.replace(":", ""))[:36])
            dropped += numbers[_DROPS]
    return dropped


def _interface(route: Any, remote: str) -> tuple[str, int, int]:
    """The interface towards an address: name, packets dropped in and out."""
    try:
        (towards, *_) = route.route("get", dst=remote)
        (link, *_) = route.get_links(towards.get_attr("RTA_OIF"))
    except (NetlinkError, ValueError):
        return "", 0, 0
    stats = link.get_attr("IFLA_STATS64") or {}
    received = stats.get("rx_dropped", 0) + stats.get("rx_missed_errors", 0)
    return str(link.get_attr("IFLA_IFNAME")), received, stats.get("tx_dropped", 0)
