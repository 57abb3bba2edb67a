"""Which role and form a service or action has; whatever the order of discoveries, the plan is the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.events import Endpoint, EndpointDiscovered
from bridge.core.gid import VENDOR_CYCLONE, VENDOR_FASTDDS
from bridge.core.naming import Naming
from bridge.core.plan import PlannedRoute
from bridge.core.policy import Policy, Rule
from bridge.core.qos import Durability, Reliability
from bridge.core.requests import ServiceForm
from bridge.core.routespec import Direction, RouteKind, RouteState
from bridge.core.serviceplan import Planned, PlannedAction, PlannedService
from bridge.core.serviceplanner import plan_action, plan_service
from bridge.core.tokens import TokenKind
from tests.builders import (
    ACTION,
    FIBONACCI,
    OWN_ZID,
    SERVICE,
    action_client,
    action_server,
    claimed,
    client,
    graph,
    joined,
    node,
    offered,
    server,
    writer,
)

TRIGGER = "std_srvs/srv/Trigger"
FAST = {"vendor": VENDOR_FASTDDS}
SECRET = Policy(rules=(Rule(label="secret", node="/secret", allow=False),))
AS, AC = TokenKind.ACTION_SERVER, TokenKind.ACTION_CLIENT


def services(
    *things: object, name: str = SERVICE, policy: Policy | None = None, naming: Naming | None = None
) -> tuple[PlannedService, ...]:
    known = graph(*things, naming=naming)
    return plan_service(known.service(name), policy or Policy(), naming=naming or Naming(), zid=OWN_ZID)


def actions(
    *things: object, name: str = ACTION, policy: Policy | None = None, naming: Naming | None = None
) -> tuple[Planned, ...]:
    known = graph(*things, naming=naming)
    return plan_action(known.action(name), policy or Policy(), naming=naming or Naming(), zid=OWN_ZID)


def told(*things: object, **settings: object) -> list[str]:
    """The plan as a person would tell it, one line a route."""
    return [line(route) for route in services(*things, **settings)]


def line(route: PlannedService | PlannedAction) -> str:
    words = [f"{route.spec.direction.value} {route.spec.key_expr} {route.status.state.value}"]
    words.append(route.form.value)
    if route.token is not None:
        words.append(f"announced as {route.token.kind.value}")
    if route.spec.direction is Direction.INGRESS:
        words.append("proxy" if route.wanted else "no proxy")
    return ", ".join(words)


@pytest.mark.parametrize(
    ("things", "expected"),
    [
        pytest.param([], [], id="nobody"),
        pytest.param(server(), ["egress add routed, cyclone, announced as SS"], id="server"),
        pytest.param(server(**FAST), ["egress add routed, rclpy, announced as SS"], id="fast-server"),
        pytest.param([*server(), *client()], ["egress add routed, cyclone, announced as SS"], id="both"),
        pytest.param(
            [*server(), offered()],
            ["egress add routed, cyclone, announced as SS"],
            id="here-and-there",
        ),
        pytest.param(client(), ["ingress add routed, cyclone, announced as SC, no proxy"], id="client"),
        pytest.param([offered()], ["ingress add routed, cyclone, proxy"], id="offered"),
        pytest.param(
            [offered(), *client(**FAST)],
            ["ingress add routed, rclpy, announced as SC, proxy"],
            id="offered-to-fast-client",
        ),
        pytest.param([offered(), joined(7, **FAST)], ["ingress add routed, rclpy, proxy"], id="fast-domain"),
        pytest.param(
            [offered(), *client(ros_type=TRIGGER)],
            ["ingress add failed, cyclone, announced as SC, no proxy"],
            id="other-type",
        ),
        pytest.param([offered(kind=TokenKind.SERVICE_CLIENT)], [], id="asked-alone"),
        pytest.param([server()[0], client()[1]], [], id="halves"),
    ],
)
def test_role_and_form_follow_who_is_where(things: list[object], expected: list[str]) -> None:
    assert told(*things) == expected


def test_most_clients_decide_the_form_and_the_others_are_named() -> None:
    crowd = [half for number in (1, 2) for half in client(number, participant=10 + number, **FAST)]
    lone = client(3, participant=13)
    [route] = services(offered(), *crowd, *lone)
    assert route.form is ServiceForm.RCLPY
    assert route.mixed.endswith(f"participant {lone[0].gid.prefix.hex()}")
    assert lone[0] not in route.local


def test_a_tie_of_clients_goes_to_the_form_of_the_domain() -> None:
    pairs = [*client(1, participant=11), *client(2, participant=12, **FAST)]
    assert services(offered(), *pairs)[0].form is ServiceForm.CYCLONE
    assert services(offered(), *pairs, joined(7, **FAST))[0].form is ServiceForm.RCLPY


def test_clients_that_a_real_server_cannot_understand_are_named_too() -> None:
    [route] = services(*server(**FAST), *client(), claimed(2, node("/caller", *client())))
    assert route.mixed.endswith("not served, as they speak another one: /caller")


def test_one_form_alone_is_nothing_to_tell() -> None:
    assert services(*server(), *client())[0].mixed == ""


def test_of_several_keys_one_is_asked_and_the_own_one_comes_first() -> None:
    naming = Naming(namespace="/bot1")
    [route] = services(offered(key="bot1/add"), offered("e5", key="add"), naming=naming)
    assert route.spec.key_expr == "bot1/add"
    assert [token.key_expr for token in route.remote] == ["bot1/add"]
    assert route.notes == ("it is also offered under key add: bot1/add is asked alone",)


def test_a_remap_gives_a_service_another_key_each_way() -> None:
    naming = Naming(egress={SERVICE: "/sum"}, ingress={SERVICE: "/total"})
    assert services(*server(), naming=naming)[0].spec.key_expr == "sum"
    assert services(*client(), naming=naming)[0].spec.key_expr == "total"
    assert services(offered(key="total"), naming=naming)[0].wanted
    assert services(offered(key="add"), naming=naming) == ()


@pytest.mark.parametrize(
    ("rule", "denied"),
    [
        (Rule(label="r", name=SERVICE, allow=False), {"egress", "ingress"}),
        (Rule(label="r", name=SERVICE, direction=Direction.INGRESS, allow=False), {"ingress"}),
        (Rule(label="r", kind=RouteKind.SERVICE, allow=False), {"egress", "ingress"}),
        (Rule(label="r", kind=RouteKind.TOPIC, allow=False), set()),
        (Rule(label="r", kind=RouteKind.ACTION, allow=False), set()),
        (Rule(label="r", ros_type="std_srvs/.*", allow=False), {"egress", "ingress"}),
    ],
)
def test_rules_are_asked_about_services_as_about_topics(rule: Rule, denied: set[str]) -> None:
    policy = Policy(rules=(rule,))
    plans = [*services(*server(), policy=policy), *services(offered(), policy=policy)]
    found = {one.spec.direction.value for one in plans if one.status.state is RouteState.NOT_ALLOWED}
    assert found == denied


def test_one_server_of_a_secret_node_keeps_the_service_here() -> None:
    open_one, secret = server(1, participant=1), server(2, participant=3)
    things = [*open_one, *secret, claimed(1, node("/arm", *open_one))]
    [unclaimed] = services(*things, policy=SECRET)
    [claimed_now] = services(*things, claimed(3, node("/secret", *secret)), policy=SECRET)
    assert unclaimed.status.reason == "rules name nodes, and no node claims its server yet"
    assert claimed_now.status.reason == "denied by secret"


def test_a_type_that_is_no_service_makes_no_route() -> None:
    odd = [Endpoint(gid=e.gid, kind=e.kind, dds_topic=e.dds_topic, dds_type="X", qos=e.qos) for e in server()]
    assert services(*odd) == ()


def test_an_action_is_five_parts_and_then_itself() -> None:
    *parts, whole = actions(*action_server())
    assert [part.spec.ros_name for part in parts] == [
        f"{ACTION}/_action/{part}"
        for part in ("feedback", "status", "send_goal", "cancel_goal", "get_result")
    ]
    assert parts[2].spec.key_expr == "fib/_action/send_goal"
    assert [part.ros_type for part in parts] == [
        f"{FIBONACCI}_FeedbackMessage",
        "action_msgs/msg/GoalStatusArray",
        f"{FIBONACCI}_SendGoal",
        "action_msgs/srv/CancelGoal",
        f"{FIBONACCI}_GetResult",
    ]
    assert all(part.eager for part in parts if isinstance(part, PlannedRoute))
    assert isinstance(whole, PlannedAction)
    assert whole.token is not None
    assert (whole.token.kind, whole.token.key_expr, whole.token.ros_type) == (AS, "fib", FIBONACCI)
    assert all(part.token is None for part in parts)
    assert {part.spec.subject for part in parts} == {(RouteKind.ACTION, ACTION)}


def test_only_the_wait_for_a_result_may_last() -> None:
    parts = [one for one in actions(*action_server()) if isinstance(one, PlannedService)]
    assert [(part.lasting, part.denial) for part in parts] == [(False, 0), (False, 1), (True, 6)]


@pytest.mark.parametrize("things", [action_server(), [offered(key="fib", ros_type=FIBONACCI, kind=AS)]])
def test_status_is_kept_for_late_clients_and_feedback_is_not(things: list[object]) -> None:
    topics = [one for one in actions(*things) if isinstance(one, PlannedRoute)]
    assert [one.qos.durability for one in topics] == [Durability.VOLATILE, Durability.TRANSIENT_LOCAL]
    assert all(one.qos.reliability is Reliability.RELIABLE for one in topics)
    assert [one.dds_topic for one in topics] == ["rt/fib/_action/feedback", "rt/fib/_action/status"]


def test_clients_of_an_action_find_nothing_before_its_server_is_announced() -> None:
    alone = actions(*action_client())
    assert not any(isinstance(one, PlannedRoute) for one in alone)
    assert not any(one.wanted for one in alone)
    assert alone[-1].token is not None
    assert alone[-1].token.kind is AC
    served = actions(*action_client(), offered(key="fib", ros_type=FIBONACCI, kind=AS))
    assert len(served) == 6
    assert all(one.wanted for one in served)


def test_an_action_without_clients_is_shown_but_takes_no_goal_and_its_topics_are_not_subscribed_to() -> None:
    *parts, whole = actions(offered(key="fib", ros_type=FIBONACCI, kind=AS))
    assert len(parts) == 5
    assert not any(one.wanted for one in parts)
    assert whole.wanted


def test_parts_of_an_action_are_decided_by_its_name() -> None:
    policy = Policy(rules=(Rule(label="r", name=ACTION, kind=RouteKind.ACTION, allow=False),))
    found = actions(*action_server(), policy=policy)
    assert {one.status.state for one in found} == {RouteState.NOT_ALLOWED}


def test_parts_of_an_action_are_no_services_of_their_own() -> None:
    assert services(*action_server(), name=f"{ACTION}/_action/send_goal") == ()
    part = offered(key="fib/_action/send_goal", ros_type=f"{FIBONACCI}_SendGoal")
    assert services(part, name=f"{ACTION}/_action/send_goal") == ()


DISCOVERIES: list[object] = [
    *server(1, participant=1),
    *server(2, participant=6, **FAST),
    *client(3, participant=2),
    *client(4, participant=3, **FAST),
    *client(5, participant=4, ros_type=TRIGGER),
    offered(),
    offered("e5"),
    offered("f6", ros_type=TRIGGER),
    offered("a7", key="bot1/add"),
    offered(kind=TokenKind.SERVICE_CLIENT),
    joined(6, vendor=VENDOR_FASTDDS),
    joined(8, vendor=VENDOR_CYCLONE),
    writer(99, name=SERVICE),
    claimed(1, node("/secret", *server(1, participant=1))),
]


@given(
    st.lists(st.sampled_from(DISCOVERIES), unique_by=id).flatmap(
        lambda some: st.tuples(st.permutations(some), st.permutations(some))
    ),
    st.sampled_from([Policy(), SECRET]),
    st.sampled_from([Naming(), Naming(namespace="/bot1")]),
)
def test_any_order_of_the_same_discoveries_ends_in_the_same_plan(
    orders: tuple[list[object], list[object]], policy: Policy, naming: Naming
) -> None:
    first, second = (services(*order, policy=policy, naming=naming) for order in orders)
    assert first == second
    assert len(first) <= 1, "a name has one role"
    for route in first:
        assert route.spec.direction is Direction.INGRESS or not _only_elsewhere(orders[0])


def _only_elsewhere(things: list[object]) -> bool:
    """Whether not even half a server is here."""
    servers = {*server(1, participant=1), *server(2, participant=6, **FAST)}
    return not any(thing in servers for thing in things if isinstance(thing, Endpoint | EndpointDiscovered))
