"""Keeps short, where that is asked for, what waits in the kernel for a full link, so that priorities decide.

Zenoh has a queue for each priority before a link, and takes from the most urgent one. What it has written to
a socket nobody overtakes, and a socket takes megabytes: 0.15 s of a link of 100 Mbit/s. Zenoh can limit the
whole buffer of a socket (``so_sndbuf``), which with it limits what a long way carries; the kernel can limit
what it has not sent yet, but Zenoh cannot ask for that. So we do, for each link, on a copy of its descriptor.

Its price: what the kernel takes for a peer that stands still keeps Zenoh from waiting for it. With 16 KiB
2000 small messages a second to a stopped peer held up the whole session, other links too, for 5 s.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from pathlib import Path

import zenoh

from bridge.core.endpoint import parse_endpoint
from bridge.errors import InvalidName

_TCP_NOTSENT_LOWAT = 25  # linux/tcp.h
_OF_THE_HOST = Path("/proc/sys/net/ipv4/tcp_notsent_lowat")
_DESCRIPTORS = Path("/proc/self/fd")
_STREAMS = frozenset({"tcp", "tls", "ws"})

Place = tuple[str, int]


def keep_unsent_short(
    session: zenoh.Session, most_bytes: int | None
) -> zenoh.LinkEventsListener[None] | None:
    """Limit what each link of a session leaves unsent in the kernel, until the session closes.

    Does nothing without a limit, and where the kernel is not Linux.
    """
    if most_bytes is None:
        return None

    def changed(event: zenoh.LinkEvent) -> None:
        """Thread: Zenoh's; takes some microseconds for each descriptor of the process."""
        if event.kind == zenoh.SampleKind.PUT:
            limit(str(event.link.src), str(event.link.dst), most_bytes)

    return session.info.declare_link_events_listener(
        zenoh.handlers.Callback(changed, indirect=False), history=True
    )


def limit(src: str, dst: str, most_bytes: int) -> bool:
    """Do so for the link with these locators; whether it has a socket of ours that could be limited."""
    ends = (_place(src), _place(dst))
    if None in ends or _limit_of_the_host() <= most_bytes:
        return False
    with contextlib.suppress(OSError):
        for entry in _DESCRIPTORS.iterdir():
            with contextlib.suppress(OSError), _copy_of(int(entry.name)) as one:
                found = (_end(one.getsockname()), _end(one.getpeername()))
                if found == ends and one.type == socket.SOCK_STREAM:
                    one.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, most_bytes)
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
