"""A planned route as a value, and the difference between two plans as people read it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.core.plan import PlannedRoute, plan_changes
from bridge.core.policy import Policy, Rule
from bridge.core.qos import Qos
from bridge.core.routespec import RouteSpec
from tests.builders import BEST_EFFORT, KEEP_ALL, LATCHED, OWN_ZID, RELIABLE, plan, publisher, reader, writer


def by_spec(*routes: PlannedRoute) -> dict[RouteSpec, PlannedRoute]:
    return {route.spec: route for route in routes}


def with_rule(**settings: object) -> dict[RouteSpec, PlannedRoute]:
    return by_spec(*plan(writer(), policy=Policy(rules=(Rule(label="r", **settings),))))


def test_each_latched_writer_is_announced_with_its_depth() -> None:
    (route,) = plan(writer(1, qos=LATCHED), writer(2, qos=replace(LATCHED, history=KEEP_ALL)))
    tokens = route.writer_tokens()
    assert [(token.writer, token.depth) for token in tokens] == [(writer(1).gid, 1), (writer(2).gid, -1)]
    assert {(token.zid, token.key_expr) for token in tokens} == {(OWN_ZID, "chatter")}


@pytest.mark.parametrize("qos", [RELIABLE, BEST_EFFORT])
def test_volatile_writers_are_not_announced_one_by_one(qos: Qos) -> None:
    (route,) = plan(writer(qos=qos))
    assert route.writer_tokens() == ()


def test_an_ingress_route_announces_no_writers() -> None:
    (route,) = plan(reader(qos=LATCHED), publisher(qos=LATCHED))
    assert route.writer_tokens() == ()


def test_equal_plans_differ_in_nothing() -> None:
    assert plan_changes(by_spec(*plan(writer())), by_spec(*plan(writer()))) == ()


def test_routes_that_come_and_go_are_listed_by_name() -> None:
    egress, ingress = by_spec(*plan(writer())), by_spec(*plan(reader()))
    assert plan_changes(egress, ingress) == ("- egress /chatter: routed", "+ ingress /chatter: routed")
    assert plan_changes({}, egress | ingress) == ("+ egress /chatter: routed", "+ ingress /chatter: routed")


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        ({"allow": False}, "status routed -> not_allowed"),
        ({"max_rate_hz": 5.0}, "max_rate_hz None -> 5.0"),
        ({"priority": 2}, "priority 5 -> 2"),
        ({"express": True}, "express False -> True"),
    ],
)
def test_a_changed_setting_is_told_from_what_to_what(settings: dict[str, object], change: str) -> None:
    (line,) = plan_changes(with_rule(), with_rule(**settings))
    assert line.startswith("~ egress /chatter: ")
    assert change in line


def test_what_people_did_not_change_is_not_told() -> None:
    before, after = by_spec(*plan(writer(1))), by_spec(*plan(writer(1), writer(2)))
    assert before != after
    assert plan_changes(before, after) == ()
