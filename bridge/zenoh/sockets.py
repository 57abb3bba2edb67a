"""Has each link send no faster than its way carries, where that is known, so that priorities decide.

Zenoh has a queue for each priority before a link, and takes from the most urgent one. What it has written to
a socket nobody overtakes: a socket takes megabytes, and what the kernel has sent waits once more before the
narrow part of the way. So for each link, on a copy of its descriptor, we have the kernel send a little slower
than that part does (which needs neither a privilege nor a queue discipline), and take little before.

What is left is one segment of up to 64 KiB in the kernel, which grows while it waits whatever the limit, and
as much in the TLS library: 10 ms of 100 Mbit/s.

Its price: what the kernel takes for a peer that stands still keeps Zenoh from waiting for it. With 16 KiB
2000 small messages a second to a stopped peer held up the whole session, other links too, for 5 s.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from dataclasses import dataclass
from pathlib import Path

import zenoh

from bridge.core.endpoint import parse_endpoint
from bridge.errors import InvalidName
from bridge.zenoh.options import bytes_in

_SO_MAX_PACING_RATE = 47  # asm-generic/socket.h; bytes a second, without headers
_TCP_NOTSENT_LOWAT = 25  # linux/tcp.h
_SHARE = 0.9
"""Of what the link carries; headers take some 5 % of it, and what stands in line before it wants to drain."""
_UNSENT_S = 0.001
_MIN_UNSENT_BYTES = 4096
_OF_THE_HOST = Path("/proc/sys/net/ipv4/tcp_notsent_lowat")
_DESCRIPTORS = Path("/proc/self/fd")
_STREAMS = frozenset({"tcp", "tls", "ws"})

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Pace:
    """What the socket of a link may do."""

    bytes_s: int
    unsent_bytes: int
    """Written and not sent yet; less where the administrator set less for all sockets."""


def pace_of(mbit_s: float) -> Pace:
    """Of a link that carries so much."""
    return Pace(
        bytes_s=bytes_in(_SHARE, mbit_s),
        unsent_bytes=min(max(bytes_in(_UNSENT_S, mbit_s), _MIN_UNSENT_BYTES), _limit_of_the_host()),
    )


def pace_links(session: zenoh.Session, mbit_s: float | None) -> zenoh.LinkEventsListener[None] | None:
    """Pace each link of a session to this rate until the session closes.

    Does nothing without a rate, and where the kernel is not Linux.
    """
    if mbit_s is None:
        return None
    pace = pace_of(mbit_s)

    def changed(event: zenoh.LinkEvent) -> None:
        """Thread: Zenoh's; takes some microseconds for each descriptor of the process."""
        if event.kind == zenoh.SampleKind.PUT:
            apply(pace, str(event.link.src), str(event.link.dst))

    return session.info.declare_link_events_listener(
        zenoh.handlers.Callback(changed, indirect=False), history=True
    )


def apply(pace: Pace, src: str, dst: str) -> bool:
    """To the link with these locators; whether it has a socket of ours that could be paced."""
    ends = (_place(src), _place(dst))
    if None in ends:
        return False
    with contextlib.suppress(OSError):
        for entry in _DESCRIPTORS.iterdir():
            with contextlib.suppress(OSError), _copy_of(int(entry.name)) as one:
                found = (_end(one.getsockname()), _end(one.getpeername()))
                if found == ends and one.type == socket.SOCK_STREAM:
                    one.setsockopt(socket.SOL_SOCKET, _SO_MAX_PACING_RATE, pace.bytes_s)
                    one.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, pace.unsent_bytes)
                    return True
    return False


def _copy_of(descriptor: int) -> socket.socket:
    """Raises OSError: it is no socket, or closed by now."""
    copy = os.dup(descriptor)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise


def _limit_of_the_host() -> int:
    """What the administrator set for all sockets; more than anything where nothing can be read."""
    try:
        return int(_OF_THE_HOST.read_text())
    except (OSError, ValueError):
        return 1 << 32


def _place(locator: str) -> Place | None:
    try:
        endpoint = parse_endpoint(locator)
        if endpoint.protocol in _STREAMS and endpoint.port is not None:
            return _plain(endpoint.host), endpoint.port
    except (InvalidName, ValueError):
        pass  # no socket of this kind has a link of that name
    return None


def _end(name: object) -> Place | None:
    """An address of a socket; None for those that are not of IP."""
    return (_plain(name[0]), name[1]) if isinstance(name, tuple) else None


def _plain(host: str) -> str:
    """An address in its one form; of IPv4 in IPv6 that of IPv4. Raises ValueError."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
