"""One Zenoh endpoint as a value: where it is, and whether a stranger could read or reach it.

Zenoh checks endpoint strings only when it opens them, and then often with a bare time-out; so the
configuration checks them here first. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from bridge.errors import InvalidName

PROTOCOLS = ("tcp", "tls", "quic", "udp", "ws", "unixsock-stream")
"""What the eclipse-zenoh 1.10 wheel can open; not ``wss``, ``serial``, ``vsock``,
``unixpipe`` (tried)."""
ENCRYPTED = frozenset({"tls", "quic"})

_ENDPOINT = re.compile(r"(?P<protocol>[^/?#]*)/(?P<address>[^?#]*)(?:\?[^#]*)?(?:#.*)?", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """``PROTOCOL/ADDRESS[?METADATA][#CONFIGURATION]``, as Zenoh writes it."""

    text: str
    protocol: str
    host: str
    """Host name or address without brackets; the path of a Unix socket."""
    port: int | None
    """``None`` for Unix sockets; 0 asks a listener for any free port."""

    def __str__(self) -> str:
        return self.subject

    @property
    def subject(self) -> str:
        """To show to anybody; see :func:`without_options`."""
        return without_options(self.text)

    @property
    def encrypted(self) -> bool:
        """Whether the link is encrypted and the listener authenticated."""
        return self.protocol in ENCRYPTED

    @property
    def local(self) -> bool:
        """Whether only this host can be at the other end."""
        return self.protocol == "unixsock-stream" or is_loopback(self.host)

    @property
    def near(self) -> bool:
        """Whether the other end is on this host or in a network of its own site: a private address."""
        if self.local:
            return True
        try:
            return ipaddress.ip_address(self.host).is_private
        except ValueError:
            return False  # a name may lead anywhere


def without_options(text: str) -> str:
    """An endpoint, be it a right one or not, without metadata and configuration: those can hold secrets."""
    return text.partition("?")[0].partition("#")[0]


def is_loopback(host: str) -> bool:
    """Whether a host name or address without brackets is this host's loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # another host name: not resolved, since names can be pointed anywhere


def parse_address(text: str) -> tuple[str, int]:
    """Host (without brackets) and port of ``HOST:PORT``.

    Raises:
        InvalidName: it is no such address.
    """
    return _host_and_port(text, text)


def parse_endpoint(text: str) -> Endpoint:
    """The endpoint that `text` names.

    Raises:
        InvalidName: It breaks the grammar, or names a protocol that cannot be opened.
    """
    shown = without_options(text)
    parts = _ENDPOINT.fullmatch(text)
    if parts is None or any(mark.isspace() for mark in text):
        raise InvalidName(f"{shown!r} is no endpoint: expected PROTOCOL/ADDRESS, e.g. tcp/127.0.0.1:7447")
    protocol, address = parts["protocol"], parts["address"]
    if protocol == "wss":
        raise InvalidName(f"{shown!r}: Zenoh cannot open wss (it can tls, and ws behind a TLS proxy)")
    if protocol not in PROTOCOLS:
        raise InvalidName(f"{shown!r}: protocol {protocol!r} is none of {', '.join(PROTOCOLS)}")
    if protocol == "unixsock-stream":
        if not address:
            raise InvalidName(f"{shown!r}: the path of the socket is missing")
        return Endpoint(text=text, protocol=protocol, host=address, port=None)
    host, port = _host_and_port(shown, address)
    return Endpoint(text=text, protocol=protocol, host=host, port=port)


def _host_and_port(text: str, address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit():
        raise InvalidName(f"{text!r}: the port is missing, e.g. {text}:7447")
    if int(port) > _MAX_PORT:
        raise InvalidName(f"{text!r}: port {port} is above {_MAX_PORT}")
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(host[1:-1])), int(port)
        except ValueError as error:
            raise InvalidName(f"{text!r}: {host} is no IPv6 address") from error
    if ":" in host:
        raise InvalidName(f"{text!r}: an IPv6 address stands in brackets, e.g. [::1]:7447")
    if not _HOST.fullmatch(host):
        raise InvalidName(f"{text!r}: {host!r} is no host name or address")
    return host, int(port)
