"""What the host tells: interfaces, multicast, DDS ports in use, clock, limits of a container. Reads only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
from pathlib import Path

import psutil

from bridge.doctor.facts import Container, Interface

_GROUP = "239.255.0.1"
"""Where DDS participants find each other. Source: DDSI-RTPS 9.6.1.4."""
_ECHO_S, _ECHO_TRIES = 0.5, 4
"""Seconds for each datagram: a host that stalls is no host without multicast."""
_FIRST_PORT, _PORTS_PER_DOMAIN = 7400, 250
_LAST_DOMAIN = 99
"""Above, ports are among those that Linux hands out to anybody."""
_OFFSETS = (0, 1, *range(10, 40))
"""Multicast discovery and data, then unicast pairs. Source: DDSI-RTPS 9.6.1.1."""
_TIME_ERROR = 5
_TIMEX_BYTES = 512
"""More than ``struct timex`` has."""
_CGROUP = Path("/sys/fs/cgroup")


def interfaces(*, try_multicast: bool) -> tuple[Interface, ...]:
    """Every interface of this network namespace.

    Args:
        try_multicast: send a datagram to ourselves on each that could carry discovery; none leaves the host.
    """
    stats = psutil.net_if_stats()
    found = []
    for name, addresses in sorted(psutil.net_if_addrs().items()):
        stat = stats.get(name)
        flags = set(stat.flags.split(",")) if stat is not None else set()
        ipv4 = [one.address for one in addresses if one.family is socket.AF_INET]
        usable = bool(ipv4) and stat is not None and stat.isup and "multicast" in flags
        found.append(
            Interface(
                name=name,
                addresses=tuple(
                    one.address for one in addresses if one.family in (socket.AF_INET, socket.AF_INET6)
                ),
                up=stat is not None and stat.isup,
                multicast="multicast" in flags,
                loopback="loopback" in flags,
                echo=multicast_echo(ipv4[0]) if usable and try_multicast else None,
            )
        )
    return tuple(found)


def multicast_echo(address: str) -> bool:
    """Whether a multicast datagram sent on the interface of an address comes back to this host."""
    word = os.urandom(16)
    own = socket.inet_aton(address)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        try:
            receiver.bind(("", 0))
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(_GROUP) + own)
            receiver.settimeout(_ECHO_S)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            for _ in range(_ECHO_TRIES):
                sender.sendto(word, (_GROUP, receiver.getsockname()[1]))
                with contextlib.suppress(TimeoutError):
                    while receiver.recv(64) != word:
                        continue
                    return True
        except OSError:
            return False
        return False


def domains_in_use() -> tuple[int, ...]:
    """DDS domains whose ports processes of this host hold."""
    ports: set[int] = set()
    for name in ("udp", "udp6"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            lines = Path(f"/proc/self/net/{name}").read_text(encoding="ascii").splitlines()[1:]
            ports |= {int(line.split()[1].rpartition(":")[2], 16) for line in lines}
    found = {divmod(port - _FIRST_PORT, _PORTS_PER_DOMAIN) for port in ports if port >= _FIRST_PORT}
    return tuple(
        sorted({domain for domain, offset in found if domain <= _LAST_DOMAIN and offset in _OFFSETS})
    )


def clock_synchronised() -> bool | None:
    """Whether the kernel says that something keeps its clock right."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else bool(state != _TIME_ERROR)


def rmem_max_bytes() -> int | None:
    """``net.core.rmem_max``; None where it is hidden, as in a container's network namespace."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/proc/sys/net/core/rmem_max").read_text(encoding="ascii"))
    return None


def container(kind: str, *, cgroup: Path = _CGROUP) -> Container:
    """The limits of this process.

    Args:
        kind: e.g. ``docker``; empty: no sign of one.
        cgroup: root of the control groups, version 2, as a container sees its own.
    """
    quota, period = (*_words(cgroup / "cpu.max"), "max", "max")[:2]
    memory = next(iter(_words(cgroup / "memory.max")), "max")
    shm = None
    with contextlib.suppress(OSError):
        found = os.statvfs("/dev/shm")  # noqa: S108 - looked at, not written
        shm = found.f_blocks * found.f_frsize
    return Container(
        kind=kind,
        memory_max_bytes=int(memory) if memory.isdigit() else None,
        cpus=int(quota) / int(period) if quota.isdigit() and period.isdigit() else None,
        shm_bytes=shm,
    )


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").split()
    except OSError:
        return []
