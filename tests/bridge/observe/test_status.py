"""The agent as a whole, of engines on fakes."""

from __future__ import annotations

from bridge.core.status import AgentState
from bridge.observe.status import router_status
from tests.bridge.engine_stage import WAIT_S, listener, place, running, talker
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually


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


def test_a_router_without_dds_tells_its_links():
    network = FakeNetwork()
    session = network.session("a1")
    network.session("b2")
    status = router_status(session, mode="router", domain_id=0, uptime_s=1.23456)
    assert status.uptime_s == 1.235
    assert status.state is AgentState.ACTIVE
    assert [link.zid for link in status.links] == ["b2"]
