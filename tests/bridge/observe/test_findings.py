"""What is wrong, of engines on fakes."""

from __future__ import annotations

from bridge.core.status import AgentState
from tests.bridge.engine_stage import TOPIC, TYPE, WAIT_S, place, running, talker
from tests.builders import BEST_EFFORT, RELIABLE
from tests.fakes.dds import FakeDomain
from tests.fakes.sink import RecordingSink
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually

INT32 = "std_msgs::msg::dds_::Int32_"


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


def test_one_that_stands_by_for_an_agent_out_of_reach_does_not_say_that_both_route():
    domain = FakeDomain()
    router = place(domain=domain, network=FakeNetwork(), zid="a1")
    spare = place(domain=domain, network=FakeNetwork(), zid="b2")
    with running(router, spare):
        spare.until(lambda: spare.engine.state is AgentState.STANDBY)
        assert [finding.code for finding in spare.observer.status().findings] == ["standing_by"]


def test_a_best_effort_reader_is_no_conflict():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        talker(robot.node())
        node, sink = station.node(), RecordingSink()
        node.open_reader(dds_topic=TOPIC, dds_type=TYPE, keyed=False, qos=BEST_EFFORT, sink=sink)
        eventually(lambda: station.observer.status().active_routes == 1, WAIT_S)
        assert station.observer.status().findings == ()
