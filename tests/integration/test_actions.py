"""Actions of real rclpy nodes from one domain to another."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import pytest

from tests.integration.support import Agent, RosNode, agent, domains, eventually, ros_node
from tests.integration.support.stalls import stalls

ACTION = "/count"
SUCCEEDED, CANCELED, ABORTED = 4, 5, 6
"""``action_msgs/msg/GoalStatus``."""
SHORT_LEASE = {"FASTDDS_DEFAULT_PROFILES_FILE": "tests/integration/nodes/short_lease.xml"}
LEASE_S = 1.0
"""As that file has it."""


@contextlib.contextmanager
def two_sides(**settings: object) -> Iterator[tuple[Agent, Agent]]:
    with (
        domains(2) as (one, two),
        agent(domain=one, settings=settings) as left,  # type: ignore[arg-type]
        agent(domain=two, connect=[left], settings=settings) as right,  # type: ignore[arg-type]
    ):
        yield left, right


def result(client: RosNode, goal: int, timeout_s: float = 30.0) -> dict[str, object]:
    return eventually(
        lambda: (found := client.call("outcome", goal=goal))["status"] is not None and found, timeout_s
    )


def test_a_goal_is_accepted_reports_in_order_and_has_a_result() -> None:
    with (
        two_sides() as (left, right),
        ros_node("actions", domain=left.domain, name="server", serves=ACTION) as server,
        ros_node("actions", domain=right.domain, name="client") as client,
    ):
        assert client.call("send", action=ACTION, order=50) == {"goal": 0, "accepted": True}
        ended = result(client, 0)
        assert (ended["status"], ended["sequence"]) == (SUCCEEDED, list(range(50)))
        eventually(lambda: client.call("outcome", goal=0)["feedback"] == list(range(1, 51)))
        assert client.call("send", action=ACTION, order=-1) == {"goal": 1, "accepted": False}
        both = [client.call("send", action=ACTION, order=order)["goal"] for order in (20, 30)]
        assert [len(result(client, goal)["sequence"]) for goal in both] == [20, 30]  # type: ignore[arg-type]
        assert server.call("executed") == 3


def test_a_goal_is_cancelled_on_its_way() -> None:
    with (
        two_sides() as (left, right),
        ros_node("actions", domain=left.domain, name="server", serves=ACTION, period_s=0.1),
        ros_node("actions", domain=right.domain, name="client") as client,
    ):
        goal = client.call("send", action=ACTION, order=1000)["goal"]
        eventually(lambda: len(client.call("outcome", goal=goal)["feedback"]) >= 3)
        assert client.call("cancel", goal=goal) == 1
        assert result(client, goal)["status"] == CANCELED


def test_a_result_may_come_long_after_the_timeout_of_other_calls() -> None:
    with (
        two_sides(zenoh={"queries_timeout_s": 1.0}) as (left, right),
        ros_node("actions", domain=left.domain, name="server", serves=ACTION, period_s=0.1),
        ros_node("actions", domain=right.domain, name="client") as client,
    ):
        assert client.call("send", action=ACTION, order=60) == {"goal": 0, "accepted": True}
        assert result(client, 0)["status"] == SUCCEEDED


@pytest.mark.alone  # measures a time
def test_a_server_that_is_killed_fails_its_goals_within_two_seconds() -> None:
    with (
        stalls() as stood,
        two_sides() as (left, right),
        ros_node(
            "actions", domain=left.domain, name="server", env=SHORT_LEASE, serves=ACTION, period_s=0.1
        ) as server,
        ros_node("actions", domain=right.domain, name="client") as client,
    ):
        goal = client.call("send", action=ACTION, order=1000)["goal"]
        eventually(lambda: client.call("outcome", goal=goal)["feedback"])
        killed_s = time.monotonic()
        server.kill()
        ended = result(client, goal)
        ended_s = float(str(ended["ended_s"]))
        took_s = ended_s - killed_s - stood.between_s(killed_s, ended_s)
        assert ended["status"] == ABORTED
        assert took_s < LEASE_S + 2.0, f"{took_s:.1f} s"
        eventually(lambda: not client.call("available", action=ACTION))
