"""What is said on /diagnostics, and its bytes as rclpy reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from bridge.core.diagnostics import MAX_FINDINGS, MAX_LINKS, Level, Status, encode, out_of_order, statuses
from bridge.core.linkinfo import ConnectionInfo, ConnectionsInfo, LinkInfo
from bridge.core.status import AgentFacts, AgentState, Finding, RouteCounters, Severity
from tests.bridge.facts import facts, probe, route
from tests.integration.support.processes import OTHER_ENVIRONMENT


def told(found: AgentFacts) -> dict[str, Status]:
    """By the part of the name behind what is the same in all."""
    made = statuses(found, host="robot1")
    assert all(one.name.startswith("zenlink robot1 domain 7: ") for one in made)
    assert all(one.hardware_id == "robot1" for one in made)
    return {one.name.partition(": ")[2]: one for one in made}


def with_agent(found: AgentFacts, **changes) -> AgentFacts:
    return replace(found, agent=replace(found.agent, **changes))


def finding(severity: Severity, number: int = 0) -> Finding:
    return Finding(code=f"code{number}", severity=severity, subject="/scan", text="is bad", remedy="mend it")


def test_a_healthy_agent_is_well():
    found = told(facts(route("/chatter", messages=3)))
    assert list(found) == ["agent", "findings", "link to tcp/127.0.0.1:2", "link with c3d4"]
    assert {one.level for one in found.values()} == {Level.OK}
    values = dict(found["agent"].values)
    assert (values["messages egress"], values["links"], values["nodes"]) == ("3", "1", "1")
    measured = dict(found["link with c3d4"].values)
    assert (measured["round trip p99 ms"], measured["probes lost"]) == ("20", "1")


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (AgentState.ACTIVE, Level.OK),
        (AgentState.STANDBY, Level.OK),
        (AgentState.STARTING, Level.WARN),
        (AgentState.DRAINING, Level.WARN),
    ],
)
def test_the_level_of_the_agent_is_that_of_its_state(state, level):
    agent = told(facts(state=state))["agent"]
    assert agent.level is level
    assert agent.message.startswith(state.value)


@pytest.mark.parametrize(
    ("severities", "level", "message"),
    [
        ([Severity.INFO], Level.OK, "none"),
        ([Severity.INFO, Severity.WARNING], Level.WARN, "1: code1"),
        ([Severity.WARNING, Severity.ERROR], Level.ERROR, "2: code0, code1"),
    ],
)
def test_findings_are_as_bad_as_the_worst(severities, level, message):
    found = tuple(finding(severity, number) for number, severity in enumerate(severities))
    status = told(with_agent(facts(), findings=found))["findings"]
    assert (status.level, status.message) == (level, message)
    assert status.values[0] == ("code0 [/scan]", "is bad; mend it")


@pytest.mark.parametrize(
    ("state", "level"), [("met", Level.OK), ("missed", Level.WARN), ("silent", Level.ERROR)]
)
def test_a_link_is_as_well_as_it_measures(state, level):
    [latency] = probe().latencies
    changed = replace(probe(), latencies=(replace(latency, state=state, text=""),))
    link = told(with_agent(facts(), probe=changed))["link with c3d4"]
    assert (link.level, link.message) == (level, state)


def test_a_configured_link_that_is_down_is_an_error():
    down = ConnectionInfo(endpoint="tls/cloud:7447", up=False, reconnects=2)
    link = told(with_agent(facts(), connections=ConnectionsInfo(configured=(down,))))[
        "link to tls/cloud:7447"
    ]
    assert (link.level, link.message) == (Level.ERROR, "no link")


def test_two_links_to_one_neighbour_are_one_status_since_names_must_differ():
    links = tuple(LinkInfo(zid="c3d4", whatami="peer", src="tcp/a:1", dst=f"tcp/b:{n}") for n in range(3))
    made = statuses(with_agent(facts(), links=links), host="robot1")
    assert len({one.name for one in made}) == len(made)


def test_drops_and_losses_are_summed_by_cause():
    counters = RouteCounters(messages=1, drops=(("queue_full", 2),), lost=(("link", 3),))
    routes = [route(name, counters=counters) for name in ("/a", "/b", "/gone")]
    found = replace(facts(*routes[:2]), past=((routes[2].spec, counters),))
    values = dict(told(found)["agent"].values)
    assert (values["messages egress"], values["drops queue_full"], values["lost link"]) == ("3", "6", "9")


def test_it_is_bounded():
    links = tuple(LinkInfo(zid=f"{n:x}", whatami="peer", src="", dst="") for n in range(1, 500))
    many = with_agent(facts(), links=links, findings=(finding(Severity.ERROR),) * 500)
    found = told(many)
    assert len(found) == 2 + MAX_LINKS
    assert len(found["findings"].values) == MAX_FINDINGS
    assert found["findings"].message.startswith("500: ")


def test_an_agent_that_does_not_answer_says_so_in_one_status():
    [one] = out_of_order("the agent did not answer in 5 s", host="robot1", domain_id=7)
    assert (one.level, one.name) == (Level.ERROR, "zenlink robot1 domain 7: agent")


_READ = """
import json, sys
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.serialization import deserialize_message
for line in sys.stdin:
    read = deserialize_message(bytes.fromhex(line), DiagnosticArray)
    stamp_ns = read.header.stamp.sec * 10**9 + read.header.stamp.nanosec
    statuses = [
        [one.level[0], one.name, one.message, one.hardware_id, [[kv.key, kv.value] for kv in one.values]]
        for one in read.status
    ]
    print(json.dumps([stamp_ns, statuses]))
"""
MESSAGES = [
    (0, []),
    (1_700_000_000_123_456_789, [Status(level=Level.OK, name="", message="", hardware_id="")]),
    *(
        (
            number,
            [
                Status(
                    level=level,
                    name="n" * number,
                    message="Grüße, 日本" * (number % 3),
                    hardware_id="h" * (number // 2),
                    values=tuple((f"key{n}", "v" * n) for n in range(number % 4)),
                )
                for level in Level
            ],
        )
        for number in range(9)  # every alignment
    ),
]


def test_rclpy_reads_what_was_meant():
    """In a process of its own, which keeps rclpy's libraries away from the Cyclone DDS of other tests."""
    pytest.importorskip("diagnostic_msgs")
    payloads = [encode(found, stamp_ns=stamp_ns).hex() for stamp_ns, found in MESSAGES]
    environment = {name: text for name, text in os.environ.items() if name not in OTHER_ENVIRONMENT}
    done = subprocess.run(
        [sys.executable, "-c", _READ],
        input="\n".join(payloads),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    meant = [
        [
            stamp_ns,
            [
                [one.level.value, one.name, one.message, one.hardware_id, [list(pair) for pair in one.values]]
                for one in found
            ],
        ]
        for stamp_ns, found in MESSAGES
    ]
    assert [json.loads(line) for line in done.stdout.splitlines()] == meant


def test_a_nul_would_end_a_text_and_is_left_out():
    with_nul = [Status(level=Level.OK, name="a\0b", message="", hardware_id="")]
    without = [Status(level=Level.OK, name="ab", message="", hardware_id="")]
    assert encode(with_nul, stamp_ns=0) == encode(without, stamp_ns=0)


def test_a_lone_surrogate_does_not_end_it():
    encode([Status(level=Level.OK, name="\ud800", message="", hardware_id="")], stamp_ns=0)
