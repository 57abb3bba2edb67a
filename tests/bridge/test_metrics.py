"""What Prometheus is told equals the facts."""

from __future__ import annotations

import time
from dataclasses import replace

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bridge.core.latency import PassiveLatency
from bridge.core.linkinfo import LatencyCounts
from bridge.core.routespec import (
    CALL_CAUSES,
    SAMPLE_CAUSES,
    Direction,
    DropCause,
    LossCause,
    RouteKind,
    RouteSpec,
)
from bridge.core.status import AgentFacts, AgentState, RouteCounters
from bridge.metrics import AgentCollector, registry
from bridge.metrics_routes import MAX_HISTOGRAMS
from tests.bridge.facts import denied, facts, route

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(found: AgentFacts, *, refused: int = 0) -> Samples:
    """Every sample of one scrape, by name and labels."""
    made = CollectorRegistry(auto_describe=False)
    made.register(AgentCollector(lambda: found, refused=lambda: refused))
    families = text_string_to_metric_families(generate_latest(made).decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, sample: str, /, **labels: str) -> float:
    return samples[sample, tuple(sorted(labels.items()))]


def test_a_route_is_told_with_its_counters():
    counters = RouteCounters(
        messages=120,
        payload_bytes=2400,
        drops=(("queue_full", 2), ("malformed", 1)),
        lost=(("link", 7),),
        queue_messages=4,
        queue_bytes=80,
    )
    found = scraped(facts(route("/chatter", counters=counters)))
    labels = {"direction": "egress", "name": "/chatter"}
    assert value(found, "zenlink_route_messages_total", **labels) == 120
    assert value(found, "zenlink_route_bytes_total", **labels) == 2400
    assert value(found, "zenlink_route_drops_total", **labels, cause="queue_full") == 2
    assert value(found, "zenlink_route_drops_total", **labels, cause="malformed") == 1
    assert value(found, "zenlink_route_lost_total", **labels, cause="link") == 7
    assert value(found, "zenlink_route_queue_messages", **labels) == 4
    assert value(found, "zenlink_route_queue_bytes", **labels) == 80
    assert value(found, "zenlink_route_active", **labels) == 1


def test_routes_of_one_name_under_two_keys_are_one_series():
    found = scraped(facts(route("/tf", messages=3), route("/tf", messages=4, key_expr="bot2/tf")))
    assert value(found, "zenlink_route_messages_total", direction="egress", name="/tf") == 7
    assert value(found, "zenlink_routes", state="routed") == 2


def test_a_service_is_told_with_its_calls_and_never_as_a_topic():
    spec = RouteSpec(direction=Direction.INGRESS, ros_name="/add", key_expr="add", kind=RouteKind.SERVICE)
    counters = RouteCounters(messages=9, payload_bytes=90, drops=(("timeout", 2),), queue_messages=1)
    found = scraped(facts(route("/add", spec=spec, counters=counters), route("/add", messages=3)))
    labels = {"direction": "ingress", "name": "/add"}
    assert value(found, "zenlink_service_calls_total", **labels) == 9
    assert value(found, "zenlink_service_bytes_total", **labels) == 90
    assert value(found, "zenlink_service_failures_total", **labels, cause="timeout") == 2
    assert value(found, "zenlink_service_open_calls", **labels) == 1
    assert value(found, "zenlink_service_active", **labels) == 1
    assert value(found, "zenlink_route_messages_total", direction="egress", name="/add") == 3
    assert ("zenlink_route_messages_total", tuple(sorted(labels.items()))) not in found


def test_how_long_calls_took_is_a_histogram_of_answered_ones():
    def took(*counts: int, sum_s: float) -> RouteCounters:
        durations = LatencyCounts(edges_s=(0.01, 1.0), counts=counts, sum_s=sum_s)
        return RouteCounters(messages=sum(counts), durations=durations)

    def add(key: str) -> RouteSpec:
        return RouteSpec(direction=Direction.EGRESS, ros_name="/add", key_expr=key, kind=RouteKind.SERVICE)

    open_one = route("/add", spec=add("add"), counters=took(5, 2, 0, sum_s=1.5))
    gone = (add("old"), took(1, 0, 1, sum_s=9.5))
    silent = replace(add("x"), ros_name="/never_called")
    found = scraped(replace(facts(open_one, route("/never_called", spec=silent)), past=(gone,)))
    labels = {"direction": "egress", "name": "/add"}
    edges = {"0.01": 6, "1.0": 8, "+Inf": 9}
    assert edges == {
        le: value(found, "zenlink_service_duration_seconds_bucket", **labels, le=le) for le in edges
    }
    assert value(found, "zenlink_service_duration_seconds_count", **labels) == 9
    assert value(found, "zenlink_service_calls_total", **labels) == 9
    assert value(found, "zenlink_service_duration_seconds_sum", **labels) == 11
    assert {dict(key)["name"] for name, key in found if "duration" in name} == {"/add"}


def test_a_cause_is_there_before_its_first_count_for_the_agent_and_after_it_for_a_route():
    quiet = scraped(facts(route("/chatter", messages=3)))
    for name, causes in (("drops", SAMPLE_CAUSES), ("lost", LossCause), ("call_failures", CALL_CAUSES)):
        for cause in causes:
            assert value(quiet, f"zenlink_{name}_total", cause=cause.value) == 0
    assert not [name for name, _ in quiet if name.startswith("zenlink_route_drops")]
    assert {*SAMPLE_CAUSES, *CALL_CAUSES} == set(DropCause)


def test_what_an_agent_counted_in_all_has_every_route_and_the_forgotten_ones():
    def counted(count: int) -> RouteCounters:
        return RouteCounters(drops=(("queue_full", count),), lost=(("link", 10 * count),))

    def spec(kind: RouteKind) -> RouteSpec:
        return RouteSpec(direction=Direction.EGRESS, ros_name="/a", key_expr="a", kind=kind)

    topic, service = spec(RouteKind.TOPIC), spec(RouteKind.SERVICE)
    found = scraped(
        replace(
            facts(route("/a", counters=counted(1)), route("/a", spec=service, counters=counted(100))),
            past=((topic, counted(2)), (service, counted(200))),
            forgotten=((RouteKind.TOPIC, counted(4)), (RouteKind.SERVICE, counted(400))),
        )
    )
    assert value(found, "zenlink_drops_total", cause="queue_full") == 7
    assert value(found, "zenlink_lost_total", cause="link") == 70
    assert value(found, "zenlink_call_failures_total", cause="queue_full") == 700


def test_what_is_gone_is_told_with_its_counters_alone():
    def gone(name: str, kind: RouteKind, messages: int) -> tuple[RouteSpec, RouteCounters]:
        spec = RouteSpec(direction=Direction.EGRESS, ros_name=name, key_expr=f"old{name}", kind=kind)
        return spec, RouteCounters(messages=messages, payload_bytes=70, drops=(("timeout", 2),))

    past = (
        gone("/add", RouteKind.SERVICE, 7),
        gone("/old", RouteKind.TOPIC, 8),
        gone("/chatter", RouteKind.TOPIC, 9),
    )
    found = scraped(replace(facts(route("/chatter", messages=3)), past=past))
    called = {"direction": "egress", "name": "/add"}
    assert value(found, "zenlink_service_calls_total", **called) == 7
    assert value(found, "zenlink_service_bytes_total", **called) == 70
    assert value(found, "zenlink_service_failures_total", **called, cause="timeout") == 2
    assert value(found, "zenlink_route_messages_total", direction="egress", name="/old") == 8
    assert value(found, "zenlink_route_messages_total", direction="egress", name="/chatter") == 12
    assert value(found, "zenlink_routes", state="routed") == 1
    gauges = {
        (name, dict(labels)["name"])
        for name, labels in found
        if name.endswith(("_active", "_calls", "queue_messages"))
    }
    assert gauges == {("zenlink_route_active", "/chatter"), ("zenlink_route_queue_messages", "/chatter")}


def test_the_agent_is_told():
    found = scraped(facts(route("/a"), denied("/b"), state=AgentState.STANDBY), refused=5)
    assert value(found, "zenlink_agent_state", state="standby") == 1
    assert value(found, "zenlink_agent_state", state="active") == 0
    assert value(found, "zenlink_uptime_seconds") == 12.5
    assert value(found, "zenlink_dds_participants", vendor="fastdds") == 3
    assert value(found, "zenlink_dds_readers", vendor="cyclonedds") == 20
    assert value(found, "zenlink_dds_writers", vendor="cyclonedds") == 30
    assert value(found, "zenlink_announced", kind="publisher") == 40
    assert value(found, "zenlink_agents") == 1
    assert value(found, "zenlink_bridges") == value(found, "zenlink_nodes") == 1
    assert value(found, "zenlink_routes", state="routed") == value(
        found, "zenlink_routes", state="not_allowed"
    )
    assert value(found, "zenlink_findings", code="spare_agent", severity="info") == 1
    assert value(found, "zenlink_host_settings", severity="error") == 2
    assert value(found, "zenlink_faults_total", module="bridge.engine") == 1
    assert value(found, "zenlink_malformed_total", codec="token") == 3
    assert value(found, "zenlink_http_refused_total") == 5
    assert value(found, "zenlink_link_up", zid="c3d4", whatami="router", dst="tcp/127.0.0.1:2") == 1
    assert value(found, "zenlink_connection_up", endpoint="tcp/127.0.0.1:2") == 1
    assert value(found, "zenlink_connection_reconnects_total", endpoint="tcp/127.0.0.1:2") == 4
    end = {"use": "certificate", "file": "/etc/robot1.pem"}
    assert value(found, "zenlink_certificate_not_after_timestamp_seconds", **end) == 1.9e9
    assert value(found, "zenlink_links_opened_total") == 6
    assert value(found, "zenlink_links_ended_total") == 5
    assert value(found, "zenlink_handshakes_refused_total", cause="wrong CA") == 2


def test_a_measured_link_is_told_with_the_targets_as_edges():
    found = scraped(facts())
    assert value(found, "zenlink_probe_target_met", target="c3d4") == 1
    assert value(found, "zenlink_probe_sent_total", target="c3d4") == 100
    assert value(found, "zenlink_probe_lost_total", target="c3d4") == 1
    assert value(found, "zenlink_probe_clock_offset_seconds", target="c3d4") == -1.5
    assert value(found, "zenlink_probe_clock_bound_seconds", target="c3d4") == 0.004
    for edge, count in (("0.01", 90), ("0.1", 98), ("+Inf", 99)):
        assert value(found, "zenlink_probe_round_trip_seconds_bucket", target="c3d4", le=edge) == count
        assert (
            value(found, "zenlink_probe_one_way_seconds_bucket", target="c3d4", way="back", le=edge) == count
        )
    assert value(found, "zenlink_probe_round_trip_seconds_count", target="c3d4") == 99
    assert value(found, "zenlink_probe_round_trip_seconds_sum", target="c3d4") == 1.5
    assert value(found, "zenlink_probe_echo_total", outcome="answered") == 7


def test_the_latency_of_a_topic_is_told_once_it_is_known():
    latency = PassiveLatency()
    latency.correct(0, 0)
    latency.sample(10**18, 10**18 + 10_000_000)
    counters = RouteCounters(messages=1, latency=latency.figures())
    unknown = RouteCounters(messages=1, latency=PassiveLatency().figures())
    found = scraped(facts(route("/scan", counters=counters), route("/other", counters=unknown)))
    labels = {"direction": "egress", "name": "/scan"}
    assert value(found, "zenlink_route_latency_seconds_bucket", **labels, le="0.005") == 0
    assert value(found, "zenlink_route_latency_seconds_bucket", **labels, le="0.01") == 1
    assert value(found, "zenlink_route_latency_seconds_sum", **labels) == 0.01
    assert ("zenlink_route_latency_seconds_count", (("direction", "egress"), ("name", "/other"))) not in found


def test_of_very_many_topics_the_busiest_have_their_latency_told():
    routes = []
    for number in range(MAX_HISTOGRAMS + 1):
        latency = PassiveLatency()
        latency.correct(0, 0)
        for sample in range(1 if number == 7 else 2):
            now_ns = 10**18 + sample * 10**9
            latency.sample(now_ns - 1_000_000, now_ns)
        routes.append(route(f"/t{number}", counters=RouteCounters(messages=1, latency=latency.figures())))
    told = {
        dict(labels)["name"]
        for name, labels in scraped(facts(*routes))
        if name == "zenlink_route_latency_seconds_count"
    }
    assert told == {f"/t{number}" for number in range(MAX_HISTOGRAMS + 1)} - {"/t7"}


def test_what_the_kernel_knows_is_told():
    found = scraped(facts())
    labels = {"zid": "c3d4", "dst": "tcp/127.0.0.1:2"}
    assert value(found, "zenlink_link_tcp_rtt_seconds", **labels) == 0.0075
    assert value(found, "zenlink_link_tcp_min_rtt_seconds", **labels) == 0.007
    assert value(found, "zenlink_link_tcp_retransmits_total", **labels) == 3
    assert value(found, "zenlink_link_tcp_unacked_bytes", **labels) == 1448
    assert value(found, "zenlink_link_tcp_sent_bytes_total", **labels) == 9000
    assert value(found, "zenlink_link_tcp_received_bytes_total", **labels) == 700
    assert value(found, "zenlink_link_tcp_delivery_bytes_per_second", **labels) == 1e6
    assert value(found, "zenlink_interface_dropped_total", interface="eth0", way="rx") == 5
    assert not [name for name, _ in found if name.startswith("zenlink_link_udp")]


def test_a_name_with_quotes_and_line_breaks_stays_one_line():
    found = scraped(facts(route('/a"\n\\b', messages=1)))
    assert value(found, "zenlink_route_messages_total", direction="egress", name='/a"\n\\b') == 1


def test_the_process_is_told_too():
    text = generate_latest(registry(facts, refused=lambda: 0)).decode()
    assert "process_resident_memory_bytes" in text
    assert "zenlink_build_info{" in text


def test_a_thousand_routes_are_scraped_at_once_and_small():
    made = registry(
        lambda: facts(*(route(f"/scale/t{n}", messages=n) for n in range(1000))), refused=lambda: 0
    )
    began_s = time.perf_counter()
    text = generate_latest(made)
    print(f"1000 routes: {len(text) / 1000:.0f} kB in {(time.perf_counter() - began_s) * 1000:.0f} ms")
    assert len(text) < 2_000_000
