"""What this host does to a message: permission, kernel, container, interfaces. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.core.status import Severity
from bridge.doctor.check import Check, Grade, bad, good, skipped
from bridge.doctor.facts import Facts, Interface

KERNEL_RMEM_BYTES = 212_992
"""net.core.rmem_max as Linux ships it; below, not even small bursts fit."""
SHM_WANTED_BYTES = 64 << 20
"""What Docker gives; Fast DDS keeps its segments there."""
MEMORY_WANTED_BYTES = 256 << 20
"""An agent with 1000 topics takes half of it (tests/integration/test_scale.py)."""
CPUS_WANTED = 0.5


def permission(facts: Facts) -> Iterator[Check]:
    """Whether the control socket can be made."""
    if facts.control:
        remedy = "run as the agent's user, or name another place with control.socket"
        yield bad("permission", facts.control, wanted="a control socket that can be made", remedy=remedy)
    else:
        yield good("permission", "the control socket can be made")


def kernel(facts: Facts) -> Iterator[Check]:
    """Whether the kernel's settings carry large messages."""
    remedy = "`zenlink tune` says why; `sudo zenlink tune apply` changes it and can take it back"
    size = facts.rmem_max_bytes
    if size is not None and size < KERNEL_RMEM_BYTES:
        yield bad(
            "kernel",
            f"net.core.rmem_max is {size}",
            wanted=f"at least {KERNEL_RMEM_BYTES}, what Linux ships",
            remedy=remedy,
        )
        return
    if facts.kernel is None:
        yield skipped("kernel", "its settings cannot be read here")
        return
    losing = [one.subject for one in facts.kernel if one.severity is Severity.ERROR]
    if losing:
        yield bad(
            "kernel",
            f"settings that lose or delay large messages: {', '.join(losing)}",
            wanted="the values of the profile",
            remedy=remedy,
            grade=Grade.WARNING,
        )
    else:
        yield good("kernel", "its settings suit the profile")


def container(facts: Facts) -> Iterator[Check]:
    """Whether what confines this process leaves enough."""
    found = facts.container
    limits = (
        ("memory", found.memory_max_bytes, MEMORY_WANTED_BYTES, "raise the memory limit (--memory)"),
        ("CPUs", found.cpus, CPUS_WANTED, "raise the CPU limit (--cpus)"),
        ("shared memory", found.shm_bytes, SHM_WANTED_BYTES, "docker run --shm-size=256m, or --ipc=host"),
    )
    tight = [one for one in limits if one[1] is not None and one[1] < one[2]]
    for what, seen, wanted, remedy in tight:
        yield bad(
            "container",
            f"{what}: {seen:g}",
            wanted=f"at least {wanted:g}",
            remedy=remedy,
            grade=Grade.WARNING,
        )
    if not tight:
        yield good("container", f"in {found.kind}, no tight limit" if found.kind else "none, or no limit")


def interfaces(facts: Facts) -> Iterator[Check]:
    """Whether the interfaces that DDS uses can be used."""
    hop, wanted = "interfaces", facts.wanted
    if not wanted.dds:
        yield skipped(hop, "a router without DDS")
        return
    by_name = {name: one for one in facts.interfaces for name in (one.name, *one.addresses)}
    missing = [name for name in wanted.interfaces if name not in by_name]
    for name in missing:
        known = ", ".join(one.name for one in facts.interfaces)
        yield bad(
            hop, f"no interface {name}", wanted="ros.interfaces that exist", remedy=f"choose of {known}"
        )
    chosen = [by_name[name] for name in wanted.interfaces if name in by_name] or _candidates(facts)
    if not chosen and not missing:
        yield bad(
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
        return bad(hop, f"{one.name} is down", wanted="up", remedy=f"`ip link set {one.name} up`")
    if loopback_only or one.loopback:
        return good(hop, f"{one.name} is up; DDS stays on this host, without multicast")
    if not one.multicast:
        remedy = f"`ip link set {one.name} multicast on`, or name the other hosts in ros.static_peers"
        return bad(hop, f"multicast is off on {one.name}", wanted="on: DDS discovers by it", remedy=remedy)
    if one.echo is False:
        remedy = "let the firewall pass UDP to 239.255.0.1 and from port 7400 on; or use ros.static_peers"
        return bad(hop, f"multicast on {one.name} does not come back", wanted="that it does", remedy=remedy)
    return good(hop, f"{one.name} is up, with multicast")
