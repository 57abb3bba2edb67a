"""What was read of a host, and what could not be read. Pure: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from netopt.core.settings import Target


class Access(Enum):
    """How a setting can be reached from here."""

    WRITABLE = "writable"
    READ_ONLY = "read_only"
    """It is there, but the file or the file system under it may not be written."""
    DENIED = "denied"
    """It may not even be read."""
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Reading:
    """One setting as it was found."""

    text: str = ""
    """Exactly what the kernel showed, with tabs and line feed; empty where it could not be read."""
    access: Access = Access.WRITABLE
    problem: str = ""
    """Why it cannot be written, e.g. ``read-only file system``."""


@dataclass(frozen=True, slots=True)
class Rings:
    """Descriptors of a network card, and the most it has."""

    rx: int
    rx_max: int
    tx: int
    tx_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One network interface."""

    name: str
    mtu: int
    """Bytes."""
    txqueuelen: int
    """Packets."""
    qdisc: str = ""
    """Kind of its root queue, e.g. ``fq_codel``."""
    up: bool = True
    loopback: bool = False
    virtual: bool = False
    """Bridge, veth, tunnel and the like: no card behind it."""
    default_route: bool = False
    multicast: bool = False
    rx_missed: int = 0
    """Packets that the card had no descriptor for, since it came up."""
    tx_dropped: int = 0
    rings: Rings | None = None
    offloads_off: tuple[str, ...] = ()
    """Offloads that help and that are off, by their ethtool names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What went wrong since the host started; all cumulative."""

    backlog_drops: int = 0
    """Packets dropped since a processor's input queue was full (softnet_stat, column 2)."""
    time_squeezes: int = 0
    """Times that the kernel had to stop with packets left (softnet_stat, column 3)."""
    reassembly_failures: int = 0
    """Datagrams that never got all their fragments (snmp Ip ReasmFails)."""
    udp_buffer_errors: int = 0
    """Datagrams that did not fit a socket's buffer (snmp Udp RcvbufErrors)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SysctlFile:
    """One file that sets sysctls at start."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host, or the part of it that a container sees."""

    kernel: tuple[int, int]
    """Linux version, e.g. (6, 18)."""
    initial_namespace: bool = True
    """False: a network namespace of its own, as in most containers."""
    container: str = ""
    """What kind of container, as far as it shows; empty: none."""
    memory_bytes: int = 0
    readings: Mapping[Target, Reading] = field(default_factory=dict)
    interfaces: tuple[Interface, ...] = ()
    congestion_controls: frozenset[str] = frozenset()
    """Those that may be chosen, loaded or as modules."""
    queues: frozenset[str] = frozenset()
    """Kinds of queue that the kernel is known to have."""
    counters: Counters = Counters()
    tuned_profile: str = ""
    """Active profile of the tuned service, which sets sysctls of its own."""
    sysctl_files: tuple[SysctlFile, ...] = ()
    """In the order in which they are applied at start."""
    cyclone_uri: str = ""
    """What CYCLONEDDS_URI says: XML, or the text of the files that it names."""

    def reading(self, target: Target) -> Reading:
        """How a setting was found."""
        return self.readings.get(target, Reading(access=Access.ABSENT))

    def interface(self, name: str) -> Interface | None:
        """The interface of that name."""
        return next((one for one in self.interfaces if one.name == name), None)
