"""When an agent begins to route its domain, on fakes."""

from __future__ import annotations

import logging
import threading

import pytest

from bridge.candidate import LOOK_S, QUIET_S, SETTLE_S
from bridge.core.routespec import Direction
from bridge.core.status import AgentState
from tests.bridge.engine_stage import WAIT_S, open_routes, place, running, talker
from tests.fakes.zenoh import FakeNetwork
from tests.integration.support.waiting import eventually


def test_nothing_is_opened_before_discovery_has_settled():
    robot = place()
    talker(robot.node())
    robot.engine.start()
    try:
        robot.pass_time(0.3)
        assert robot.engine.state is AgentState.STARTING
        assert open_routes(robot) == set()
        robot.settle()
        eventually(lambda: open_routes(robot) == {Direction.EGRESS}, WAIT_S)
    finally:
        robot.engine.close()


def test_who_is_alone_on_a_domain_that_it_has_listened_to_for_long_enough_routes_at_once():
    robot = place(joined_for_s=SETTLE_S)
    robot.engine.start()
    try:
        robot.pass_time(0.0)
        assert robot.engine.state is AgentState.ACTIVE
    finally:
        robot.engine.close()


def test_it_looks_as_soon_as_everybody_has_had_time_and_often_while_an_election_may_go_on():
    robot = place(joined_for_s=SETTLE_S - 0.02)
    candidate, now_s = robot.engine._candidate, robot.clock.monotonic_s()
    candidate.start(now_s)
    assert candidate.next_due_s(now_s) == pytest.approx(now_s + 0.02)
    assert not candidate.decide(now_s)
    assert candidate.decide(now_s + 0.021)
    assert candidate.state is AgentState.ACTIVE
    assert candidate.next_due_s(now_s + 0.021) is None
    late = place(joined_for_s=SETTLE_S)
    late.engine._candidate.start(now_s)
    assert late.engine._candidate.next_due_s(now_s) == pytest.approx(now_s + LOOK_S)


def test_the_domain_must_have_been_quiet_since_the_last_one_came_and_not_since_the_start():
    robot = place(joined_for_s=SETTLE_S)
    node = robot.domain.side(user_data=b"enclave=/;")
    node.heard_s = robot.clock.monotonic_s() - 0.1
    node.start(lambda _event: None)
    robot.engine.start()
    try:
        robot.pass_time(QUIET_S - 0.1 - 0.01)
        assert robot.engine.state is AgentState.STARTING
        robot.pass_time(0.02)
        assert robot.engine.state is AgentState.ACTIVE
    finally:
        robot.engine.close()


def test_another_agent_is_known_before_the_first_decision_however_slowly_the_domain_tells(
    caplog: pytest.LogCaptureFixture,
):
    """It would route beside that one otherwise, and every message would come twice."""
    network = FakeNetwork()
    first = place(network=network, zid="a1")
    second = place(network=network, zid="b2", domain=first.domain, joined_for_s=10.0)
    first.dds.heard_s = second.clock.monotonic_s() - 10.0
    starting = threading.Thread(target=second.engine.start)
    with running(first), caplog.at_level(logging.INFO, "bridge.engine"):
        caplog.clear()
        with first.domain.lock:  # nobody is told of anybody meanwhile
            starting.start()
            starting.join(0.3)
            assert second.engine.state is AgentState.STARTING
        try:
            starting.join(WAIT_S)
            eventually(lambda: second.engine.state is AgentState.STANDBY, WAIT_S)
        finally:
            second.engine.close()
    assert [record.getMessage() for record in caplog.records] == ["standing by: agent a1 routes"]


def test_what_was_listened_before_the_start_counts_but_who_came_then_may_just_have_come():
    robot = place(joined_for_s=SETTLE_S)
    talker(robot.node())
    robot.engine.start()
    try:
        robot.pass_time(0.0)  # what is there already was taken in at once
        robot.pass_time(QUIET_S - 0.01)
        assert robot.engine.state is AgentState.STARTING
        robot.pass_time(0.02)
        eventually(lambda: open_routes(robot) == {Direction.EGRESS}, WAIT_S)
    finally:
        robot.engine.close()


@pytest.mark.parametrize(("zid", "waits"), [("c3", False), ("d4", True)])
def test_the_nodes_that_an_agent_runs_itself_are_nobody_new_to_it_alone(zid: str, waits: bool):
    robot = place(zid="c3", joined_for_s=SETTLE_S - QUIET_S)
    robot.engine.start()
    try:
        robot.pass_time(QUIET_S - 0.01)
        robot.domain.side(user_data=f"enclave=/;zenlink_of={zid};".encode()).start(lambda _event: None)
        eventually(
            lambda: robot.engine.inbox.ask(lambda: len(robot.engine.graph.participants.companions)) == 1,
            WAIT_S,
        )
        robot.pass_time(0.02)
        assert (robot.engine.state is AgentState.STARTING) == waits
    finally:
        robot.engine.close()


def test_of_two_agents_on_one_domain_one_stands_by_and_takes_over():
    network = FakeNetwork()
    first = place(network=network, zid="a1")
    second = place(network=network, zid="b2", domain=first.domain)
    with running(first):
        talker(first.node())
        eventually(lambda: open_routes(first), WAIT_S)
        with running(second):
            assert second.engine.state is AgentState.STANDBY
            assert open_routes(second) == set()
            first.engine.close()
            first.dds.close()
            first.zenoh.close()
            second.until(lambda: second.engine.state is AgentState.ACTIVE)
            second.until(lambda: open_routes(second) == {Direction.EGRESS})
