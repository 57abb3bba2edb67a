"""What does not arrive is known: its number, and why."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from tests.fakes.relay import Relay
from tests.integration.support import agent, domains, eventually, ros_node
from tests.integration.support.checker import all_losses_are_counted
from tests.integration.support.routers import router
from tests.integration.support.traffic import TOPIC, flows, traffic, under_way

pytestmark = pytest.mark.alone  # what is lost for a reason of its own is to be none of the machine's

RATE_HZ = 200.0
AWAITED_S = 120.0
"""Longer than a router takes to start. For an agent that is waited for no longer nothing is taken from DDS:
no loss by the contract, but one to the checker."""


def test_what_a_cut_link_swallows_is_counted_as_the_links() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        Relay(int(left.endpoint.rpartition(":")[2])) as relay,
        agent(domain=station, settings={"zenoh": {"connect": [relay.endpoint]}}) as right,
        traffic(robot, station, rate_hz=RATE_HZ) as (talker, tally),
    ):
        under_way(tally, rate_hz=RATE_HZ)
        for _repeat in range(3):
            relay.cut()
            eventually(lambda: not left.status()["links"] and not right.status()["links"])
            relay.heal()
            flows(tally)
        counts = all_losses_are_counted(talker, tally, [left, right])
        assert counts["lost link"] == sum(counts.values()) > RATE_HZ


def test_what_a_killed_router_takes_along_is_counted() -> None:
    with domains(2) as (robot, station), router() as middle, contextlib.ExitStack() as stack:
        zenoh = {"listen": [], "connect": [middle.endpoint], "link_grace_s": AWAITED_S}
        left = stack.enter_context(agent(domain=robot, settings={"zenoh": zenoh}))
        right = stack.enter_context(agent(domain=station, settings={"zenoh": zenoh}))
        talker, tally = stack.enter_context(traffic(robot, station, rate_hz=RATE_HZ))
        under_way(tally, rate_hz=RATE_HZ)
        for _repeat in range(3):
            middle.kill()
            eventually(lambda: not left.status()["links"] and not right.status()["links"])
            middle.start()
            flows(tally)
        counts = all_losses_are_counted(talker, tally, [left, right])
        assert counts["lost link"] == sum(counts.values()) > 0


def test_one_of_two_stations_knows_what_it_missed() -> None:
    """The other one misses nothing, so the robot's side cannot tell."""
    with (
        domains(3) as (robot, station, other),
        agent(domain=robot) as left,
        Relay(int(left.endpoint.rpartition(":")[2])) as relay,
        agent(domain=station, settings={"zenoh": {"connect": [relay.endpoint]}}) as right,
        agent(domain=other, connect=[left]) as near,
        traffic(robot, station, rate_hz=RATE_HZ) as (talker, tally),
        ros_node("tally", domain=other, topic=TOPIC, depth=1000) as neighbour,
    ):
        for one in (neighbour, tally):
            under_way(one, rate_hz=RATE_HZ)
        relay.cut()
        eventually(lambda: not right.status()["links"])
        relay.heal()
        flows(tally)
        counts = all_losses_are_counted(talker, tally, [left, right])
        assert counts["lost link"] == sum(counts.values()) > RATE_HZ
        assert near.route(TOPIC, "ingress")["counters"]["lost"] == {}
        assert left.route(TOPIC, "egress")["counters"]["lost"] == {}
        summary = neighbour.call("summary")
        assert (summary["lost"], summary["doubled"]) == (0, 0)


def denying(topic: str) -> dict[str, Any]:
    """Access control that lets everything pass but the samples of one topic."""
    return {
        "enabled": True,
        "default_permission": "allow",
        "rules": [
            {
                "id": "swallow",
                "messages": ["put"],
                "flows": ["ingress", "egress"],
                "permission": "deny",
                "key_exprs": [topic.removeprefix("/")],
            }
        ],
        "subjects": [{"id": "all"}],
        "policies": [{"rules": ["swallow"], "subjects": ["all"]}],
    }


def test_a_topic_that_a_router_swallows_is_a_finding_and_its_losses_are_counted() -> None:
    with (
        domains(3) as (robot, station, nowhere),
        agent(
            domain=nowhere,
            settings={
                "ros": {"enabled": False},
                "zenoh": {"extra": {"access_control": denying(TOPIC)}},
            },
        ) as middle,
        agent(domain=robot, connect=[middle], settings={"zenoh": {"listen": []}}),
        agent(domain=station, connect=[middle], settings={"zenoh": {"listen": []}}) as right,
        traffic(robot, station),
    ):
        finding = eventually(
            lambda: [one for one in right.status()["findings"] if one["code"] == "route_silent"]
        )[0]
        assert TOPIC in finding["subject"]
        counters = eventually(
            lambda: (found := right.route(TOPIC, "ingress")["counters"])["rebuilds"] > 1 and found
        )
        assert counters["messages"] == 0
        assert counters["lost"]["unknown"] > 0
