"""The open routes: opened, updated, closed as planned, and the reason kept when one cannot be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.core.events import Event, MatchingChanged, TokenRetired
from bridge.core.plan import PlannedRoute
from bridge.core.policy import Policy, Rule
from bridge.core.routespec import ROUTED, RouteKind, RouteState
from bridge.core.tokens import TokenKind
from bridge.errors import DdsError, InvalidName, UsageError, ZenohError
from bridge.routes.egress import OVERLAP_S, EgressRoute
from bridge.routes.ingress import IngressRoute
from bridge.routes.retry import RetryThread
from bridge.routes.table import RouteTable
from tests.bridge.routes.stage import START_NS, Stage, numbers, planned
from tests.builders import BEST_EFFORT, INT32, KEY, LATCHED, payload, publisher, reader, source, writer

SUBJECT = (RouteKind.TOPIC, "/chatter")


class Tabled(Stage):
    """A stage with a table of routes; events are kept."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.events: list[Event] = []
        self.retry = RetryThread()
        self.table = RouteTable(
            dds=self.dds,
            zenoh=self.zenoh,
            clock=self.clock,
            retry=self.retry,
            emit=self.events.append,
            agent_prefixes=lambda: frozenset(self.agents),
            reliable_blocking=True,
            services=self.service_routes(self.events.append),
        )

    def apply(self, *routes: PlannedRoute) -> None:
        for route in routes:
            self.table.apply(route, self.now_s)

    def match(self) -> None:
        """Hand the table what its publishers told, as the engine does."""
        for event in self.events:
            assert isinstance(event, MatchingChanged)
            self.table.set_matching(event.spec, event.matching, self.now_s)
        self.events.clear()


@pytest.fixture
def stage() -> Iterator[Tabled]:
    stage = Tabled()
    yield stage
    stage.table.close()
    stage.retry.close()


def test_a_planned_route_is_opened_once_and_closed_whole(stage: Tabled) -> None:
    out, into = planned(writer()), planned(reader())
    stage.apply(out, into, out, into)
    assert {type(route) for route in stage.table} == {EgressRoute, IngressRoute}
    assert stage.table.open_specs("/chatter") == {out.spec, into.spec}
    assert (stage.zenoh.opened, stage.dds.opened) == (2, 1)
    for spec in (out.spec, into.spec, out.spec):
        stage.table.close_route(spec)
    assert stage.table.open_specs("/chatter") == set()
    assert (stage.zenoh.publishers, stage.zenoh.subscribers, stage.dds.writers) == ([], [], [])


def test_interest_on_zenoh_becomes_an_event_and_then_a_reader(stage: Tabled) -> None:
    talker = stage.talker()
    route = planned(talker)
    stage.apply(route)
    stage.far_subscriber()
    assert stage.events == [MatchingChanged(spec=route.spec, matching=True)]
    stage.match()
    talker.write(payload(1), START_NS)
    assert numbers(stage.received) == [1]


def test_interest_in_a_route_closed_meanwhile_is_harmless(stage: Tabled) -> None:
    route = planned(stage.talker())
    stage.apply(route)
    stage.far_subscriber()
    stage.table.close_route(route.spec)
    stage.match()
    assert stage.dds.readers == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (planned(writer()), planned(writer(ros_type=INT32))),
        (planned(writer()), planned(writer(keyed=True))),
        (planned(reader()), planned(reader(ros_type=INT32))),
    ],
    ids=["type", "keyed", "ingress type"],
)
def test_what_endpoints_are_declared_with_takes_a_new_route(
    stage: Tabled, before: PlannedRoute, after: PlannedRoute
) -> None:
    stage.apply(before)
    first = stage.table.get(before.spec)
    stage.apply(after)
    second = stage.table.get(after.spec)
    assert first is not second
    assert second is not None
    assert second.planned == after
    assert len(stage.zenoh.publishers) + len(stage.zenoh.subscribers) == 1


@pytest.mark.parametrize(
    "after",
    [
        planned(writer(qos=LATCHED)),
        planned(writer(qos=BEST_EFFORT)),
        planned(writer(), policy=Policy(rules=(Rule(label="r", priority=1),))),
        planned(writer(), policy=Policy(rules=(Rule(label="r", express=True),))),
    ],
    ids=["latched", "congestion", "priority", "express"],
)
def test_what_a_publisher_is_declared_with_takes_another_one_in_the_same_route(
    stage: Tabled, after: PlannedRoute
) -> None:
    stage.apply(planned(writer()))
    (first,) = stage.table
    stage.apply(after)
    assert list(stage.table) == [first]
    publisher = stage.zenoh.publishers[-1]
    declared = (publisher.block, publisher.priority, publisher.express, publisher.cache is not None)
    assert declared == (after.block, after.priority, after.express, bool(after.latched))
    stage.table.tick(stage.clock.advance(OVERLAP_S))
    assert stage.zenoh.publishers == [publisher]


def test_other_changes_keep_the_route(stage: Tabled) -> None:
    stage.apply(planned(writer(1)))
    (first,) = stage.table
    stage.apply(planned(writer(1), writer(2)))
    assert list(stage.table) == [first]


def test_reliable_routes_block_only_where_that_is_configured(stage: Tabled) -> None:
    stage.apply(planned(writer()))
    assert [one.block for one in stage.zenoh.publishers] == [True]
    stage.table.close_route(planned(writer()).spec)
    stage.table._reliable_blocking = False
    stage.apply(planned(writer()))
    assert [one.block for one in stage.zenoh.publishers] == [False]


@pytest.mark.parametrize("error", [DdsError("no room"), ZenohError("no room"), InvalidName("no room")])
def test_a_refusal_is_the_reason_why_a_name_does_not_cross_until_it_does(
    stage: Tabled, error: Exception
) -> None:
    route = planned(writer())

    def refuse() -> None:
        raise error

    assert stage.table.guarded(SUBJECT, refuse) is error
    assert stage.table.failure(SUBJECT) == "no room"
    status = stage.table.status(route)
    assert (status.state, status.reason) == (RouteState.FAILED, "no room")
    assert stage.table.guarded(SUBJECT, lambda: None) is None
    assert stage.table.status(route) == ROUTED


def test_a_failure_hides_no_other_reason(stage: Tabled) -> None:
    denied = planned(writer(), policy=Policy(rules=(Rule(label="r", allow=False),)))

    def refuse() -> None:
        raise DdsError("no room")

    stage.table.guarded(SUBJECT, refuse)
    assert stage.table.status(denied).state is RouteState.NOT_ALLOWED
    assert not stage.table.wants(denied)
    assert stage.table.wants(planned(writer()))


def test_our_own_mistakes_are_not_taken_for_a_refusal(stage: Tabled) -> None:
    def mistake() -> None:
        raise UsageError("a bug")

    with pytest.raises(UsageError):
        stage.table.guarded(SUBJECT, mistake)


def test_a_refused_opening_leaves_no_route_and_the_next_try_opens_one(stage: Tabled) -> None:
    route = planned(writer())
    stage.zenoh.refusals.add("open_publisher")
    with pytest.raises(ZenohError):
        stage.apply(route)
    assert stage.table.open_specs("/chatter") == set()
    stage.zenoh.refusals.clear()
    stage.apply(route)
    assert stage.table.open_specs("/chatter") == {route.spec}


def test_after_a_failure_an_open_route_is_brought_in_line_though_its_plan_is_the_same(stage: Tabled) -> None:
    talker = stage.talker()
    route = planned(talker)
    stage.apply(route)
    stage.far_subscriber()
    stage.dds.refusal = "no room"
    assert stage.table.guarded(SUBJECT, stage.match) is not None
    stage.dds.refusal = ""
    stage.apply(route)
    talker.write(payload(1), START_NS)
    assert numbers(stage.received) == [1]


def test_a_returning_writer_has_the_history_of_its_own_key_fetched_again(stage: Tabled) -> None:
    stage.apply(planned(reader(qos=LATCHED), publisher(qos=LATCHED), source()))
    (subscriber,) = stage.zenoh.subscribers
    stage.table.refresh_history("other")
    assert len(subscriber.asked) == 1
    stage.table.refresh_history(KEY)
    assert len(subscriber.asked) == 2


def test_our_endpoints_are_those_of_all_open_routes(stage: Tabled) -> None:
    assert stage.table.endpoint_gids() == ((), ())
    stage.apply(planned(stage.talker()), planned(reader()))
    stage.far_subscriber()
    stage.match()
    assert stage.table.endpoint_gids() == (
        tuple(one.gid for one in stage.dds.readers),
        tuple(one.gid for one in stage.dds.writers),
    )


def test_counters_outlive_a_route_and_go_on_in_the_next_one(stage: Tabled) -> None:
    talker = stage.talker()
    route = planned(talker)
    for number in (1, 2):
        stage.apply(route)
        stage.far_subscriber()
        stage.match()
        talker.write(payload(number), START_NS + number)
        assert stage.table.counters(route.spec).messages == number
        stage.table.close_route(route.spec)
        assert stage.table.counters(route.spec).messages == number
        [(spec, counters)] = stage.table.counted(but=set())
        assert (spec, counters.messages) == (route.spec, number)
        assert stage.table.counted(but={route.spec}) == ()


def test_what_becomes_due_is_done_and_then_there_is_nothing_to_wait_for(stage: Tabled) -> None:
    stage.apply(planned(stage.talker()))
    subscriber = stage.far_subscriber()
    stage.match()
    subscriber.close()
    stage.match()
    due_s = stage.table.next_tick_s()
    assert due_s is not None
    stage.table.tick(due_s - 0.001)
    assert len(stage.dds.readers) == 1
    stage.table.tick(due_s)
    assert stage.dds.readers == []
    assert stage.table.next_tick_s() is None


def test_egress_ends_before_ingress(stage: Tabled) -> None:
    stage.apply(planned(reader()), planned(writer()))
    seen: list[Event] = []
    stage.network.session("e5").start(seen.append)
    stage.table.close()
    retired = [event.token.kind for event in seen if isinstance(event, TokenRetired)]
    assert retired == [TokenKind.PUBLISHER, TokenKind.SUBSCRIBER]
