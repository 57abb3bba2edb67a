"""What a message meets in the DDS domain: participants, other bridges, the RMW and its types. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.doctor.check import Check, Grade, bad, good, skipped
from bridge.doctor.facts import Domain, Facts


def domain(facts: Facts) -> Iterator[Check]:
    """Whether the domain can be joined, and a message crosses it."""
    hop, found = "dds", facts.domain
    if found is None:
        yield skipped(hop, "a router without DDS")
    elif found.error:
        yield bad(hop, found.error, wanted="that the domain can be joined", remedy=found.remedy)
    elif found.echo_ms is None:
        remedy = "check CYCLONEDDS_URI, and the firewall on the interface's own address"
        yield bad(hop, "a message to ourselves did not arrive", wanted="that it does", remedy=remedy)
    else:
        yield good(
            hop, f"domain {facts.wanted.domain_id}: a message to ourselves took {found.echo_ms:.2f} ms"
        )


def _joined(facts: Facts) -> Domain | None:
    return facts.domain if facts.domain is not None and not facts.domain.error else None


def participants(facts: Facts) -> Iterator[Check]:
    """Whether there is anybody to bridge."""
    hop, found, mine = "participants", _joined(facts), facts.wanted.domain_id
    if found is None:
        yield skipped(hop, "the domain was not joined")
    elif found.participants:
        yield good(hop, f"{found.participants} others on domain {mine}")
    elif facts.other_domains and not found.foreign:  # where another bridge is, the domain is meant
        others = ", ".join(map(str, facts.other_domains))
        yield bad(
            hop,
            f"nobody on domain {mine}, but on this host there are some on domain {others}",
            wanted="the domain of the nodes",
            remedy="set ros.domain_id (--domain, ROS_DOMAIN_ID) to theirs",
        )
    else:
        yield bad(
            hop,
            f"nobody on domain {mine}",
            wanted="nodes to bridge",
            remedy="start one; if there is one: its ROS_DOMAIN_ID, its discovery range, its RMW (a DDS one?)",
            grade=Grade.WARNING,
        )


def bridges(facts: Facts) -> Iterator[Check]:
    """Whether somebody else bridges the domain."""
    hop, found = "bridges", _joined(facts)
    if found is None:
        yield skipped(hop, "the domain was not joined")
        return
    if found.foreign:
        yield bad(
            hop,
            f"a bridge of somebody else on the domain: {', '.join(found.foreign)}",
            wanted="one bridge a domain: two would double every message; ours stands by",
            remedy="stop one of them",
        )
    elif found.agents > 1:
        yield bad(
            hop,
            f"{found.agents} agents on the domain",
            wanted="one, or a spare on purpose",
            remedy="stop those that are not meant; `zenlink status` says which one routes",
            grade=Grade.WARNING,
        )
    else:
        yield good(hop, "no second bridge on the domain")


def rmw(facts: Facts) -> Iterator[Check]:
    """Whether services of all nodes can be served."""
    hop, rmw = "rmw", facts.wanted.rmw
    if "zenoh" in rmw:
        remedy = "RMW_IMPLEMENTATION=rmw_fastrtps_cpp or rmw_cyclonedds_cpp"
        yield bad(hop, f"RMW_IMPLEMENTATION is {rmw}", wanted="an RMW on DDS", remedy=remedy)
    elif facts.rclpy:
        yield bad(
            hop,
            f"no rclpy: {facts.rclpy}",
            wanted="rclpy, for services of Fast DDS nodes",
            remedy="source the ROS installation before the agent starts; topics need none",
            grade=Grade.WARNING,
        )
    else:
        yield good(hop, rmw or "the default of the ROS installation")


def packages(facts: Facts) -> Iterator[Check]:
    """Whether the types of all services can be loaded."""
    hop, found = "packages", _joined(facts)
    if found is None or facts.rclpy:
        yield skipped(hop, "needs the domain and rclpy")
        return
    for ros_type, why in found.missing_types:
        yield bad(hop, why, wanted=f"the package of {ros_type}", remedy="install or source it, then restart")
    if not found.missing_types:
        yield good(hop, "every service type on the domain can be loaded")
