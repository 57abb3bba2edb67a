"""Whatever starts, dies or loses its link, in any order: traffic flows again, and nothing comes twice."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bridge.demo.places import free_tcp_port
from tests.fakes.relay import Relay
from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.routers import router
from tests.integration.support.traffic import (
    DEPTH,
    RATE_HZ,
    TOPIC,
    flows,
    nothing_was_lost_or_doubled,
    traffic,
)

pytestmark = pytest.mark.alone  # a lease of 1.5 s ends where the machine stands still

UNREAD = "/unread"
RESTARTS = 10


def agree(source: Agent, sink: Agent) -> bool:
    """Both agents show one active route, and each names the other and nobody else."""
    out, into = source.route(TOPIC, "egress"), sink.route(TOPIC, "ingress")
    assert out is not None
    assert into is not None
    assert (out["active"], out["remote"]) == (True, [sink.status()["zid"]])
    assert (into["active"], into["remote"]) == (True, [source.status()["zid"]])
    return True


@contextlib.contextmanager
def linked(**zenoh: Any) -> Iterator[tuple[Agent, Agent, RosNode, RosNode]]:
    """Two agents, the station's linked to the robot's, with the traffic running."""
    with (
        domains(2) as (robot, station),
        agent(domain=robot, settings={"zenoh": zenoh}) as left,
        agent(domain=station, connect=[left], settings={"zenoh": zenoh}) as right,
        traffic(robot, station) as (talker, tally),
    ):
        flows(tally)
        yield left, right, talker, tally


@contextlib.contextmanager
def relayed(
    *, lease_s: float = 1.5, **faults: float
) -> Iterator[tuple[Relay, Agent, Agent, RosNode, RosNode]]:
    """As `linked`, with a relay in the link."""
    with (
        domains(2) as (robot, station),
        agent(domain=robot, settings={"zenoh": {"lease_s": lease_s}}) as left,
        Relay(int(left.endpoint.rpartition(":")[2]), **faults) as relay,
        agent(domain=station, settings={"zenoh": {"connect": [relay.endpoint], "lease_s": lease_s}}) as right,
        traffic(robot, station) as (talker, tally),
    ):
        flows(tally)
        yield relay, left, right, talker, tally


@pytest.mark.parametrize(
    ("mode", "order"),
    [
        ("router", "router left right talker tally"),
        ("router", "talker tally left right router"),
        ("router", "tally right router left talker"),
        ("router", "right tally talker router left"),
        ("peer", "left talker router tally right"),
        ("peer", "talker tally right left router"),
        ("client", "router tally left talker right"),
    ],
)
def test_every_start_order_ends_in_the_same_traffic(mode: str, order: str) -> None:
    """The mode is the left agent's; the right one is a router, as a router relays between no two peers."""
    with domains(2) as (robot, station), contextlib.ExitStack() as stack:
        port = free_tcp_port()

        def edge(domain: int, mode: str) -> Agent:
            zenoh = {"mode": mode, "listen": [], "connect": [f"tcp/127.0.0.1:{port}"]}
            return stack.enter_context(agent(domain=domain, settings={"zenoh": zenoh}))

        def talking() -> RosNode:
            node = stack.enter_context(ros_node("talker", domain=robot, topic=TOPIC, depth=DEPTH))
            node.call("start_stream", rate_hz=RATE_HZ)
            return node

        start: dict[str, Callable[[], Any]] = {
            "router": lambda: stack.enter_context(router(port=port)),
            "left": lambda: edge(robot, mode),
            "right": lambda: edge(station, "router"),
            "talker": talking,
            "tally": lambda: stack.enter_context(ros_node("tally", domain=station, topic=TOPIC, depth=DEPTH)),
        }
        parts = {name: start[name]() for name in order.split()}
        flows(parts["tally"])
        eventually(lambda: agree(parts["left"], parts["right"]))
        nothing_was_lost_or_doubled(parts["talker"], parts["tally"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("victim", ["left", "right"])
def test_an_agent_killed_ten_times_takes_up_the_traffic_again(victim: str) -> None:
    with linked() as (left, right, _, tally):
        killed = {"left": left, "right": right}[victim]
        for _restart in range(RESTARTS):
            killed.kill()
            killed.start()
            flows(tally)
        eventually(lambda: agree(left, right))
        assert tally.call("summary")["doubled"] == 0


@pytest.mark.timeout(300)
def test_a_killed_router_is_replaced_by_its_successor() -> None:
    with domains(2) as (robot, station), router() as middle, contextlib.ExitStack() as stack:
        zenoh = {"listen": [], "connect": [middle.endpoint]}
        left = stack.enter_context(agent(domain=robot, settings={"zenoh": zenoh}))
        right = stack.enter_context(agent(domain=station, settings={"zenoh": zenoh}))
        _, tally = stack.enter_context(traffic(robot, station))
        flows(tally)
        for _restart in range(3):
            middle.kill()
            eventually(lambda: not left.status()["links"] and not right.status()["links"])
            middle.start()
            flows(tally)
        eventually(lambda: agree(left, right))
        assert tally.call("summary")["doubled"] == 0


def test_nodes_that_die_and_return_find_their_topic_crossing() -> None:
    with linked() as (left, right, talker, tally):
        for node in (talker, tally):
            node.kill()
        with traffic(left.domain, right.domain, writer="successor") as (_, successor):
            flows(successor)
            eventually(lambda: agree(left, right))
            assert successor.call("summary")["doubled"] == 0


def test_a_link_with_delay_and_jitter_loses_and_doubles_nothing() -> None:
    with relayed(delay_s=0.02, jitter_s=0.05) as (_, left, right, talker, tally):
        eventually(lambda: tally.call("summary")["count"] > 100)
        assert agree(left, right)
        nothing_was_lost_or_doubled(talker, tally)


def test_a_stalled_link_delivers_everything_late() -> None:
    with relayed(lease_s=60.0) as (relay, left, _, talker, tally):
        relay.stall()
        passed = left.route(TOPIC, "egress")["counters"]["messages"]
        eventually(lambda: left.route(TOPIC, "egress")["counters"]["messages"] > passed + 2 * RATE_HZ)
        relay.resume()
        nothing_was_lost_or_doubled(talker, tally)
        assert tally.call("longest_silence_s") > 1.5  # so it was really stalled


def test_a_cut_without_fin_heals_and_keeps_the_routes() -> None:
    """Also that of a topic which nobody at the station reads, so that it lives by its token alone."""
    with (
        relayed() as (relay, left, right, _, tally),
        ros_node("talker", domain=left.domain, topic=UNREAD),
    ):
        eventually(lambda: len(tally.call("writers", of=UNREAD)) == 1)
        writers = [tally.call("writers", of=topic) for topic in (TOPIC, UNREAD)]
        relay.cut()
        eventually(lambda: not left.status()["links"] and not right.status()["links"])
        assert [tally.call("writers", of=topic) for topic in (TOPIC, UNREAD)] == writers
        relay.heal()
        flows(tally)
        eventually(lambda: agree(left, right))
        assert [tally.call("writers", of=topic) for topic in (TOPIC, UNREAD)] == writers
        assert tally.call("summary")["doubled"] == 0


def test_a_cut_longer_than_the_grace_period_takes_the_routes_down_and_heals() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        Relay(int(left.endpoint.rpartition(":")[2])) as relay,
        agent(
            domain=station, settings={"zenoh": {"connect": [relay.endpoint], "link_grace_s": 1.0}}
        ) as right,
        traffic(robot, station) as (_, tally),
        ros_node("talker", domain=robot, topic=UNREAD),
    ):
        flows(tally)
        eventually(lambda: len(tally.call("writers", of=UNREAD)) == 1)
        relay.cut()
        eventually(lambda: right.route(TOPIC, "ingress")["remote"] == [])
        eventually(lambda: tally.call("writers", of=UNREAD) == [])
        relay.heal()
        flows(tally)
        eventually(lambda: agree(left, right))
        assert tally.call("summary")["doubled"] == 0
