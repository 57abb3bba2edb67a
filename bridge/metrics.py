"""What Prometheus scrapes: every metric name of the agent, made of one snapshot at scrape time.

Nothing is counted here. Routes and engine count, :mod:`bridge.observe` reads them, and a scrape turns one
set of facts into metric families, so that all figures of a scrape belong to one moment. Labels are bounded by
what exists and by what is remembered of closed routes (:mod:`bridge.routes.past`), which have counters alone.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import metadata

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge import __version__
from bridge.core.status import AgentFacts, AgentInfo, AgentState, GraphInfo, Severity
from bridge.metrics_links import certificate_metrics, kernel_metrics, probe_metrics
from bridge.metrics_routes import route_metrics
from bridge.pace import Pace, hurried


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
        yield from _graph(found.agent.graph)
        yield from route_metrics(found, pace)
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


def _graph(found: GraphInfo) -> Iterator[Metric]:
    """How large both sides are; labels are bounded by the kinds that there are."""
    for name, text, label, counts in (
        (
            "dds_participants",
            "Participants of the DDS domain but the one that bridges.",
            "vendor",
            found.participants,
        ),
        ("dds_readers", "Their readers of ROS topics, services and actions.", "vendor", found.readers),
        ("dds_writers", "Their writers of those.", "vendor", found.writers),
        ("announced", "Interfaces that other bridges announce.", "kind", found.announced),
    ):
        family = GaugeMetricFamily(f"zenlink_{name}", text, labels=[label])
        for value, count in counts:
            family.add_metric([value], count)
        yield family
    yield GaugeMetricFamily("zenlink_agents", "Of the other bridges, agents of ours.", value=found.agents)
