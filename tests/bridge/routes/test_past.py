"""Counters go on where they were when a route is opened again; of too many the oldest is forgotten."""

from __future__ import annotations

from bridge.core.latency import PassiveLatency
from bridge.core.linkinfo import LatencyCounts
from bridge.core.routespec import Direction, RouteKind, RouteSpec
from bridge.core.status import RouteCounters
from bridge.routes.past import PastCounters


def spec(name: str = "/chatter") -> RouteSpec:
    return RouteSpec(direction=Direction.EGRESS, ros_name=name, key_expr=name[1:])


FIRST = RouteCounters(
    messages=3,
    payload_bytes=30,
    drops=(("closed", 1), ("stale", 2)),
    lost=(("link", 4),),
    rebuilds=1,
    durations=LatencyCounts(edges_s=(0.1,), counts=(2, 1), sum_s=0.5),
    queue_messages=9,
    queue_bytes=90,
    latency=PassiveLatency().figures(),
)
SECOND = RouteCounters(
    messages=5,
    payload_bytes=50,
    drops=(("stale", 1),),
    lost=(("queue", 1),),
    durations=LatencyCounts(edges_s=(0.1,), counts=(4, 1), sum_s=0.25),
    queue_messages=2,
    queue_bytes=20,
    latency=PassiveLatency(void="skewed").figures(),
)


def test_a_route_that_was_never_closed_counts_what_it_counts():
    past = PastCounters()
    past.opened(spec())
    assert past.counters(spec(), FIRST) is FIRST
    assert past.counters(spec("/other"), None) == RouteCounters()
    assert past.specs() == ()


def test_a_closed_route_keeps_what_it_counted_but_nothing_that_waits():
    past = PastCounters()
    past.closed(spec(), FIRST)
    kept = past.counters(spec(), None)
    assert (kept.messages, kept.payload_bytes, kept.rebuilds) == (3, 30, 1)
    assert (kept.drops, kept.lost) == (FIRST.drops, FIRST.lost)
    assert (kept.queue_messages, kept.queue_bytes, kept.latency) == (0, 0, None)
    assert past.specs() == (spec(),)


def test_a_route_opened_again_goes_on_and_closes_with_the_sum():
    past = PastCounters()
    past.closed(spec(), FIRST)
    past.opened(spec())
    assert past.specs() == ()
    now = past.counters(spec(), SECOND)
    assert (now.messages, now.payload_bytes, now.rebuilds) == (8, 80, 1)
    assert now.drops == (("closed", 1), ("stale", 3))
    assert now.lost == (("link", 4), ("queue", 1))
    assert now.durations == LatencyCounts(edges_s=(0.1,), counts=(6, 2), sum_s=0.75)
    assert (now.queue_messages, now.queue_bytes, now.latency) == (2, 20, SECOND.latency)
    past.closed(spec(), SECOND)
    assert past.counters(spec(), None).messages == 8


def test_what_counted_nothing_is_not_remembered():
    past = PastCounters()
    past.closed(spec(), RouteCounters(queue_messages=1, latency=PassiveLatency().figures()))
    assert past.specs() == ()


def test_beyond_the_limit_the_one_closed_longest_ago_is_forgotten_and_an_open_one_never():
    past = PastCounters(limit=2)
    past.closed(spec("/open"), FIRST)
    past.opened(spec("/open"))
    for name in ("/a", "/b", "/a", "/c"):
        past.opened(spec(name))
        past.closed(spec(name), FIRST)
    assert past.specs() == (spec("/a"), spec("/c"))
    assert past.counters(spec("/a"), None).messages == 6
    assert past.counters(spec("/b"), None).messages == 0
    assert past.counters(spec("/open"), SECOND).messages == 8


def test_what_is_forgotten_still_counts_in_all():
    past = PastCounters(limit=1)
    for name in ("/a", "/b", "/c"):
        past.closed(spec(name), FIRST)
    [(kind, together)] = past.forgotten()
    assert kind is RouteKind.TOPIC
    assert together.messages == 6
    assert together.drops == (("closed", 2), ("stale", 4))
