"""``HOST:PORT`` as sockets want it."""

from __future__ import annotations

import contextlib
import socket

from netopt.core.kernelview import Ends, ends_of
from netopt.errors import CannotMeasure, UsageError


def split(text: str) -> tuple[str, int]:
    """Host and port.

    Raises:
        UsageError: it is no ``HOST:PORT``; an IPv6 address stands in brackets.
    """
    host, _, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if (
        not bare
        or not (port.isascii() and port.isdigit())
        or int(port) > 65535
        or (":" in bare and bare == host)
    ):
        raise UsageError(f"{text!r} is no HOST:PORT", remedy="write e.g. 10.0.0.7:7448 or [::1]:7448")
    return bare, int(port)


def resolve(text: str, kind: socket.SocketKind) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Family and address of the first match.

    Raises:
        UsageError: it is no ``HOST:PORT``.
        CannotMeasure: the name is unknown.
    """
    host, port = split(text)
    try:
        found = socket.getaddrinfo(host, port, type=kind)
    except OSError as error:
        raise CannotMeasure(
            f"{host} has no address: {error.strerror}", remedy="check the name, or give an address"
        ) from error
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))


def shown(address: object) -> str:
    """As ``HOST:PORT``."""
    if isinstance(address, tuple) and len(address) >= 2:
        host = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
        return f"{host}:{address[1]}"
    return str(address)


def ends(one: socket.socket | None, protocol: str) -> tuple[Ends, ...]:
    """Both ends of a connected socket; nothing where it is none (any more).

    Args:
        one: the socket.
        protocol: ``tcp`` or ``udp``.
    """
    with contextlib.suppress(OSError):
        if one is not None:
            found = ends_of(
                f"{protocol}/{shown(one.getsockname())}", f"{protocol}/{shown(one.getpeername())}"
            )
            return () if found is None else (found,)
    return ()
