"""The kernel's figures of sockets and interfaces, by netlink. Needs no privilege.

Sees the sockets of its own network namespace alone.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence

from netopt.core.kernelview import Ends, KernelFigures, TcpFigures, plain_address
from netopt.errors import CannotMeasure
from netopt.kernel.netlink import ROUTE, SOCK_DIAG, Netlink, attribute, attributes, text

# Sockets. Source: linux/sock_diag.h, linux/inet_diag.h.
_BY_FAMILY = 20
_ESTABLISHED = 1 << 1
_ANY_STATE = 0xFFF
_MEMORY, _INFO, _CONGESTION, _SOCKET_MEMORY = 1, 2, 4, 7
"""Attributes; asked for as ``1 << (number - 1)``."""
_REQUEST = struct.Struct("=BBBxI")
_ENDS = struct.Struct("!HH16s16s")
_ANY_INTERFACE_AND_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
_SOCKET_BYTES = 72
_FAMILY, _PORTS_AT = 0, 4
_DROPS = 8
"""Place of the drops in ``INET_DIAG_SKMEMINFO``."""
# struct tcp_info. Source: linux/tcp.h; an older kernel's is shorter, and what it lacks is 0.
_TCP_INFO = struct.Struct("=16xI4xI40xII4xI16xI24xQIIII8xQ32xQ")
"""``snd_mss`` (at 16), ``unacked`` (24), ``rtt`` (68), ``rttvar``, ``snd_cwnd`` (80), ``total_retrans``
(100), ``bytes_received`` (128), ``segs_out``, ``segs_in``, ``notsent_bytes``, ``min_rtt``, ``delivery_rate``
(160), ``bytes_sent`` (200)."""
# Interfaces. Source: linux/rtnetlink.h, linux/if_link.h.
_GET_LINK, _GET_ROUTE = 18, 26
_ROUTE_REQUEST = struct.Struct("=BBBBBBBBI")
_LINK_REQUEST = struct.Struct("=BxHiII")
_RTA_DST, _RTA_OIF = 1, 4
_IFLA_IFNAME, _IFLA_STATS64 = 3, 23
_STATS64 = struct.Struct("=48xQQ56xQ")
"""``rx_dropped``, ``tx_dropped``, ``rx_missed_errors``."""
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.ENODEV)
_US_PER_MS = 1000.0


def kernel_figures(links: Sequence[Ends]) -> tuple[KernelFigures, ...]:
    """What the kernel knows about each link, in their order.

    Raises:
        CannotMeasure: netlink is not to be had.

    Thread: any; about 0.1 ms a link.
    """
    try:
        with Netlink(SOCK_DIAG) as diag, Netlink(ROUTE) as route:
            return tuple(_figures(diag, route, ends) for ends in links)
    except OSError as error:
        raise CannotMeasure(
            f"the kernel does not tell about its sockets: {error}",
            remedy="allow NETLINK_SOCK_DIAG (inet_diag), or do without these figures",
        ) from error


def _figures(diag: Netlink, route: Netlink, ends: Ends) -> KernelFigures:
    interface, rx_dropped, tx_dropped = _interface(route, ends.remote)
    return KernelFigures(
        interface=interface,
        rx_dropped=rx_dropped,
        tx_dropped=tx_dropped,
        tcp=_tcp(diag, ends) if ends.stream else None,
        udp_dropped=None if ends.stream else _udp_dropped(diag, ends),
    )


def _tcp(diag: Netlink, ends: Ends) -> TcpFigures | None:
    for found in _tcp_sockets(diag, ends):
        if _ends_of_socket(found) != (ends.local, ends.local_port, ends.remote, ends.remote_port):
            continue  # the kernel offers a listener where the connection has ended
        told = attributes(found, _SOCKET_BYTES)
        if _INFO in told:
            return _tcp_figures(told[_INFO], text(told.get(_CONGESTION, b"")))
    return None


def _tcp_sockets(diag: Netlink, ends: Ends) -> Iterator[bytes]:
    """Those that may be the link's, the likeliest first."""
    wanted = (_MEMORY, _INFO, _CONGESTION)
    exact = _socket_request(ends, socket.IPPROTO_TCP, _family(ends), wanted, exact=True)
    found = diag.one(_BY_FAMILY, exact)
    if found is not None:
        yield found
    if ":" in ends.local:
        # Of link-local addresses the kernel wants the interface as well, which a locator does not have.
        yield from diag.every(
            _BY_FAMILY, _socket_request(ends, socket.IPPROTO_TCP, _family(ends), wanted, exact=False)
        )


def _udp_dropped(diag: Netlink, ends: Ends) -> int:
    """Of the sockets on our port; a listener has one for all its links, of either IP version."""
    families = (socket.AF_INET6,) if ":" in ends.local else (socket.AF_INET, socket.AF_INET6)
    dropped = 0
    for family in families:
        request = _socket_request(ends, socket.IPPROTO_UDP, family, (_SOCKET_MEMORY,), exact=False)
        for found in diag.every(_BY_FAMILY, request):
            memory = attributes(found, _SOCKET_BYTES).get(_SOCKET_MEMORY, b"")
            if _ports(found)[0] == ends.local_port and len(memory) >= 4 * (_DROPS + 1):
                dropped += struct.unpack_from("=I", memory, 4 * _DROPS)[0]
    return dropped


def _family(ends: Ends) -> int:
    return socket.AF_INET6 if ":" in ends.local else socket.AF_INET


def _socket_request(ends: Ends, protocol: int, family: int, wanted: Sequence[int], *, exact: bool) -> bytes:
    """``inet_diag_req_v2``: one socket by both ends, or all on our port (of TCP: towards the other's)."""
    stream = protocol == socket.IPPROTO_TCP
    extensions = sum(1 << (number - 1) for number in wanted)
    states = _ESTABLISHED if stream else _ANY_STATE
    ours, theirs = (_packed(ends.local), _packed(ends.remote)) if exact else (b"", b"")
    # Only a connected socket of UDP has the other side's port, so it is not asked for.
    return (
        _REQUEST.pack(family, protocol, extensions, states)
        + _ENDS.pack(ends.local_port, ends.remote_port if stream else 0, ours, theirs)
        + _ANY_INTERFACE_AND_COOKIE
    )


def _packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def _ports(found: bytes) -> tuple[int, int]:
    """Ours and theirs, of an ``inet_diag_msg``."""
    ours, theirs = struct.unpack_from("!HH", found, _PORTS_AT)
    return ours, theirs


def _ends_of_socket(found: bytes) -> tuple[str, int, str, int]:
    _, _, ours, theirs = _ENDS.unpack_from(found, _PORTS_AT)
    family = found[_FAMILY]
    size = 4 if family == socket.AF_INET else 16
    local, remote = (plain_address(socket.inet_ntop(family, one[:size])) for one in (ours, theirs))
    ports = _ports(found)
    return local, ports[0], remote, ports[1]


def _tcp_figures(info: bytes, congestion_control: str) -> TcpFigures:
    (
        segment_bytes,
        unacked,
        rtt_us,
        rtt_variance_us,
        congestion_window,
        retransmits,
        bytes_received,
        segments_sent,
        segments_received,
        unsent_bytes,
        min_rtt_us,
        delivery_bytes_s,
        bytes_sent,
    ) = _TCP_INFO.unpack_from(info.ljust(_TCP_INFO.size, b"\0"))
    return TcpFigures(
        rtt_ms=rtt_us / _US_PER_MS,
        rtt_variance_ms=rtt_variance_us / _US_PER_MS,
        min_rtt_ms=min_rtt_us / _US_PER_MS,
        retransmits=retransmits,
        congestion_window=congestion_window,
        unacked_bytes=unacked * segment_bytes,
        unsent_bytes=unsent_bytes,
        delivery_bit_s=delivery_bytes_s * 8,
        congestion_control=congestion_control,
        bytes_sent=bytes_sent,
        bytes_received=bytes_received,
        segments_sent=segments_sent,
        segments_received=segments_received,
    )


def _interface(route: Netlink, remote: str) -> tuple[str, int, int]:
    """The interface towards an address: name, packets dropped in and out."""
    try:
        found = _towards(route, remote)
    except OSError as error:
        if error.errno not in _NO_WAY:
            raise
        return "", 0, 0
    received, sent, missed = _STATS64.unpack_from(found.get(_IFLA_STATS64, b"").ljust(_STATS64.size, b"\0"))
    return text(found.get(_IFLA_IFNAME, b"")), received + missed, sent


def _towards(route: Netlink, remote: str) -> Mapping[int, bytes]:
    """The attributes of the interface towards an address."""
    address = _packed(remote)
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    request = _ROUTE_REQUEST.pack(family, len(address) * 8, 0, 0, 0, 0, 0, 0, 0)
    way = route.one(_GET_ROUTE, request + attribute(_RTA_DST, address))
    out = b"" if way is None else attributes(way, _ROUTE_REQUEST.size).get(_RTA_OIF, b"")
    if not out:
        return {}
    index = int.from_bytes(out, sys.byteorder)
    link = route.one(_GET_LINK, _LINK_REQUEST.pack(0, 0, index, 0, 0))
    return {} if link is None else attributes(link, _LINK_REQUEST.size)
