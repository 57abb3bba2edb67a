"""The ROS graph across the bridge, as rclpy of both sides tells it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest

from tests.fakes.relay import Relay
from tests.integration.support import JAZZY_PYTHON, Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.stalls import stalls

GONE_S = 3.0


@contextlib.contextmanager
def two_sides() -> Iterator[tuple[Agent, Agent]]:
    with (
        domains(2) as (one, two),
        agent(domain=one) as left,
        agent(domain=two, connect=[left]) as right,
    ):
        yield left, right


def sees(watcher: RosNode, *names: str) -> bool:
    """Whether exactly these nodes are there, each once, beside our own."""
    assert watcher.call("nodes") == sorted(["/zenlink", *names])
    return True


def test_each_side_sees_the_nodes_of_both_with_what_they_have() -> None:
    with (
        two_sides() as (left, right),
        ros_node(
            "graph",
            domain=left.domain,
            name="talker",
            namespace="/robot",
            publish_on=["/t"],
            latched_on=["/map"],
        ) as talker,
        ros_node("graph", domain=right.domain, python=JAZZY_PYTHON, name="rviz", subscribe_to=["/t"]) as rviz,
    ):
        eventually(lambda: sees(talker, "/robot/talker", "/rviz"))
        eventually(lambda: sees(rviz, "/robot/talker", "/rviz"))
        string = ["std_msgs/msg/String"]
        eventually(lambda: rviz.call("of_node", full_name="/robot/talker")["publishers"].get("/t") == string)
        eventually(
            lambda: rviz.call("of_node", full_name="/robot/talker")["publishers"].get("/map") == string
        )
        eventually(lambda: talker.call("of_node", full_name="/rviz")["subscribers"].get("/t") == string)
        # Fast DDS 3 (Kilted: `talker`) cannot tell whose an endpoint of Cyclone is; 2.14 (Jazzy: `rviz`) can.
        eventually(lambda: rviz.call("info", topic="/t")["publishers"] == ["/robot/talker"])
        eventually(lambda: "/robot/talker" in rviz.call("info", topic="/map")["publishers"])
        shown = eventually(lambda: [one for one in left.ask("nodes") if one["name"] == "/rviz"])
        assert [one["zid"] for one in shown] == [right.status()["zid"]]


def test_services_of_far_nodes_are_theirs_where_nodes_on_cyclone_use_them() -> None:
    """A proxy for other nodes belongs to rclpy's own node, which nobody else's name can be given."""
    with (
        two_sides() as (left, right),
        ros_node("rmw_services", domain=left.domain, name="server", echo=["/echo"]),
        ros_node("rmw_services", domain=right.domain, name="client") as client,
        ros_node("graph", domain=left.domain, name="here") as here,
        ros_node("graph", domain=right.domain, name="there") as there,
    ):
        eventually(lambda: client.call("available", service="/echo"))
        everybody = ("/client", "/here", "/server", "/there")
        eventually(lambda: sees(here, *everybody))
        eventually(lambda: sees(there, *everybody))
        echo = ["test_msgs/srv/BasicTypes"]
        eventually(lambda: there.call("of_node", full_name="/server")["services"].get("/echo") == echo)
        eventually(lambda: here.call("of_node", full_name="/client")["clients"].get("/echo") == echo)


@pytest.mark.alone  # measures a time
@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_a_dead_node_is_gone_on_the_far_side_and_its_successor_is_a_new_one(end: str) -> None:
    """After SIGKILL only the lease of its participant tells, which a node of ROS has 20 s long; here 1 s."""
    lease = (
        {"FASTDDS_DEFAULT_PROFILES_FILE": "tests/integration/nodes/short_lease.xml"} if end == "kill" else {}
    )
    with (
        two_sides() as (left, right),
        ros_node("graph", domain=right.domain, name="watcher") as watcher,
        stalls() as stood,
    ):
        with ros_node("graph", domain=left.domain, env=lease, name="talker", publish_on=["/t"]) as talker:
            eventually(lambda: sees(watcher, "/talker", "/watcher"))
            [before] = [one for one in right.ask("nodes") if one["name"] == "/talker"]
            began_s = time.monotonic()
            if end == "kill":
                talker.kill()
            else:
                talker.stop()
            eventually(lambda: sees(watcher, "/watcher"))
            seen_s = time.monotonic()
            gone_s = seen_s - began_s - stood.between_s(began_s, seen_s)
        with ros_node("graph", domain=left.domain, name="talker", publish_on=["/t"]):
            eventually(lambda: sees(watcher, "/talker", "/watcher"))
            [after] = [one for one in right.ask("nodes") if one["name"] == "/talker"]
    print(f"{end}: gone on the far side after {gone_s:.2f} s")
    assert gone_s < GONE_S
    assert before["participant"] != after["participant"]


def test_far_nodes_vanish_with_the_link_and_return_once_with_it() -> None:
    with (
        domains(2) as (robot, station),
        agent(domain=robot) as left,
        Relay(int(left.endpoint.rpartition(":")[2])) as relay,
        agent(domain=station, settings={"zenoh": {"connect": [relay.endpoint]}}) as right,
        ros_node("graph", domain=robot, name="talker", publish_on=["/t"]) as talker,
        ros_node("graph", domain=station, name="listener", subscribe_to=["/t"]) as listener,
    ):
        eventually(lambda: sees(listener, "/listener", "/talker"))
        eventually(lambda: sees(talker, "/listener", "/talker"))
        relay.cut()
        eventually(lambda: not left.status()["links"] and not right.status()["links"])
        eventually(lambda: sees(listener, "/listener"))
        eventually(lambda: sees(talker, "/talker"))
        relay.heal()
        eventually(lambda: sees(listener, "/listener", "/talker"))
        eventually(lambda: sees(talker, "/listener", "/talker"))


def test_two_agents_a_side_show_each_node_once_also_while_one_takes_over() -> None:
    with domains(2) as (robot, station), contextlib.ExitStack() as stack:
        left = stack.enter_context(agent(domain=robot))
        stack.enter_context(agent(domain=robot, connect=[left]))
        right = stack.enter_context(agent(domain=station, connect=[left]))
        stack.enter_context(agent(domain=station, connect=[left, right]))
        talker = stack.enter_context(ros_node("graph", domain=robot, name="talker", publish_on=["/t"]))
        listener = stack.enter_context(
            ros_node("graph", domain=station, name="listener", subscribe_to=["/t"])
        )

        def once(watcher: RosNode) -> bool:
            nodes = [node for node in watcher.call("nodes") if node != "/zenlink"]
            assert nodes == ["/listener", "/talker"]
            return True

        eventually(lambda: once(talker) and once(listener))
        right.stop()
        eventually(lambda: once(talker) and once(listener))
