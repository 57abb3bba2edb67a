"""What the agent tells about itself, of engines on fakes."""

from __future__ import annotations

from bridge.core.policy import Policy, Rule
from bridge.core.status import AgentState, Severity
from bridge.observe import router_status
from tests.bridge.engine_stage import WAIT_S, place, running
from tests.bridge.test_engine import TOPIC, TYPE, listener, talker
from tests.builders import BEST_EFFORT, NAME, RELIABLE, payload
from tests.fakes.sink import RecordingSink
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually

INT32 = "std_msgs::msg::dds_::Int32_"


def test_status_counts_routes_by_state_and_names_the_peers():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        talker(robot.node())
        listener(station.node())
        eventually(lambda: robot.observer.status().active_routes == 1, WAIT_S)
        status = robot.observer.status()
    assert (status.zid, status.mode, status.state) == ("a1", "router", AgentState.ACTIVE)
    assert status.peers == ("b2",)
    assert status.routes == (("routed", 1),)
    assert [link.zid for link in status.links] == ["b2"]
    assert status.findings == ()


def test_a_bridge_whose_link_broke_is_a_finding_while_it_is_waited_for():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        eventually(lambda: robot.observer.status().peers == ("b2",), WAIT_S)
        network.cut(robot.zenoh, station.zenoh)
        [finding] = eventually(lambda: robot.observer.status().findings, WAIT_S)
        assert (finding.code, finding.subject) == ("bridge_away", "b2")
        network.mend(robot.zenoh, station.zenoh)
        eventually(lambda: robot.observer.status().findings == (), WAIT_S)


def test_a_route_tells_who_is_on_either_side_and_what_it_passed():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        node = robot.node("/arm/camera")
        writer = talker(node)
        node.announce_node(readers=(), writers=[writer.gid])
        listener(station.node())
        eventually(lambda: writer.matched() == 1, WAIT_S)
        writer.write(payload(1), 1_700_000_000_000_000_000)
        [route] = eventually(
            lambda: [one for one in robot.observer.routes() if one.counters.messages == 1], WAIT_S
        )
    assert route.local == ("/arm/camera",)
    assert route.remote == ("b2",)
    assert route.active
    assert route.counters.payload_bytes == len(payload(1))


def test_nodes_of_the_domain_are_told_with_their_topics():
    robot = place()
    with running(robot):
        node = robot.node("/arm/camera")
        writer = talker(node)
        node.announce_node(readers=(), writers=[writer.gid])
        [camera] = eventually(
            lambda: [one for one in robot.observer.nodes() if one.publishers == (NAME,)], WAIT_S
        )
    assert camera.name == "/arm/camera"
    assert camera.participant == str(node.participant)


def test_explain_names_the_rule_that_denies():
    robot = place(policy=Policy(rules=(Rule(label="rules[0] (bridge.yaml:3)", name=NAME, allow=False),)))
    with running(robot):
        talker(robot.node())
        eventually(robot.observer.routes, WAIT_S)
        told = robot.observer.explain(NAME)
    assert not told.crossing
    assert "denied by rules[0] (bridge.yaml:3)" in told.verdict
    assert "rule" in told.remedy


def test_explain_says_that_nobody_listens_yet():
    robot = place()
    with running(robot):
        talker(robot.node())
        eventually(robot.observer.routes, WAIT_S)
        told = robot.observer.explain(NAME)
    assert not told.crossing
    assert "does not cross yet" in told.verdict
    assert "1 local publishers" in told.facts


def test_explain_of_a_name_nobody_has():
    robot = place()
    with running(robot):
        assert "nobody here or on Zenoh has it" in robot.observer.explain("/nothing").verdict


def test_explain_of_what_is_no_name():
    robot = place()
    with running(robot):
        told = robot.observer.explain("chatter")
    assert told.verdict == "chatter is not a ROS name"
    assert "must begin with '/'" in told.facts[0]


def test_explain_while_standing_by():
    network = FakeNetwork()
    first = place(network=network, zid="a1")
    second = place(network=network, zid="b2", domain=first.domain)
    with running(first), running(second):
        talker(first.node())
        told = second.observer.explain(NAME)
        [finding] = second.observer.status().findings
        [spare] = eventually(lambda: first.observer.status().findings, WAIT_S)
    assert "standby" in told.verdict
    assert (finding.code, finding.severity) == ("standing_by", Severity.WARNING)
    assert (spare.code, spare.subject) == ("spare_agent", "b2")


def test_a_remote_publisher_of_another_type_is_a_finding_with_its_reason():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        talker(robot.node())
        node, sink = station.node(), RecordingSink()
        node.open_reader(dds_topic=TOPIC, dds_type=INT32, keyed=False, qos=RELIABLE, sink=sink)
        found = eventually(lambda: station.observer.status().findings, WAIT_S)
    assert {finding.code for finding in found} == {"route_failed", "endpoint_not_served"}
    assert "announces type std_msgs/msg/String, local readers use std_msgs/msg/Int32" in found[0].text
    assert all(finding.remedy for finding in found)


def test_a_best_effort_reader_is_no_conflict():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        talker(robot.node())
        node, sink = station.node(), RecordingSink()
        node.open_reader(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=BEST_EFFORT, sink=sink)
        eventually(lambda: station.observer.status().active_routes == 1, WAIT_S)
        assert station.observer.status().findings == ()


def test_a_router_without_dds_tells_its_links():
    network = FakeNetwork()
    session = network.session("a1")
    network.session("b2")
    status = router_status(session, mode="router", domain_id=0, uptime_s=1.23456)
    assert status.uptime_s == 1.235
    assert status.state is AgentState.ACTIVE
    assert [link.zid for link in status.links] == ["b2"]
