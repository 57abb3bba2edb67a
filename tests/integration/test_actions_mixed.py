"""Actions with every RMW at either end."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.integration.support import RosNode, eventually, ros_node
from tests.integration.support.sides import two_sides
from tests.integration.support.stalls import stalls

FAST_DDS, CYCLONE = "actions", "rmw_actions"
"""Scripts of nodes: the real rclpy, and the form of rmw_cyclonedds."""
FORMS = [(CYCLONE, CYCLONE), (FAST_DDS, CYCLONE), (CYCLONE, FAST_DDS)]
ACTION = "/count"
SUCCEEDED, CANCELED, ABORTED = 4, 5, 6
"""``action_msgs/msg/GoalStatus``."""
LEASE_S = 1.0


def ended(client: RosNode, goal: int) -> Any:
    return eventually(lambda: (found := client.call("outcome", goal=goal))["status"] is not None and found)


@pytest.mark.parametrize(("server_form", "client_form"), FORMS)
def test_goals_are_accepted_rejected_cancelled_and_report_in_order(
    server_form: str, client_form: str
) -> None:
    with (
        two_sides() as (left, right),
        ros_node(server_form, domain=left.domain, name="server", serves=ACTION, period_s=0.02) as server,
        ros_node(client_form, domain=right.domain, name="client") as client,
    ):
        assert client.call("send", action=ACTION, order=50) == {"goal": 0, "accepted": True}
        found = ended(client, 0)
        assert (found["status"], found["sequence"]) == (SUCCEEDED, list(range(50)))
        eventually(lambda: client.call("outcome", goal=0)["feedback"] == list(range(1, 51)))
        assert client.call("send", action=ACTION, order=-1) == {"goal": 1, "accepted": False}
        both = [client.call("send", action=ACTION, order=order)["goal"] for order in (20, 30)]
        assert [len(ended(client, goal)["sequence"]) for goal in both] == [20, 30]
        goal = client.call("send", action=ACTION, order=5000)["goal"]
        eventually(lambda: len(client.call("outcome", goal=goal)["feedback"]) >= 3)
        assert client.call("cancel", goal=goal) == 1
        assert ended(client, goal)["status"] == CANCELED
        assert server.call("executed") == 4


def test_a_result_may_come_long_after_the_timeout_of_other_calls() -> None:
    with (
        two_sides(zenoh={"queries_timeout_s": 1.0}) as (left, right),
        ros_node(CYCLONE, domain=left.domain, name="server", serves=ACTION, period_s=0.1),
        ros_node(CYCLONE, domain=right.domain, name="client") as client,
    ):
        goal = client.call("send", action=ACTION, order=60)["goal"]
        assert ended(client, goal)["status"] == SUCCEEDED


@pytest.mark.alone  # measures a time
@pytest.mark.parametrize("client_form", [CYCLONE, FAST_DDS])
def test_a_server_that_is_killed_fails_its_goals_within_two_seconds(client_form: str) -> None:
    with (
        stalls() as stood,
        two_sides() as (left, right),
        ros_node(
            CYCLONE, domain=left.domain, name="server", serves=ACTION, period_s=0.1, lease_s=LEASE_S
        ) as server,
        ros_node(client_form, domain=right.domain, name="client") as client,
    ):
        goal = client.call("send", action=ACTION, order=1000)["goal"]
        eventually(lambda: client.call("outcome", goal=goal)["feedback"])
        killed_s = time.monotonic()
        server.kill()
        found = ended(client, goal)
        took_s = found["ended_s"] - killed_s - stood.between_s(killed_s, found["ended_s"])
        print(f"a killed server is told after {took_s:.2f} s, with a lease of {LEASE_S:g} s")
        assert found["status"] == ABORTED
        assert took_s < LEASE_S + 2.0, f"{took_s:.1f} s"
        eventually(lambda: not client.call("available", action=ACTION))
