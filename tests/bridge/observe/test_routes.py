"""What a route tells, of engines on fakes."""

from __future__ import annotations

from tests.bridge.engine_stage import WAIT_S, listener, place, running, talker
from tests.builders import payload
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
