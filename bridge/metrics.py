"""What Prometheus scrapes: every metric name of the agent, made of one snapshot at scrape time.

Nothing is counted here. Routes and engine count, :mod:`bridge.observe` reads them, and a scrape turns one
set of facts into metric families, so that all figures of a scrape belong to one moment. Labels are bounded by
what exists and by what is remembered of closed routes (:mod:`bridge.routes.past`), which have counters alone.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import metadata
from typing import TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge import __version__
from bridge.core.jsonform import Counts
from bridge.core.routespec import RouteKind, RouteSpec
from bridge.core.status import AgentFacts, AgentInfo, AgentState, RouteCounters, RouteInfo, Severity
from bridge.metrics_links import (
    certificate_metrics,
    kernel_metrics,
    probe_metrics,
    route_latency_metrics,
)
from bridge.pace import Pace, hurried

T = TypeVar("T")
_ROUTE = ("direction", "name")
_ROUTE_STEPS = 8
"""Lines that a route has in a scrape, and so the work of making them."""
Counted = tuple[RouteSpec, RouteCounters]
"""What the routes of a spec counted since the agent's start."""


class AgentCollector(Collector):
    """Turns facts into metrics.

    Args:
        facts: of now. Thread: that of the scrape.
        refused: HTTP requests refused so far.
        pace: of one scrape.
    """

    def __init__(
        self,
        facts: Callable[[], AgentFacts],
        *,
        refused: Callable[[], int],
        pace: Callable[[], Pace] = hurried,
    ) -> None:
        self._facts = facts
        self._refused = refused
        self._pace = pace

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the engine."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family. Raises CannotRun where the engine does not answer."""
        found, pace = self._facts(), self._pace()
        yield _build_info()
        yield from _agent(found)
        yield from _links(found.agent)
        yield from certificate_metrics(found.agent.certificates)
        yield from probe_metrics(found.agent.probe)
        yield from kernel_metrics(found.agent.probe.kernel)
        yield from _routes(found, pace)
        yield from route_latency_metrics(found.routes, pace)
        yield CounterMetricFamily(
            "zenlink_http_refused", "HTTP requests refused: host, token.", value=self._refused()
        )


def registry(
    facts: Callable[[], AgentFacts],
    *,
    refused: Callable[[], int],
    others: Iterable[Collector] = (),
    pace: Callable[[], Pace] = hurried,
) -> CollectorRegistry:
    """A registry of one agent: its metrics, those of its process, and those of others."""
    made = CollectorRegistry(auto_describe=False)
    made.register(AgentCollector(facts, refused=refused, pace=pace))
    ProcessCollector(registry=made)
    for one in others:
        made.register(one)
    return made


@cache
def _build_info() -> Metric:
    """The same for the life of the process: to read it from disk took half of a small agent's scrape."""
    family = InfoMetricFamily("zenlink_build", "Versions of zenlink and of what it stands on.")
    versions = {"version": __version__, "python": platform.python_version()}
    for label, package in (("zenoh", "eclipse-zenoh"), ("cyclonedds", "cyclonedds")):
        try:
            versions[label] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[label] = ""
    family.add_metric([], versions)
    return family


def _agent(found: AgentFacts) -> Iterator[Metric]:
    agent = found.agent
    states = GaugeMetricFamily("zenlink_agent_state", "1 for the state it is in.", labels=["state"])
    for state in AgentState:
        states.add_metric([state.value], float(state is agent.state))
    yield states
    yield GaugeMetricFamily("zenlink_uptime_seconds", "Since the agent's start.", value=agent.uptime_s)
    yield GaugeMetricFamily("zenlink_bridges", "Other bridges known on Zenoh.", value=len(agent.peers))
    yield GaugeMetricFamily("zenlink_nodes", "ROS nodes of the local DDS domain.", value=len(found.nodes))
    findings = GaugeMetricFamily(
        "zenlink_findings", "What is wrong now, by code.", labels=["code", "severity"]
    )
    counts: dict[tuple[str, Severity], int] = {}
    for finding in agent.findings:
        counts[finding.code, finding.severity] = counts.get((finding.code, finding.severity), 0) + 1
    for (code, severity), count in counts.items():
        findings.add_metric([code, severity.value], count)
    yield findings
    settings = GaugeMetricFamily(
        "zenlink_host_settings", "Findings of `zenlink tune check`.", labels=["severity"]
    )
    for level, count in agent.host_settings:
        settings.add_metric([level], count)
    yield settings
    malformed = CounterMetricFamily(
        "zenlink_malformed", "Input dropped because it cannot be read, by decoder.", labels=["codec"]
    )
    for codec, count in agent.wire_errors:
        malformed.add_metric([codec], count)
    yield malformed
    faults = CounterMetricFamily(
        "zenlink_faults", "Exceptions that nobody foresaw, by module; the work went on.", labels=["module"]
    )
    for module, count in agent.faults:
        faults.add_metric([module], count)
    yield faults


def _links(agent: AgentInfo) -> Iterator[Metric]:
    links = GaugeMetricFamily("zenlink_link_up", "Zenoh links open now.", labels=["zid", "whatami", "dst"])
    for zid, whatami, dst in sorted({(link.zid, link.whatami, link.dst) for link in agent.links}):
        links.add_metric([zid, whatami, dst], 1)
    yield links
    refused = CounterMetricFamily(
        "zenlink_handshakes_refused",
        "TLS handshakes on our listeners that failed, by cause.",
        labels=["cause"],
    )
    for cause, count in agent.handshakes_refused:
        refused.add_metric([cause], count)
    yield refused
    known = agent.connections
    yield CounterMetricFamily("zenlink_links_opened", "Zenoh links that came up.", value=known.opened)
    yield CounterMetricFamily(
        "zenlink_links_ended", "Zenoh links that ended, or fell silent.", value=known.ended
    )
    up = GaugeMetricFamily(
        "zenlink_connection_up", "Links of zenoh.connect: 1 where there is one.", labels=["endpoint"]
    )
    back = CounterMetricFamily(
        "zenlink_connection_reconnects", "Times such a link came back.", labels=["endpoint"]
    )
    for one in known.configured:
        up.add_metric([one.endpoint], float(one.up))
        back.add_metric([one.endpoint], one.reconnects)
    yield from (up, back)


def _routes(found: AgentFacts, pace: Pace) -> Iterator[Metric]:
    by_state = GaugeMetricFamily("zenlink_routes", "Routes by state.", labels=["state"])
    for state, count in sorted(Counter(route.status.state.value for route in found.routes).items()):
        by_state.add_metric([state], count)
    yield by_state
    for kind, told in ((RouteKind.TOPIC, _topics), (RouteKind.SERVICE, _services)):
        routes = [route for route in found.routes if route.spec.kind is kind]
        counted = [*((one.spec, one.counters) for one in routes), *found.past]
        yield from told(routes, [one for one in counted if one[0].kind is kind], pace)


def _topics(routes: Iterable[RouteInfo], counted: Iterable[Counted], pace: Pace) -> Iterator[Metric]:
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


def _services(routes: Iterable[RouteInfo], counted: Iterable[Counted], pace: Pace) -> Iterator[Metric]:
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


def _add_causes(family: CounterMetricFamily, labels: list[str], counts: Iterable[Counts]) -> None:
    found: Counter[str] = Counter()
    for one in counts:
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
