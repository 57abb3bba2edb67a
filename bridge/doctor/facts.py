"""What the doctor looks at, as values; None stands for what could not be looked at."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.status import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the configuration asks for, as far as a check depends on it."""

    domain_id: int
    loopback_only: bool
    """DDS stays on this host."""
    interfaces: tuple[str, ...] = ()
    """``ros.interfaces``: names or addresses."""
    rmw: str = ""
    """RMW_IMPLEMENTATION of this environment."""
    dds: bool = True
    """False: a pure router."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One network interface."""

    name: str
    addresses: tuple[str, ...]
    up: bool
    multicast: bool
    loopback: bool = False
    echo: bool | None = None
    """Whether a multicast datagram to ourselves came back; None: not tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What confines this process."""

    kind: str = ""
    """E.g. ``docker``; empty: no sign of one."""
    memory_max_bytes: int | None = None
    """None: no limit."""
    cpus: float | None = None
    shm_bytes: int | None = None
    """Size of ``/dev/shm``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A look into the DDS domain."""

    error: str = ""
    """Why it cannot be joined; the rest is empty then."""
    remedy: str = ""
    echo_ms: float | None = None
    """From a writer to a reader of our own; None: nothing came back."""
    participants: int = 0
    """Of others, agents and bridges not counted."""
    agents: int = 0
    """Agents of ours."""
    foreign: tuple[str, ...] = ()
    """Bridges of somebody else."""
    missing_types: tuple[tuple[str, str], ...] = ()
    """(service type, why it cannot be loaded) of services on the domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A look at one endpoint of ``zenoh.connect``."""

    endpoint: str
    good: bool
    seen: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How another host's clock differs from ours."""

    target: str
    """What the agent's probe calls it."""
    offset_s: float
    """How far it is ahead."""
    bound_s: float
    """How uncertain that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything, of one moment."""

    wanted: Wanted
    kernel: tuple[Finding, ...] | None = None
    """What the tuner has to say."""
    rmem_max_bytes: int | None = None
    interfaces: tuple[Interface, ...] = ()
    domain: Domain | None = None
    other_domains: tuple[int, ...] = ()
    """DDS domains that processes of this host use, ours not among them."""
    rclpy: str = ""
    """Why rclpy cannot be used; empty: it can."""
    neighbours: tuple[Neighbour, ...] = ()
    certificates: tuple[Finding, ...] = ()
    clock_synchronised: bool | None = None
    clocks: tuple[Clock, ...] = ()
    """Those of neighbours, as the running agent measured them."""
    container: Container = Container()
    control: str = ""
    """Why the control socket's place cannot be used; empty: it can."""
    agent_state: str = ""
    """Of the agent that runs for this domain; empty: none does."""
    agent_findings: tuple[Finding, ...] = ()
