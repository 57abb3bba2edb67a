"""How open routes follow what is wanted, on fakes."""

from __future__ import annotations

import logging

import pytest

from bridge.core.routespec import Direction
from bridge.reconciler import CLOSE_LINGER_S, RETRY_FIRST_S
from tests.bridge.engine_stage import WAIT_S, Place, open_routes, place, running, talker
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually


def test_a_node_that_restarts_in_a_moment_finds_its_route_still_open():
    robot = place()
    with running(robot):
        first = robot.node()
        talker(first)
        eventually(lambda: open_routes(robot), WAIT_S)
        opened = robot.zenoh.opened
        first.crash()
        robot.pass_time(CLOSE_LINGER_S / 2)
        talker(robot.node())
        robot.pass_time(CLOSE_LINGER_S * 4)
        assert open_routes(robot) == {Direction.EGRESS}
        assert robot.zenoh.opened == opened


def test_a_refusal_is_told_and_tried_again(caplog: pytest.LogCaptureFixture):
    robot = place()
    robot.zenoh.refusals.add("open_publisher")
    with running(robot), caplog.at_level(logging.WARNING):
        talker(robot.node())
        eventually(lambda: "does not cross" in caplog.text, WAIT_S)
        assert "trying again in 1 s" in caplog.text
        [route] = robot.observer.routes()
        assert route.status.state.value == "failed"
        robot.zenoh.refusals.clear()
        robot.pass_time(RETRY_FIRST_S + 0.1)
        eventually(lambda: open_routes(robot) == {Direction.EGRESS}, WAIT_S)
        [route] = robot.observer.routes()
        assert route.status.state.value == "routed"


def test_a_route_is_told_when_it_comes_and_not_once_more_for_its_other_direction(
    caplog: pytest.LogCaptureFixture,
):
    network = FakeNetwork()
    robot, station = place(network=network, zid="a1"), place(network=network, zid="b2")
    with running(robot, station), caplog.at_level(logging.INFO, logger="bridge.reconciler"):
        talker(robot.node())
        eventually(lambda: len(station.observer.routes()) == 1, WAIT_S)
        talker(station.node())
        both = ({"egress", "ingress"},) * 2
        eventually(lambda: tuple(map(_ways, (robot, station))) == both, WAIT_S)
    told = [line for line in caplog.messages if line.endswith("is routed")]
    assert len(told) == 4, told  # each way of each agent once


def _ways(at: Place) -> set[str]:
    return {route.spec.direction.value for route in at.observer.routes()}
