"""How rules, and the nodes they name, shape a plan."""

from __future__ import annotations

import pytest

from bridge.core.policy import PRIORITY_DATA, Congestion, Policy, Rule
from bridge.core.routespec import RouteState
from tests.builders import claimed, node, plan, publisher, reader, writer

SECRET = Policy(rules=(Rule(label="secret", node="/secret", allow=False),))


def test_a_rule_decides_and_is_named() -> None:
    policy = Policy(rules=(Rule(label="rules[0]", name="/chatter", allow=False),))
    (route,) = plan(writer(), policy=policy)
    assert route.status.state is RouteState.NOT_ALLOWED
    assert "rules[0]" in route.status.reason
    assert route.rule == policy.rules[0]


def test_a_rule_sets_how_a_topic_crosses() -> None:
    rule = Rule(label="r", priority=2, express=True, congestion=Congestion.DROP, max_rate_hz=5.0)
    (route,) = plan(writer(), policy=Policy(rules=(rule,)))
    assert (route.priority, route.express, route.block, route.rule.max_rate_hz) == (2, True, False, 5.0)
    (plain,) = plan(writer())
    assert (plain.priority, plain.express, plain.block) == (PRIORITY_DATA, False, True)


@pytest.mark.parametrize("claims", [(), (claimed(1, node("/secret", writer(1))),)])
def test_where_rules_name_nodes_an_unclaimed_or_denied_writer_stays_here(claims: tuple[object, ...]) -> None:
    (route,) = plan(writer(1), *claims, policy=SECRET)
    assert route.status.state is RouteState.NOT_ALLOWED
    assert route.refused == {writer(1).gid}
    assert route.local == ()


def test_one_route_serves_the_allowed_node_and_keeps_the_secret_one_here() -> None:
    nodes = claimed(1, node("/secret", writer(1)), node("/open", writer(2)))
    (route,) = plan(writer(1), writer(2), nodes, policy=SECRET)
    assert route.status.state is RouteState.ROUTED
    assert route.local == (writer(2),)
    assert route.refused == {writer(1).gid}


def test_readers_need_no_node_to_be_served() -> None:
    (route,) = plan(reader(), publisher(), policy=SECRET)
    assert route.status.state is RouteState.ROUTED
    assert route.local == (reader(),)
