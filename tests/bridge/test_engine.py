"""The engine on fakes: what it opens, when it closes, and what cannot stop it."""

from __future__ import annotations

import pytest

from bridge.core.events import Event, InputRejected
from bridge.core.policy import Policy, Rule
from bridge.core.routespec import Direction
from bridge.core.tokens import TokenKind
from bridge.retirement import SETTLE_S
from tests.bridge.engine_stage import WAIT_S, announced, listener, open_routes, place, running, talker
from tests.builders import KEY, NAME, payload
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually


def test_a_message_crosses_two_engines():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        writer = talker(robot.node())
        _, sink = listener(station.node())
        eventually(lambda: writer.matched() == 1, WAIT_S)
        writer.write(payload(7), 1_700_000_000_000_000_000)
        eventually(lambda: sink.payloads == [payload(7)], WAIT_S)


def test_a_publisher_is_announced_while_it_is_there():
    robot = place()
    with running(robot):
        node = robot.node()
        writer = talker(node)
        [token] = eventually(lambda: announced(robot, TokenKind.PUBLISHER), WAIT_S)
        assert token.key_expr == KEY
        writer.close()
        robot.until(lambda: not announced(robot, TokenKind.PUBLISHER))


def test_a_link_cut_for_a_moment_closes_nothing():
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station):
        talker(robot.node())
        eventually(lambda: open_routes(station) == {Direction.INGRESS}, WAIT_S)
        opened = station.dds.opened
        network.cut(robot.zenoh, station.zenoh)
        station.pass_time(SETTLE_S + 1.0)
        assert open_routes(station) == {Direction.INGRESS}
        network.mend(robot.zenoh, station.zenoh, last_first=True)
        station.pass_time(30.0)
        assert open_routes(station) == {Direction.INGRESS}
        assert station.dds.opened == opened


def test_a_link_cut_for_good_closes_the_routes():
    network = FakeNetwork()
    robot = place(network=network, zid="a1")
    station = place(network=network, zid="b2", link_grace_s=2.0)
    with running(robot, station):
        talker(robot.node())
        eventually(lambda: open_routes(station) == {Direction.INGRESS}, WAIT_S)
        network.cut(robot.zenoh, station.zenoh)
        station.until(lambda: not open_routes(station))


def test_reload_closes_what_is_denied_now_and_tells_the_difference():
    robot = place()
    with running(robot):
        talker(robot.node())
        eventually(lambda: open_routes(robot), WAIT_S)
        changes = robot.engine.reload(Policy(rules=(Rule(label="rules[0]", name=NAME, allow=False),)))
        assert len(changes) == 1
        assert "routed -> not_allowed" in changes[0]
        assert open_routes(robot) == set()
        assert robot.engine.reload(robot.engine.policy) == ()


def test_a_fault_in_one_turn_does_not_end_the_engine(caplog: pytest.LogCaptureFixture):
    class Broken(InputRejected):
        @property
        def codec(self) -> str:  # type: ignore[override]
            raise RuntimeError("a fault of ours")

    robot = place()
    with running(robot):
        broken: Event = Broken.__new__(Broken)
        robot.engine.inbox.put(broken)
        eventually(lambda: "a fault of ours" in caplog.text, WAIT_S)
        talker(robot.node())
        eventually(lambda: open_routes(robot) == {Direction.EGRESS}, WAIT_S)


def test_malformed_input_is_counted_by_its_decoder():
    robot = place()
    with running(robot):
        for _ in range(3):
            robot.engine.inbox.put(InputRejected(codec="token"))
        eventually(lambda: robot.observer.status().wire_errors == (("token", 3),), WAIT_S)


def test_close_retires_every_token_and_every_endpoint():
    robot = place()
    with running(robot):
        talker(robot.node())
        eventually(lambda: open_routes(robot), WAIT_S)
    assert robot.zenoh.tokens == {}
    assert robot.dds.readers == robot.dds.writers == []
    assert robot.zenoh.publishers == []
    robot.engine.close()  # again: nothing happens
