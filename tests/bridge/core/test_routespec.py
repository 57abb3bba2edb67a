"""A route's identity and state are values, and every way to lose a sample has one name."""

from __future__ import annotations

from bridge.core.routespec import ROUTED, Direction, DropCause, RouteKind, RouteSpec, RouteState, RouteStatus


def spec(**changes: object) -> RouteSpec:
    settings = {"direction": Direction.EGRESS, "ros_name": "/chatter", "key_expr": "chatter"} | changes
    return RouteSpec(**settings)


def test_equal_specs_are_the_same_route() -> None:
    assert {spec(): 1}[spec()] == 1
    others = (spec(direction=Direction.INGRESS), spec(ros_name="/b"), spec(key_expr="b"))
    assert len({spec(), *others, spec(kind=RouteKind.SERVICE)}) == 5


def test_a_spec_reads_as_direction_and_name() -> None:
    assert str(spec()) == "egress /chatter"
    assert str(spec(direction=Direction.INGRESS)) == "ingress /chatter"
    assert str(spec(kind=RouteKind.SERVICE)) == "egress service /chatter"


def test_the_parts_of_an_action_are_planned_with_it() -> None:
    assert spec(ros_name="/fib/_action/send_goal").plan_name == "/fib"
    assert spec(ros_name="/fib/_action/other").plan_name == "/fib/_action/other"
    assert spec().plan_name == "/chatter"


def test_a_status_reads_as_state_and_reason() -> None:
    assert str(ROUTED) == "routed"
    assert str(RouteStatus(state=RouteState.FAILED, reason="no such type")) == "failed: no such type"


def test_words_for_people_and_machines_do_not_change_by_accident() -> None:
    assert [state.value for state in RouteState] == ["routed", "not_allowed", "qos_conflict", "failed"]
    assert {cause.value for cause in DropCause} == {
        "big_endian",
        "closed",
        "dds_lost",
        "duplicate",
        "duplicate_reply",
        "foreign_agent",
        "foreign_form",
        "malformed",
        "no_server",
        "not_allowed",
        "overflow",
        "queue_full",
        "rate_limited",
        "refused",
        "stale",
        "timeout",
        "write_failed",
    }
