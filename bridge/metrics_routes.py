"""The metrics of routes: topics and services by name, and what the agent counted in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from typing import TypeVar

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from bridge.core.jsonform import Counts
from bridge.core.latency import METRIC_EDGES_S
from bridge.core.linkinfo import LatencyCounts, added
from bridge.core.routespec import CALL_CAUSES, SAMPLE_CAUSES, LossCause, RouteKind, RouteSpec
from bridge.core.status import AgentFacts, RouteCounters, RouteInfo
from bridge.metrics_links import buckets
from bridge.pace import Pace

T = TypeVar("T")
_ROUTE = ("direction", "name")
_ROUTE_STEPS = 8
"""Lines that a route has in a scrape, and so the work of making them."""
MAX_HISTOGRAMS = 100
"""Topics, and services, that have one: each is 13 to 18 series, and a scrape with 1000 routes stays under
0.2 s; `zenlink routes --json` has all."""
Counted = tuple[RouteSpec, RouteCounters]
"""What the routes of a spec counted since the agent's start."""
Labels = tuple[str, str]
"""Way and name."""


def route_metrics(found: AgentFacts, pace: Pace) -> Iterator[Metric]:
    """Every family. Labels are bounded by the routes that there are, and those that are remembered."""
    yield from _totals(found)
    by_state = GaugeMetricFamily("zenlink_routes", "Routes by state.", labels=["state"])
    for state, count in sorted(Counter(route.status.state.value for route in found.routes).items()):
        by_state.add_metric([state], count)
    yield by_state
    for kind, told in ((RouteKind.TOPIC, _topics), (RouteKind.SERVICE, _services)):
        routes = [route for route in found.routes if route.spec.kind is kind]
        counted = [*((one.spec, one.counters) for one in routes), *found.past]
        yield from told(routes, [one for one in counted if one[0].kind is kind], pace)


def _totals(found: AgentFacts) -> Iterator[Metric]:
    """Of all routes, by cause; each cause is there from the start.

    A series that begins with its first count hides that one from ``rate()``. Those of routes do, since a
    scrape with all of them would be far too long.
    """
    counted = [
        *((one.spec.kind, one.counters) for one in found.routes),
        *((spec.kind, counters) for spec, counters in found.past),
        *found.forgotten,
    ]
    samples = [counters for kind, counters in counted if kind is RouteKind.TOPIC]
    calls = [counters for kind, counters in counted if kind is RouteKind.SERVICE]
    for name, text, causes, counts in (
        ("drops", "Samples not passed on.", SAMPLE_CAUSES, (one.drops for one in samples)),
        ("lost", "Samples that never came to the far side.", LossCause, (one.lost for one in samples)),
        ("call_failures", "Calls that came to nothing.", CALL_CAUSES, (one.drops for one in calls)),
    ):
        family = CounterMetricFamily(f"zenlink_{name}", text, labels=["cause"])
        _add_causes(family, [], [tuple((cause.value, 0) for cause in causes), *counts])
        yield family


def _topics(routes: Sequence[RouteInfo], counted: Iterable[Counted], pace: Pace) -> Iterator[Metric]:
    active = GaugeMetricFamily("zenlink_route_active", "1: both halves are there.", labels=_ROUTE)
    messages = CounterMetricFamily("zenlink_route_messages", "Samples passed on.", labels=_ROUTE)
    octets = CounterMetricFamily("zenlink_route_bytes", "Payload passed on.", labels=_ROUTE)
    drops = CounterMetricFamily(
        "zenlink_route_drops", "Samples not passed on, by cause.", labels=[*_ROUTE, "cause"]
    )
    lost = CounterMetricFamily(
        "zenlink_route_lost", "Samples that never came to the far side, by cause.", labels=[*_ROUTE, "cause"]
    )
    rebuilds = CounterMetricFamily(
        "zenlink_route_rebuilds",
        "Subscriptions made anew, because nothing came of what was sent.",
        labels=_ROUTE,
    )
    queued = GaugeMetricFamily("zenlink_route_queue_messages", "Samples that wait.", labels=_ROUTE)
    queued_octets = GaugeMetricFamily("zenlink_route_queue_bytes", "Payload that waits.", labels=_ROUTE)
    for labels, group in _by_name(((route.spec, route) for route in routes), pace):
        active.add_metric(labels, float(any(route.active for route in group)))
        queued.add_metric(labels, sum(route.counters.queue_messages for route in group))
        queued_octets.add_metric(labels, sum(route.counters.queue_bytes for route in group))
    for labels, counters in _by_name(counted, pace):
        messages.add_metric(labels, sum(one.messages for one in counters))
        octets.add_metric(labels, sum(one.payload_bytes for one in counters))
        rebuilds.add_metric(labels, sum(one.rebuilds for one in counters))
        _add_causes(drops, labels, (one.drops for one in counters))
        _add_causes(lost, labels, (one.lost for one in counters))
    yield from (active, messages, octets, drops, lost, rebuilds, queued, queued_octets)
    yield _latency(routes, pace)


def _services(routes: Iterable[RouteInfo], counted: Sequence[Counted], pace: Pace) -> Iterator[Metric]:
    """Services, and the three of each action under their own names."""
    active = GaugeMetricFamily("zenlink_service_active", "1: a call would cross.", labels=_ROUTE)
    calls = CounterMetricFamily("zenlink_service_calls", "Calls answered.", labels=_ROUTE)
    octets = CounterMetricFamily("zenlink_service_bytes", "Their requests and responses.", labels=_ROUTE)
    failures = CounterMetricFamily(
        "zenlink_service_failures", "Calls that came to nothing, by cause.", labels=[*_ROUTE, "cause"]
    )
    open_calls = GaugeMetricFamily("zenlink_service_open_calls", "Calls without an answer.", labels=_ROUTE)
    for labels, group in _by_name(((route.spec, route) for route in routes), pace):
        active.add_metric(labels, float(any(route.active for route in group)))
        open_calls.add_metric(labels, sum(route.counters.queue_messages for route in group))
    for labels, counters in _by_name(counted, pace):
        calls.add_metric(labels, sum(one.messages for one in counters))
        octets.add_metric(labels, sum(one.payload_bytes for one in counters))
        _add_causes(failures, labels, (one.drops for one in counters))
    yield from (active, calls, octets, failures, open_calls)
    yield _durations(counted, pace)


def _latency(routes: Iterable[RouteInfo], pace: Pace) -> Metric:
    """Of a topic's own samples, where it is known."""
    found: dict[Labels, LatencyCounts] = {}
    for route in routes:
        latency = route.counters.latency
        if latency is not None and latency.samples:
            own = LatencyCounts(edges_s=METRIC_EDGES_S, counts=latency.buckets, sum_s=latency.sum_s)
            _add_counts(found, route.spec, own)
    family = HistogramMetricFamily(
        "zenlink_route_latency_seconds",
        "From the writer of a sample to the agent that sends (egress) or receives it (ingress).",
        labels=_ROUTE,
    )
    return _busiest(family, found, pace)


def _durations(counted: Iterable[Counted], pace: Pace) -> Metric:
    """Of answered calls."""
    found: dict[Labels, LatencyCounts] = {}
    for spec, counters in counted:
        if counters.durations is not None:
            _add_counts(found, spec, counters.durations)
    family = HistogramMetricFamily(
        "zenlink_service_duration_seconds",
        "Of answered calls, from the request at this agent until its answer was passed on.",
        labels=_ROUTE,
    )
    return _busiest(family, found, pace)


def _add_counts(found: dict[Labels, LatencyCounts], spec: RouteSpec, more: LatencyCounts) -> None:
    labels = spec.direction.value, spec.ros_name
    if labels in found:
        more = added(found[labels], more)
    found[labels] = more


def _busiest(
    family: HistogramMetricFamily, found: Mapping[Labels, LatencyCounts], pace: Pace
) -> HistogramMetricFamily:
    """The names that had most."""
    busiest = nlargest(MAX_HISTOGRAMS, found.items(), key=lambda item: sum(item[1].counts))
    for labels, counts in pace.over(busiest, steps=len(METRIC_EDGES_S)):
        family.add_metric(labels, buckets(counts), counts.sum_s)
    return family


def _add_causes(family: CounterMetricFamily, labels: list[str], counts: Iterable[Counts]) -> None:
    found: Counter[str] = Counter()
    for one in counts:
        if one:  # most routes drop nothing
            found.update(dict(one))
    for cause, count in found.items():
        family.add_metric([*labels, cause], count)


def _by_name(items: Iterable[tuple[RouteSpec, T]], pace: Pace) -> Iterator[tuple[list[str], list[T]]]:
    """What belongs to one name and direction together; routes of them differ in their key on Zenoh."""
    groups: dict[tuple[str, str], list[T]] = {}
    for spec, item in items:
        groups.setdefault((spec.direction.value, spec.ros_name), []).append(item)
    for labels, group in pace.over(groups.items(), steps=_ROUTE_STEPS):
        yield list(labels), group
