"""How open routes follow what is wanted, on fakes."""

from __future__ import annotations

import logging

import pytest

from bridge.core.routespec import Direction
from bridge.reconciler import CLOSE_LINGER_S, RETRY_FIRST_S
from tests.bridge.engine_stage import WAIT_S, open_routes, place, running, talker
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
