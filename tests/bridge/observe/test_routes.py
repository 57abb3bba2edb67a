"""What a route tells, of engines on fakes."""

from __future__ import annotations

from bridge.core.policy import Policy, Rule
from tests.bridge.engine_stage import WAIT_S, crossing, listener, place, running, talker
from tests.builders import NAME, payload
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually


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


def test_an_open_half_whose_other_half_is_gone_is_not_active():
    with crossing() as (_, robot, station):
        robot.engine.reload(Policy(rules=(Rule(label="rules[0]", name=NAME, allow=False),)))
        # The retirement of a token comes from another thread, and is believed after a moment.
        [route] = station.until(lambda: [one for one in station.observer.routes() if one.idle_reason])
        explained = station.observer.explain(route.spec.ros_name)
    assert route.idle_reason == "nobody on Zenoh has announced that it publishes it"
    assert not route.active
    assert not explained.crossing


def test_no_route_is_active_while_no_link_is_up():
    with crossing() as (network, robot, station):
        network.cut(robot.zenoh, station.zenoh)
        [route] = station.observer.routes()
        explained = station.observer.explain(route.spec.ros_name)
        network.mend(robot.zenoh, station.zenoh)
        eventually(lambda: [one.active for one in station.observer.routes()] == [True], WAIT_S)
    assert (route.active, route.idle_reason) == (False, "no Zenoh link is up")
    assert explained.verdict == f"{route.spec.ros_name} does not cross: no Zenoh link is up"
    assert "zenlink links" in explained.remedy
