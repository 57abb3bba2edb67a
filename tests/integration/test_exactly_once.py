"""However many agents serve a domain, and however they are linked, a message crosses once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.relay import Relay
from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.routers import router
from tests.integration.support.stalls import stalls

RATE_HZ = 50.0
TAKEOVER_S = 3.0
DEPTH = 1000
"""Of subscriptions: deep enough for whatever a stall lets arrive at once."""


def by_state(agents: Sequence[Agent]) -> dict[str, Agent]:
    """The agent that routes and the one that stands by."""
    return {str(one.status()["state"]): one for one in agents}


def settled(*agents: Agent) -> bool:
    return sorted(str(one.status()["state"]) for one in agents) == ["active", "standby"]


def finding(one: Agent, code: str) -> dict[str, Any]:
    """The finding of that code, when there is one."""
    return next((found for found in one.status()["findings"] if found["code"] == code), {})


@contextlib.contextmanager
def stream(topic: str, *, source: int, sinks: Sequence[int]) -> Iterator[tuple[RosNode, list[RosNode]]]:
    """A talker in one domain that does not talk yet, and a counter in each of the others."""
    with contextlib.ExitStack() as stack:
        tallies = [
            stack.enter_context(ros_node("tally", domain=sink, topic=topic, depth=DEPTH)) for sink in sinks
        ]
        yield stack.enter_context(ros_node("talker", domain=source, topic=topic)), tallies


@contextlib.contextmanager
def both_ways(near: int, far: int) -> Iterator[tuple[list[RosNode], list[RosNode]]]:
    """(talkers, tallies): /out from the near domain to the far one, /in the other way."""
    with (
        stream("/out", source=near, sinks=[far]) as (talker_out, tallies_out),
        stream("/in", source=far, sinks=[near]) as (talker_in, tallies_in),
    ):
        yield [talker_out, talker_in], [*tallies_out, *tallies_in]


def start(talkers: Sequence[RosNode], tallies: Sequence[RosNode]) -> None:
    """Begin to talk, once every talker and counter has its other half; wait for the first messages."""
    eventually(lambda: all(min(talker.call("subscribers")) >= 1 for talker in talkers))
    for talker in talkers:
        talker.call("start_stream", rate_hz=RATE_HZ)
    flow(tallies)


def flow(tallies: Sequence[RosNode]) -> None:
    """Wait until every counter has got messages that it had not."""
    last = [tally.call("summary")["last"] for tally in tallies]
    eventually(
        lambda: all(
            tally.call("summary")["last"] > before for tally, before in zip(tallies, last, strict=True)
        )
    )


def all_arrived(talker: RosNode, tallies: Sequence[RosNode], *, copies: int = 1) -> None:
    """Every message since the first that crossed, each so many times. Ends the stream."""
    sent = talker.call("stop_stream")
    for tally in tallies:
        eventually(lambda tally=tally: tally.call("summary")["last"] == sent - 1)
        eventually(lambda tally=tally: complete(tally.call("summary"), copies))


def complete(summary: dict[str, Any], copies: int) -> bool:
    numbers = summary["last"] - summary["first"] + 1
    assert summary["count"] <= copies * numbers, summary
    return summary["lost"] == 0 and summary["count"] == copies * numbers


def none_doubled(tallies: Sequence[RosNode]) -> None:
    assert [tally.call("summary")["doubled"] for tally in tallies] == [0] * len(tallies)


@contextlib.contextmanager
def two_on_one_domain() -> Iterator[tuple[list[Agent], Agent, int, int]]:
    """Two agents on the near domain, both linked to the one of the far domain; settled."""
    with (
        domains(2) as (near, far),
        agent(domain=far) as hub,
        agent(domain=near, connect=[hub]) as one,
        agent(domain=near, connect=[hub]) as two,
    ):
        eventually(lambda: settled(one, two))
        yield [one, two], hub, near, far


def test_of_two_agents_on_a_domain_one_routes_and_each_message_crosses_once() -> None:
    with two_on_one_domain() as (pair, _, near, far), both_ways(near, far) as (talkers, tallies):
        start(talkers, tallies)
        eventually(lambda: all(tally.call("summary")["count"] > 100 for tally in tallies))
        for talker, tally in zip(talkers, tallies, strict=True):
            all_arrived(talker, [tally])
        assert settled(*pair)


def test_the_agent_that_stands_by_says_so_and_names_both() -> None:
    with two_on_one_domain() as (pair, _, _, _):
        roles = by_state(pair)
        active, standby = roles["active"].status()["zid"], roles["standby"].status()["zid"]
        told = eventually(lambda: finding(roles["standby"], "standing_by"))
        assert active in told["text"]
        assert standby in told["text"]
        told = eventually(lambda: finding(roles["active"], "spare_agent"))
        assert active in told["text"]
        assert standby in told["text"]


@pytest.mark.alone  # measures a time
def test_when_the_active_agent_is_killed_the_other_takes_over_within_three_seconds() -> None:
    with (
        two_on_one_domain() as (pair, _, near, far),
        both_ways(near, far) as (talkers, tallies),
        stalls() as stood,
    ):
        start(talkers, tallies)
        roles = by_state(pair)
        roles["active"].kill()
        flow(tallies)
        eventually(lambda: roles["standby"].status()["state"] == "active")
        flow(tallies)
        silences_s = [tally.call("longest_silence_s") for tally in tallies]
        print(f"takeover: out {silences_s[0]:.3f} s, in {silences_s[1]:.3f} s")
        assert max(silences_s) < TAKEOVER_S + stood.longest_s()
        none_doubled(tallies)


def test_an_agent_that_returns_finds_its_place_without_doubling_anything() -> None:
    with two_on_one_domain() as (pair, _, near, far), both_ways(near, far) as (talkers, tallies):
        start(talkers, tallies)
        for _ in range(3):
            returning = by_state(pair)["active"]
            returning.kill()
            returning.start()
            eventually(lambda: settled(*pair))
            flow(tallies)
        none_doubled(tallies)


@pytest.mark.timeout(300)
def test_a_router_that_dies_and_returns_leaves_one_of_two_agents_routing() -> None:
    with domains(2) as (near, far), router() as middle, contextlib.ExitStack() as stack:
        zenoh = {"zenoh": {"listen": [], "connect": [middle.endpoint]}}
        stack.enter_context(agent(domain=far, settings=zenoh))
        pair = [stack.enter_context(agent(domain=near, settings=zenoh)) for _ in range(2)]
        eventually(lambda: settled(*pair))
        talkers, tallies = stack.enter_context(both_ways(near, far))
        start(talkers, tallies)
        for _ in range(5):
            middle.kill()
            eventually(lambda: not any(one.status()["links"] for one in pair))
            middle.start()
            flow(tallies)
            eventually(lambda: settled(*pair) and all(one.status()["links"] for one in pair))
            flow(tallies)
            none_doubled(tallies)


def test_two_networks_on_one_domain_both_carry_and_neither_carries_the_others() -> None:
    """Near and far domain are joined by two separate Zenoh networks, so two copies arrive, and no third."""
    with (
        domains(2) as (near, far),
        agent(domain=near) as one_near,
        agent(domain=near) as two_near,
        agent(domain=far, connect=[one_near]) as one_far,
        agent(domain=far, connect=[two_near]) as two_far,
        stream("/out", source=near, sinks=[far, near]) as (talker, (there, here)),
    ):
        agents = (one_near, two_near, one_far, two_far)
        eventually(lambda: [one.status()["state"] for one in agents] == ["active"] * 4)
        eventually(lambda: all(one.crosses("/out") for one in agents))
        eventually(lambda: len(there.call("writers")) == 2)
        eventually(
            lambda: talker.call("subscribers") == [3]
        )  # the counter here, and one reader of each agent
        start([talker], [there, here])
        eventually(lambda: there.call("summary")["count"] > 100)
        all_arrived(talker, [there], copies=2)
        assert here.call("summary")["doubled"] == 0
        for one in agents:
            assert finding(one, "agent_on_domain")
        for one in (one_near, two_near):
            assert one.route("/out", "ingress")["remote"] == []  # it is there for the counter here
        for one in (one_far, two_far):
            assert one.route("/out", "egress") is None


def test_a_triangle_of_routers_delivers_each_message_once() -> None:
    with (
        domains(3) as (first, second, third),
        agent(domain=first) as one,
        agent(domain=second, connect=[one]) as two,
        agent(domain=third, connect=[one, two]) as three,
        stream("/out", source=first, sinks=[second, third]) as (talker, tallies),
    ):
        eventually(lambda: [len(one.status()["links"]) for one in (one, two, three)] == [2, 2, 2])
        eventually(lambda: all(len(tally.call("writers")) == 1 for tally in tallies))
        start([talker], tallies)
        eventually(lambda: all(tally.call("summary")["count"] > 100 for tally in tallies))
        all_arrived(talker, tallies)


@pytest.mark.parametrize("farewell", ["stop", "kill"])
def test_a_foreign_bridge_on_the_domain_makes_us_stand_by_until_it_is_gone(farewell: str) -> None:
    with (
        domains(2) as (near, far),
        agent(domain=far) as hub,
        agent(domain=near, connect=[hub]) as ours,
        stream("/out", source=near, sinks=[far]) as (talker, tallies),
        ros_node("cyclone", domain=near, name="zenoh_bridge_ros2dds") as foreign,
    ):
        eventually(lambda: ours.status()["state"] == "standby")
        told = eventually(lambda: finding(ours, "foreign_bridge"))
        assert "/zenoh_bridge_ros2dds" in told["text"]
        assert ours.status()["zid"] in told["text"]
        assert ours.routes("/out") == []
        getattr(foreign, farewell)()
        eventually(lambda: ours.status()["state"] == "active")
        start([talker], tallies)
        all_arrived(talker, tallies)


def cut_off(roles: dict[str, Agent], links: dict[Path, Relay], tallies: Sequence[RosNode]) -> None:
    """Cut the link of the active agent, see its spare take over, heal the link."""
    link = links[roles["active"].socket]
    link.cut()
    eventually(lambda: roles["standby"].status()["state"] == "active")
    flow(tallies)
    link.heal()


@pytest.mark.timeout(300)
def test_an_agent_whose_link_was_cut_yields_to_its_spare_and_doubles_nothing_when_it_is_back() -> None:
    with (
        domains(2) as (near, far),
        agent(domain=far) as hub,
        Relay(int(hub.endpoint.rpartition(":")[2])) as first_link,
        Relay(int(hub.endpoint.rpartition(":")[2])) as second_link,
        agent(domain=near, settings={"zenoh": {"connect": [first_link.endpoint]}}) as first,
        agent(domain=near, settings={"zenoh": {"connect": [second_link.endpoint]}}) as second,
        both_ways(near, far) as (talkers, tallies),
    ):
        links = {first.socket: first_link, second.socket: second_link}
        eventually(lambda: settled(first, second))
        start(talkers, tallies)
        for _ in range(5):
            cut_off(by_state([first, second]), links, tallies)
            eventually(
                lambda: first.status()["links"] and second.status()["links"] and settled(first, second)
            )
            flow(tallies)
            none_doubled(tallies)
