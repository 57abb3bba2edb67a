"""The judgement: facts in, one verdict a hop out, in the order a message takes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from bridge.core.status import Finding, Severity
from bridge.doctor.facts import Domain, Facts, Interface

KERNEL_RMEM_BYTES = 212_992
"""net.core.rmem_max as Linux ships it; below, not even small bursts fit."""
SHM_WANTED_BYTES = 64 << 20
"""What Docker gives; Fast DDS keeps its segments there."""
MEMORY_WANTED_BYTES = 256 << 20
"""An agent with 1000 topics takes half of it (tests/integration/test_scale.py)."""
CPUS_WANTED = 0.5
SKEW_S = 0.5
"""Beyond, a Zenoh router stamps samples anew, and their source times are lost."""


class Grade(Enum):
    """How a check ended."""

    GOOD = "good"
    WARNING = "warning"
    """Works, but worse than it could; or nobody can tell."""
    FAULT = "fault"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report."""

    hop: str
    grade: Grade
    seen: str
    wanted: str = ""
    remedy: str = ""
    """Empty where nothing is to be done."""


def judge(facts: Facts) -> tuple[Check, ...]:
    """Every hop, in order; a hop with several faults has a check for each."""
    return tuple(
        check
        for hop in (
            _permission, _kernel, _container, _interfaces, _domain, _participants, _bridges, _rmw, _packages,
            _neighbours, _certificates, _clock, _agent,
        )
        for check in hop(facts)
    )  # fmt: skip


def _good(hop: str, seen: str) -> Check:
    return Check(hop=hop, grade=Grade.GOOD, seen=seen)


def _skipped(hop: str, seen: str) -> Check:
    return Check(hop=hop, grade=Grade.SKIPPED, seen=seen)


def _bad(hop: str, seen: str, *, wanted: str, remedy: str, grade: Grade = Grade.FAULT) -> Check:
    return Check(hop=hop, grade=grade, seen=seen, wanted=wanted, remedy=remedy)


def _permission(facts: Facts) -> Iterator[Check]:
    if facts.control:
        remedy = "run as the agent's user, or name another place with control.socket"
        yield _bad("permission", facts.control, wanted="a control socket that can be made", remedy=remedy)
    else:
        yield _good("permission", "the control socket can be made")


def _kernel(facts: Facts) -> Iterator[Check]:
    remedy = "`zenlink tune` says why; `sudo zenlink tune apply` changes it and can take it back"
    size = facts.rmem_max_bytes
    if size is not None and size < KERNEL_RMEM_BYTES:
        yield _bad(
            "kernel",
            f"net.core.rmem_max is {size}",
            wanted=f"at least {KERNEL_RMEM_BYTES}, what Linux ships",
            remedy=remedy,
        )
        return
    if facts.kernel is None:
        yield _skipped("kernel", "its settings cannot be read here")
        return
    losing = [one.subject for one in facts.kernel if one.severity is Severity.ERROR]
    if losing:
        yield _bad(
            "kernel",
            f"settings that lose or delay large messages: {', '.join(losing)}",
            wanted="the values of the profile",
            remedy=remedy,
            grade=Grade.WARNING,
        )
    else:
        yield _good("kernel", "its settings suit the profile")


def _container(facts: Facts) -> Iterator[Check]:
    found = facts.container
    limits = (
        ("memory", found.memory_max_bytes, MEMORY_WANTED_BYTES, "raise the memory limit (--memory)"),
        ("CPUs", found.cpus, CPUS_WANTED, "raise the CPU limit (--cpus)"),
        ("shared memory", found.shm_bytes, SHM_WANTED_BYTES, "docker run --shm-size=256m, or --ipc=host"),
    )
    tight = [one for one in limits if one[1] is not None and one[1] < one[2]]
    for what, seen, wanted, remedy in tight:
        yield _bad(
            "container",
            f"{what}: {seen:g}",
            wanted=f"at least {wanted:g}",
            remedy=remedy,
            grade=Grade.WARNING,
        )
    if not tight:
        yield _good("container", f"in {found.kind}, no tight limit" if found.kind else "none, or no limit")


def _interfaces(facts: Facts) -> Iterator[Check]:
    hop, wanted = "interfaces", facts.wanted
    if not wanted.dds:
        yield _skipped(hop, "a router without DDS")
        return
    by_name = {name: one for one in facts.interfaces for name in (one.name, *one.addresses)}
    missing = [name for name in wanted.interfaces if name not in by_name]
    for name in missing:
        known = ", ".join(one.name for one in facts.interfaces)
        yield _bad(
            hop, f"no interface {name}", wanted="ros.interfaces that exist", remedy=f"choose of {known}"
        )
    chosen = [by_name[name] for name in wanted.interfaces if name in by_name] or _candidates(facts)
    if not chosen and not missing:
        yield _bad(
            hop,
            "no interface that is up",
            wanted="one at least",
            remedy="`ip link set IF up`; see `ip address`",
        )
    for one in chosen:
        yield _interface(one, loopback_only=wanted.loopback_only)


def _candidates(facts: Facts) -> list[Interface]:
    return [one for one in facts.interfaces if one.up and one.loopback == facts.wanted.loopback_only]


def _interface(one: Interface, *, loopback_only: bool) -> Check:
    hop = "interfaces"
    if not one.up:
        return _bad(hop, f"{one.name} is down", wanted="up", remedy=f"`ip link set {one.name} up`")
    if loopback_only or one.loopback:
        return _good(hop, f"{one.name} is up; DDS stays on this host, without multicast")
    if not one.multicast:
        remedy = f"`ip link set {one.name} multicast on`, or name the other hosts in ros.static_peers"
        return _bad(hop, f"multicast is off on {one.name}", wanted="on: DDS discovers by it", remedy=remedy)
    if one.echo is False:
        remedy = "let the firewall pass UDP to 239.255.0.1 and from port 7400 on; or use ros.static_peers"
        return _bad(hop, f"multicast on {one.name} does not come back", wanted="that it does", remedy=remedy)
    return _good(hop, f"{one.name} is up, with multicast")


def _domain(facts: Facts) -> Iterator[Check]:
    hop, found = "dds", facts.domain
    if found is None:
        yield _skipped(hop, "a router without DDS")
    elif found.error:
        yield _bad(hop, found.error, wanted="that the domain can be joined", remedy=found.remedy)
    elif found.echo_ms is None:
        remedy = "check CYCLONEDDS_URI, and the firewall on the interface's own address"
        yield _bad(hop, "a message to ourselves did not arrive", wanted="that it does", remedy=remedy)
    else:
        yield _good(
            hop, f"domain {facts.wanted.domain_id}: a message to ourselves took {found.echo_ms:.2f} ms"
        )


def _joined(facts: Facts) -> Domain | None:
    return facts.domain if facts.domain is not None and not facts.domain.error else None


def _participants(facts: Facts) -> Iterator[Check]:
    hop, found, mine = "participants", _joined(facts), facts.wanted.domain_id
    if found is None:
        yield _skipped(hop, "the domain was not joined")
    elif found.participants:
        yield _good(hop, f"{found.participants} others on domain {mine}")
    elif facts.other_domains and not found.foreign:  # where another bridge is, the domain is meant
        others = ", ".join(map(str, facts.other_domains))
        yield _bad(
            hop,
            f"nobody on domain {mine}, but on this host there are some on domain {others}",
            wanted="the domain of the nodes",
            remedy="set ros.domain_id (--domain, ROS_DOMAIN_ID) to theirs",
        )
    else:
        yield _bad(
            hop,
            f"nobody on domain {mine}",
            wanted="nodes to bridge",
            remedy="start one; if there is one: its ROS_DOMAIN_ID, its discovery range, its RMW (a DDS one?)",
            grade=Grade.WARNING,
        )


def _bridges(facts: Facts) -> Iterator[Check]:
    hop, found = "bridges", _joined(facts)
    if found is None:
        yield _skipped(hop, "the domain was not joined")
        return
    if found.foreign:
        yield _bad(
            hop,
            f"a bridge of somebody else on the domain: {', '.join(found.foreign)}",
            wanted="one bridge a domain: two would double every message; ours stands by",
            remedy="stop one of them",
        )
    elif found.agents > 1:
        yield _bad(
            hop,
            f"{found.agents} agents on the domain",
            wanted="one, or a spare on purpose",
            remedy="stop those that are not meant; `zenlink status` says which one routes",
            grade=Grade.WARNING,
        )
    else:
        yield _good(hop, "no second bridge on the domain")


def _rmw(facts: Facts) -> Iterator[Check]:
    hop, rmw = "rmw", facts.wanted.rmw
    if "zenoh" in rmw:
        remedy = "RMW_IMPLEMENTATION=rmw_fastrtps_cpp or rmw_cyclonedds_cpp"
        yield _bad(hop, f"RMW_IMPLEMENTATION is {rmw}", wanted="an RMW on DDS", remedy=remedy)
    elif facts.rclpy:
        yield _bad(
            hop,
            f"no rclpy: {facts.rclpy}",
            wanted="rclpy, for services of Fast DDS nodes",
            remedy="source the ROS installation before the agent starts; topics need none",
            grade=Grade.WARNING,
        )
    else:
        yield _good(hop, rmw or "the default of the ROS installation")


def _packages(facts: Facts) -> Iterator[Check]:
    hop, found = "packages", _joined(facts)
    if found is None or facts.rclpy:
        yield _skipped(hop, "needs the domain and rclpy")
        return
    for ros_type, why in found.missing_types:
        yield _bad(hop, why, wanted=f"the package of {ros_type}", remedy="install or source it, then restart")
    if not found.missing_types:
        yield _good(hop, "every service type on the domain can be loaded")


def _neighbours(facts: Facts) -> Iterator[Check]:
    if not facts.neighbours:
        yield _skipped("zenoh", "zenoh.connect names nobody")
    for one in facts.neighbours:
        seen = f"{one.endpoint}: {one.seen}"
        if one.good:
            yield _good("zenoh", seen)
        else:
            yield _bad("zenoh", seen, wanted="a link", remedy=one.remedy)


def _certificates(facts: Facts) -> Iterator[Check]:
    for finding in facts.certificates:
        yield _of(finding, "certificates")
    if not facts.certificates:
        yield _good("certificates", "nothing wrong with what the configuration names")


def _clock(facts: Facts) -> Iterator[Check]:
    hop, remedy = "clock", "run chrony, systemd-timesyncd or PTP on both hosts"
    skewed = [one for one in facts.clocks if abs(one.offset_s) - one.bound_s > SKEW_S]
    for one in skewed:
        side = "ahead of" if one.offset_s > 0 else "behind"
        seen = f"that of {one.target} is {abs(one.offset_s):.1f} s {side} ours"
        yield _bad(hop, seen, wanted=f"at most {SKEW_S} s between hosts", remedy=remedy)
    if skewed:
        return
    if facts.clock_synchronised is None:
        yield _skipped(hop, "the kernel does not tell")
    elif facts.clock_synchronised:
        yield _good(hop, "synchronised")
    else:
        yield _bad(
            hop,
            "the kernel says that nobody synchronises it",
            wanted="that somebody does: latencies between hosts need it",
            remedy=f"{remedy}; in a virtual machine its host may do it unseen",
            grade=Grade.WARNING,
        )


def _agent(facts: Facts) -> Iterator[Check]:
    if not facts.agent_state:
        yield _skipped("agent", "none runs for this domain")
        return
    yield _good("agent", f"one runs and is {facts.agent_state}")
    for finding in facts.agent_findings:
        if finding.severity is not Severity.INFO:
            yield _of(finding, "agent")


def _of(finding: Finding, hop: str) -> Check:
    grade = Grade.FAULT if finding.severity is Severity.ERROR else Grade.WARNING
    seen = f"{finding.code} [{finding.subject}]: {finding.text}"
    return Check(hop=hop, grade=grade, seen=seen, remedy=finding.remedy)
