"""From discoveries to wanted routes, as a table; and whatever their order, the plan is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.events import EndpointKind
from bridge.core.gid import VENDOR_FASTDDS
from bridge.core.naming import Naming
from bridge.core.plan import UNANNOUNCED_DEPTH, PlannedRoute
from bridge.core.planner import plan_topic
from bridge.core.policy import (
    PRIORITY_DATA_LOW,
    Policy,
    QosOverride,
    Rule,
)
from bridge.core.qos import Durability, History, HistoryKind, Ownership, Qos, Reliability
from bridge.core.routespec import Direction, RouteState
from tests.builders import (
    BEST_EFFORT,
    INT32,
    KEEP_ALL,
    LATCHED,
    NAME,
    OWN_ZID,
    RELIABLE,
    STRING,
    claimed,
    graph,
    joined,
    node,
    plan,
    publisher,
    reader,
    source,
    subscriber,
    writer,
)
from tests.strategies import qos as any_qos

AGENT = joined(5, user_data=b"enclave=/;zenlink=e5;")
SECRET = Policy(rules=(Rule(label="secret", node="/secret", allow=False),))
TYPE_HASH = b"typehash=RIHS01_" + b"a" * 64 + b";"


def told(*things: object, **settings: object) -> list[str]:
    """The plan as a person would tell it, one line a route."""
    return [line(route) for route in plan(*things, **settings)]


def line(route: PlannedRoute) -> str:
    words = [f"{route.spec.direction.value} {route.spec.key_expr} {route.status.state.value}"]
    if route.token is not None:
        words.append(f"announced as {route.token.kind.value}")
    if route.spec.direction is Direction.INGRESS and not route.wanted:
        words.append("nobody here wants it")
    if route.notes:
        words.append(f"{len(route.notes)} not served")
    return ", ".join(words)


@pytest.mark.parametrize(
    ("things", "lines"),
    [
        ([], []),
        ([writer()], ["egress chatter routed, announced as MP"]),
        ([reader()], ["ingress chatter routed, announced as MS"]),
        ([publisher()], ["ingress chatter routed, nobody here wants it"]),
        ([subscriber()], []),
        ([source()], []),
        ([writer(), subscriber()], ["egress chatter routed, announced as MP"]),
        ([reader(), publisher()], ["ingress chatter routed, announced as MS"]),
        (
            [writer(1), reader(2), publisher(), subscriber()],
            ["egress chatter routed, announced as MP", "ingress chatter routed, announced as MS"],
        ),
        ([writer(1), writer(2)], ["egress chatter routed, announced as MP"]),
        ([reader(1), reader(2, participant=2)], ["ingress chatter routed, announced as MS"]),
        ([AGENT, writer(participant=5), reader(participant=5)], []),
        ([writer(1), writer(2, ros_type=INT32)], ["egress chatter routed, announced as MP, 1 not served"]),
        ([reader(), publisher(ros_type=INT32)], ["ingress chatter failed, announced as MS, 1 not served"]),
        (
            [reader(), publisher("a", ros_type=INT32), publisher("b")],
            ["ingress chatter routed, announced as MS, 1 not served"],
        ),
        ([writer(1, keyed=True), writer(2)], ["egress chatter routed, announced as MP, 1 not served"]),
    ],
)
def test_what_is_known_decides_what_is_wanted(things: list[object], lines: list[str]) -> None:
    assert told(*things) == lines


@pytest.mark.parametrize("name", ["chatter", "/a b", "/a//b", "/§"])
def test_a_name_that_cannot_be_on_zenoh_has_no_route(name: str) -> None:
    view = replace(graph(writer()).topic(NAME), name=name)
    assert plan_topic(view, Policy(), naming=Naming(), zid=OWN_ZID) == ()


def test_a_dds_type_that_ros_did_not_make_has_no_route() -> None:
    strange = replace(writer(), dds_type="My::Type")
    assert told(strange) == []
    assert told(replace(strange, kind=EndpointKind.READER)) == []


def test_a_namespace_stands_before_every_key_of_ours() -> None:
    bot1 = Naming(namespace="/bot1")
    assert told(writer(1), reader(2), naming=bot1) == [
        "egress bot1/chatter routed, announced as MP",
        "ingress bot1/chatter routed, announced as MS",
    ]


def test_a_remote_publisher_outside_our_namespace_comes_in_beside_our_own_key() -> None:
    assert told(reader(), publisher(key="chatter"), naming=Naming(namespace="/bot1")) == [
        "ingress bot1/chatter routed, announced as MS",
        "ingress chatter routed",
    ]


def test_a_remapped_name_crosses_under_the_other_key() -> None:
    naming = Naming(egress={NAME: "/out"}, ingress={NAME: "/in"})
    assert told(writer(1), reader(2), naming=naming) == [
        "egress out routed, announced as MP",
        "ingress in routed, announced as MS",
    ]


def test_the_type_most_endpoints_have_wins_and_a_tie_goes_to_the_first_name() -> None:
    (route,) = plan(writer(1, ros_type=INT32), writer(2), writer(3))
    assert (route.ros_type, [one.gid for one in route.local]) == (STRING, [writer(2).gid, writer(3).gid])
    (tie,) = plan(writer(1), writer(2, ros_type=INT32))
    assert tie.ros_type == INT32
    assert "not served" in tie.notes[0]


def test_readers_that_no_offer_suits_are_named_and_all_of_them_are_a_conflict() -> None:
    exclusive = replace(RELIABLE, ownership=Ownership.EXCLUSIVE)
    (route,) = plan(reader(1), reader(2, qos=exclusive), publisher())
    assert route.status.state is RouteState.ROUTED
    assert route.notes == (f"reader {reader(2).gid}: ownership: offered SHARED, requested EXCLUSIVE",)
    override = Policy(rules=(Rule(label="r", qos=QosOverride(reliability=Reliability.BEST_EFFORT)),))
    (conflict,) = plan(reader(1), publisher(), policy=override)
    assert conflict.status.state is RouteState.QOS_CONFLICT
    assert "reliability: offered BEST_EFFORT, requested RELIABLE" in conflict.status.reason


def test_our_reader_suits_every_writer_and_our_writer_every_reader() -> None:
    (egress,) = plan(writer(1, qos=LATCHED), writer(2, qos=BEST_EFFORT))
    assert egress.qos.reliability is Reliability.BEST_EFFORT
    assert not egress.qos.transient_local
    (ingress,) = plan(reader(1, qos=LATCHED), reader(2, qos=BEST_EFFORT))
    assert ingress.qos.reliability is Reliability.RELIABLE
    assert ingress.qos.transient_local


def test_the_token_tells_the_strongest_of_the_writers() -> None:
    (route,) = plan(writer(1, qos=replace(LATCHED, user_data=TYPE_HASH)), writer(2, qos=BEST_EFFORT))
    assert route.token is not None
    assert route.token.zid == OWN_ZID
    assert route.token.qos == Qos(
        reliability=Reliability.RELIABLE,
        durability=Durability.TRANSIENT_LOCAL,
        history=History(HistoryKind.KEEP_LAST, 5),
        user_data=TYPE_HASH,
    )


def test_user_data_that_is_no_type_hash_stays_here() -> None:
    (route,) = plan(writer(qos=replace(RELIABLE, user_data=b"private")))
    assert route.token is not None
    assert route.token.qos.user_data == b""


@pytest.mark.parametrize(
    ("announced", "history"),
    [
        (LATCHED, History(HistoryKind.KEEP_LAST, 1)),
        (replace(LATCHED, history=None), History(HistoryKind.KEEP_LAST, UNANNOUNCED_DEPTH)),
        (replace(LATCHED, history=KEEP_ALL), KEEP_ALL),
    ],
)
def test_late_joiners_get_as_much_as_the_source_keeps_not_as_a_reader_asks(
    announced: Qos, history: History
) -> None:
    deep = replace(LATCHED, history=History(HistoryKind.KEEP_LAST, 500))
    (route,) = plan(reader(qos=deep), publisher(qos=announced))
    assert route.qos.history == history


def test_sources_are_those_of_the_route_s_own_key() -> None:
    (own, other) = plan(
        reader(qos=LATCHED),
        publisher(qos=LATCHED),
        publisher(key="bot1/chatter", qos=LATCHED),
        source(1),
        source(2, key="bot1/chatter"),
        naming=Naming(namespace="/bot1"),
    )
    assert (own.spec.key_expr, own.sources) == ("bot1/chatter", (source(2, key="bot1/chatter"),))
    assert (other.spec.key_expr, other.sources) == ("chatter", (source(1),))


def test_reliable_writers_wait_for_the_link_and_chatter_never_does() -> None:
    assert [route.block for route in plan(writer())] == [True]
    assert [route.block for route in plan(writer(qos=BEST_EFFORT))] == [False]
    for name in ("/rosout", "/parameter_events"):
        (route,) = plan(writer(name=name), name=name)
        assert (route.block, route.priority) == (False, PRIORITY_DATA_LOW)


def test_a_writer_of_fast_dds_is_planned_like_any_other() -> None:
    silent = replace(LATCHED, history=None)
    (route,) = plan(writer(qos=silent, vendor=VENDOR_FASTDDS))
    assert route.token is not None
    assert route.token.qos.history is None
    assert [token.depth for token in route.writer_tokens()] == [0]


DISCOVERIES = [
    joined(1),
    AGENT,
    writer(1),
    writer(2, qos=LATCHED),
    writer(3, ros_type=INT32),
    writer(4, participant=5),
    writer(6, keyed=True),
    reader(7),
    reader(8, qos=LATCHED),
    reader(9, qos=BEST_EFFORT, ros_type=INT32),
    publisher("a"),
    publisher("b", qos=LATCHED),
    publisher("b", key="bot1/chatter", ros_type=INT32),
    subscriber("a"),
    source(1),
    source(2, depth=-1),
    claimed(1, node("/secret", writer(1)), node("/open", writer(2), reader(7))),
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
    first, second = (plan(*order, policy=policy, naming=naming) for order in orders)
    assert first == second


@given(st.lists(any_qos, max_size=3), st.lists(any_qos, max_size=3), st.booleans(), st.booleans())
def test_whatever_quality_is_asked_for_there_is_a_plan_that_can_be_announced(
    offered: list[Qos], requested: list[Qos], remote: bool, latched: bool
) -> None:
    things: list[object] = [writer(number, qos=qos) for number, qos in enumerate(offered, 1)]
    things += [reader(number, qos=qos) for number, qos in enumerate(requested, 100)]
    things += [publisher(qos=LATCHED if latched else RELIABLE)] if remote else []
    routes = plan(*things)
    assert {route.spec.direction for route in routes} == {
        *([Direction.EGRESS] if offered else []),
        *([Direction.INGRESS] if requested or remote else []),
    }
    for route in routes:
        assert route.status.state in (RouteState.ROUTED, RouteState.QOS_CONFLICT)
        assert bool(route.status.reason) == (route.status.state is not RouteState.ROUTED)
        for token in (route.token, *route.writer_tokens()):
            assert token is None or str(token)
