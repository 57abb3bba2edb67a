"""Each planted fault is named where it is, and a healthy host has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.status import Finding, Severity
from bridge.doctor.check import Check, Grade
from bridge.doctor.checks import judge
from bridge.doctor.facts import Clock, Container, Domain, Facts, Interface, Neighbour, Wanted

LO = Interface(name="lo", addresses=("127.0.0.1",), up=True, multicast=False, loopback=True)
ETH0 = Interface(name="eth0", addresses=("10.0.0.2",), up=True, multicast=True, echo=True)
DOMAIN = Domain(echo_ms=0.4, participants=3, agents=1)
HEALTHY = Facts(
    wanted=Wanted(domain_id=7, loopback_only=False),
    kernel=(),
    rmem_max_bytes=33_554_432,
    interfaces=(ETH0, LO),
    domain=DOMAIN,
    other_domains=(3,),
    neighbours=(Neighbour(endpoint="tls/router:7447", good=True, seen="answers", remedy=""),),
    clock_synchronised=True,
    container=Container(memory_max_bytes=1 << 30, cpus=2.0, shm_bytes=1 << 30),
    agent_state="active",
)


def finding(severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        code="expired", severity=severity, subject="a.pem", text="ended yesterday", remedy="issue one"
    )


def of(facts: Facts, *grades: Grade) -> list[Check]:
    return [check for check in judge(facts) if check.grade in grades]


def wanted(**changes) -> Wanted:
    return replace(HEALTHY.wanted, **changes)


def domain(**changes) -> Domain:
    return replace(DOMAIN, **changes)


def test_a_healthy_host_has_nothing_to_do():
    checks = judge(HEALTHY)
    assert {check.grade for check in checks} == {Grade.GOOD}
    assert not any(check.remedy for check in checks)


FAULTS = {
    "no permission": ({"control": "/run cannot be written"}, "permission", "/run"),
    "tiny rmem_max": ({"rmem_max_bytes": 4096}, "kernel", "rmem_max is 4096"),
    "interface missing": ({"wanted": wanted(interfaces=("wlan7",))}, "interfaces", "no interface wlan7"),
    "interface down": (
        {"wanted": wanted(interfaces=("eth0",)), "interfaces": (replace(ETH0, up=False), LO)},
        "interfaces",
        "eth0 is down",
    ),
    "no interface": ({"interfaces": (replace(ETH0, up=False), LO)}, "interfaces", "no interface that is up"),
    "loopback down": (
        {"wanted": wanted(loopback_only=True), "interfaces": (replace(LO, up=False),)},
        "interfaces",
        "no interface that is up",
    ),
    "multicast off": (
        {"interfaces": (replace(ETH0, multicast=False),)},
        "interfaces",
        "multicast is off on eth0",
    ),
    "multicast filtered": ({"interfaces": (replace(ETH0, echo=False),)}, "interfaces", "does not come back"),
    "domain not joined": ({"domain": Domain(error="cannot join", remedy="do it")}, "dds", "cannot join"),
    "no echo": ({"domain": domain(echo_ms=None)}, "dds", "did not arrive"),
    "wrong domain": ({"domain": domain(participants=0)}, "participants", "some on domain 3"),
    "second bridge": (
        {"domain": domain(foreign=("/zenoh_bridge_ros2dds",))},
        "bridges",
        "/zenoh_bridge_ros2dds",
    ),
    "another bridge and nobody else": (
        {"domain": domain(participants=0, foreign=("/zenoh_bridge_ros2dds",))},
        "bridges",
        "/zenoh_bridge_ros2dds",
    ),
    "RMW of Zenoh": ({"wanted": wanted(rmw="rmw_zenoh_cpp")}, "rmw", "rmw_zenoh_cpp"),
    "package missing": (
        {"domain": domain(missing_types=(("a_msgs/srv/B", "package a_msgs is not there"),))},
        "packages",
        "a_msgs is not there",
    ),
    "port closed": (
        {"neighbours": (Neighbour(endpoint="tcp/r:1", good=False, seen="port closed", remedy="open it"),)},
        "zenoh",
        "tcp/r:1: port closed",
    ),
    "certificate expired": ({"certificates": (finding(),)}, "certificates", "expired [a.pem]"),
    "clock 2 s ahead": (
        {"clocks": (Clock(target="b2", offset_s=2.0, bound_s=0.01),)},
        "clock",
        "2.0 s ahead",
    ),
    "clock 2 s behind": (
        {"clocks": (Clock(target="b2", offset_s=-2.0, bound_s=0.01),)},
        "clock",
        "2.0 s behind",
    ),
    "what the agent found": ({"agent_findings": (finding(),)}, "agent", "ended yesterday"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_once_with_its_remedy_and_no_other_is_invented(fault):
    changes, hop, words = FAULTS[fault]
    [found] = of(replace(HEALTHY, **changes), Grade.FAULT)
    assert found.hop == hop
    assert words in found.seen
    assert found.remedy


WARNINGS = {
    "untuned kernel": ({"kernel": (finding(),)}, "kernel"),
    "nobody anywhere": ({"domain": domain(participants=0), "other_domains": ()}, "participants"),
    "two agents": ({"domain": domain(agents=2)}, "bridges"),
    "no rclpy": ({"rclpy": "not here"}, "rmw"),
    "clock alone": ({"clock_synchronised": False}, "clock"),
    "little memory": ({"container": Container(memory_max_bytes=1 << 20)}, "container"),
    "little CPU": ({"container": Container(cpus=0.1)}, "container"),
    "little shared memory": ({"container": Container(shm_bytes=1 << 20)}, "container"),
    "certificate ends soon": ({"certificates": (finding(Severity.WARNING),)}, "certificates"),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_what_works_but_worse_than_it_could_is_no_fault(case):
    changes, hop = WARNINGS[case]
    facts = replace(HEALTHY, **changes)
    assert [check.hop for check in of(facts, Grade.WARNING)] == [hop]
    assert of(facts, Grade.FAULT) == []


def test_what_could_not_be_looked_at_is_said_and_is_no_fault():
    nothing = Facts(wanted=wanted(dds=False), interfaces=(LO,))
    assert of(nothing, Grade.FAULT, Grade.WARNING) == []
    skipped = {check.hop for check in of(nothing, Grade.SKIPPED)}
    assert skipped >= {
        "kernel",
        "interfaces",
        "dds",
        "participants",
        "bridges",
        "packages",
        "zenoh",
        "clock",
        "agent",
    }


def test_an_offset_that_may_be_none_is_no_fault():
    clocks = (Clock(target="b2", offset_s=2.0, bound_s=1.8), Clock(target="c3", offset_s=0.4, bound_s=0.0))
    assert of(replace(HEALTHY, clocks=clocks), Grade.FAULT) == []


def test_dds_on_this_host_alone_needs_no_multicast():
    facts = replace(
        HEALTHY, wanted=wanted(loopback_only=True), interfaces=(LO, replace(ETH0, multicast=False))
    )
    assert of(facts, Grade.FAULT) == []
