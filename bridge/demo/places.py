"""Where the demo may run on this host: unused DDS domains, a free TCP port, the children's environment."""

from __future__ import annotations

import contextlib
import errno
import random
import socket
from collections.abc import Iterable, Iterator, Mapping

from bridge.errors import CannotRun

_DOMAINS = range(1, 100)
"""Their ports end below 32768, where Linux starts to hand out ephemeral ones. 0 is what everybody uses."""
_FIRST_PORT = 7400
_PORTS_PER_DOMAIN = 250
_PORT_OFFSETS = (0, 1, 10, 11, 12, 13, 14, 15)
"""Multicast discovery and data, then unicast pairs of three participants. Source: DDSI-RTPS 9.6.1.1."""
_CLAIM_OFFSET = 249
"""The domain's last port, of a participant number nobody reaches: whoever holds it has claimed the domain."""
_FOREIGN = (
    "CYCLONEDDS_",
    "FASTDDS_",
    "FASTRTPS_",
    "RMW_",
    "ROS_DISCOVERY_SERVER",
    "ROS_DOMAIN_ID",
    "ROS_LOCALHOST_ONLY",
    "ROS_NAMESPACE",
    "ROS_SECURITY_",
    "ROS_STATIC_PEERS",
    "ROS_SUPER_CLIENT",
    "ZENLINK_",
    "ZENOH_",
)
"""Settings of the user's own robots, by their beginnings, that would lead the demo's processes elsewhere."""


def free_domains(count: int) -> list[int]:
    """Domain ids that no participant on this host uses, in random order, so that demos side by side differ.

    Raises:
        CannotRun: there are not that many.
    """
    candidates = random.sample(_DOMAINS, len(_DOMAINS))
    found = []
    for domain_id in candidates:
        # The claim first: the ports of a claimed domain may be wanted by its participants at this moment.
        if _unused(_port(domain_id, offset) for offset in (_CLAIM_OFFSET, *_PORT_OFFSETS)):
            found.append(domain_id)
            if len(found) == count:
                return found
    raise CannotRun(
        f"only {len(found)} of {count} DDS domains between {_DOMAINS[0]} and {_DOMAINS[-1]} are unused here",
        remedy="stop some of the DDS programs on this host (ss -lunp shows them)",
    )


@contextlib.contextmanager
def claimed_domains(count: int) -> Iterator[tuple[int, ...]]:
    """Domain ids that are free and stay so for every other demo, also before the first participant is up.

    Raises:
        CannotRun: there are not that many.
    """
    with contextlib.ExitStack() as claims:
        claimed: list[int] = []
        while len(claimed) < count:
            (domain_id,) = free_domains(1)
            claim = claims.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                claim.bind(("127.0.0.1", _port(domain_id, _CLAIM_OFFSET)))
            except OSError:  # another demo was faster
                continue
            claimed.append(domain_id)
        yield tuple(claimed)


def _port(domain_id: int, offset: int) -> int:
    return _FIRST_PORT + _PORTS_PER_DOMAIN * domain_id + offset


def _unused(ports: Iterable[int]) -> bool:
    return all(_can_bind(port, socket.SOCK_DGRAM) for port in ports)


def free_tcp_port() -> int:
    """A TCP port on 127.0.0.1 that was free a moment ago; another process may still be faster."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tcp_port_taken(port: int) -> bool:
    """Whether somebody listens on `port` of 127.0.0.1 now."""
    return not _can_bind(port, socket.SOCK_STREAM)


def _can_bind(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            # All addresses: a participant elsewhere may hold any of them.
            probe.bind(("" if kind is socket.SOCK_DGRAM else "127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def child_environment(base: Mapping[str, str], *, domain_id: int, scratch: str) -> dict[str, str]:
    """What a child sees: the user's environment, led into one domain of this host.

    Args:
        base: the environment of the demo itself.
        domain_id: of the child.
        scratch: folder for what ROS writes beside its work.
    """
    kept = {name: value for name, value in base.items() if not name.startswith(_FOREIGN)}
    rmw = base.get("RMW_IMPLEMENTATION", "")
    speaks_dds = rmw and "zenoh" not in rmw
    return kept | {
        "PYTHONUNBUFFERED": "1",
        "RMW_IMPLEMENTATION": rmw if speaks_dds else "rmw_fastrtps_cpp",
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": str(domain_id),
        "ROS_LOG_DIR": scratch,
    }
