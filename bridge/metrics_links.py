"""The metrics of links: what the probe, the kernel and the certificates tell of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from bridge.core.linkinfo import CertificateInfo, LatencyCounts, LinkKernel, ProbeInfo


def probe_metrics(found: ProbeInfo) -> Iterator[Metric]:
    """Labels are bounded by the links and the configured targets."""
    target = ["target"]
    good = GaugeMetricFamily("zenlink_probe_target_met", "1: the link meets its target now.", labels=target)
    sent = CounterMetricFamily("zenlink_probe_sent", "Messages of the probe.", labels=target)
    lost = CounterMetricFamily("zenlink_probe_lost", "Those without a reply within 1 s.", labels=target)
    offset = GaugeMetricFamily(
        "zenlink_probe_clock_offset_seconds", "How far the other clock is ahead.", labels=target
    )
    bound = GaugeMetricFamily(
        "zenlink_probe_clock_bound_seconds", "How uncertain that, and a delay one way, is.", labels=target
    )
    trip = HistogramMetricFamily("zenlink_probe_round_trip_seconds", "There and back.", labels=target)
    way = HistogramMetricFamily(
        "zenlink_probe_one_way_seconds", "One way, corrected by the offset.", labels=["target", "way"]
    )
    for one in found.latencies:
        labels = [one.target]
        good.add_metric(labels, float(one.state == "met"))
        sent.add_metric(labels, one.sent)
        lost.add_metric(labels, one.lost)
        if one.offset_ms is not None and one.bound_ms is not None:
            offset.add_metric(labels, one.offset_ms / 1000.0)
            bound.add_metric(labels, one.bound_ms / 1000.0)
        trip.add_metric(labels, buckets(one.round_trip), one.round_trip.sum_s)
        for name, counts in (("there", one.there), ("back", one.back)):
            way.add_metric([*labels, name], buckets(counts), counts.sum_s)
    echo = CounterMetricFamily("zenlink_probe_echo", "Probes of others, by outcome.", labels=["outcome"])
    for outcome, count in found.echo:
        echo.add_metric([outcome], count)
    yield from (good, sent, lost, offset, bound, trip, way, echo)


def buckets(counts: LatencyCounts) -> list[tuple[str, float]]:
    """Of a histogram: added up, as Prometheus wants them; the last edge is infinite."""
    edges = [*(str(edge) for edge in counts.edges_s), "+Inf"]
    return list(zip(edges, itertools.accumulate(map(float, counts.counts)), strict=True))


def kernel_metrics(links: Iterable[LinkKernel]) -> Iterator[Metric]:
    """What the kernel knows about the links that are sockets."""
    gauges = (
        ("zenlink_link_tcp_rtt_seconds", "Smoothed, by the kernel.", "rtt_ms", 1e-3),
        ("zenlink_link_tcp_min_rtt_seconds", "The least of the last minutes.", "min_rtt_ms", 1e-3),
        ("zenlink_link_tcp_unacked_bytes", "Sent and not acknowledged.", "unacked_bytes", 1.0),
        ("zenlink_link_tcp_unsent_bytes", "Waiting in the socket.", "unsent_bytes", 1.0),
        ("zenlink_link_tcp_delivery_bytes_per_second", "The newest rate.", "delivery_bit_s", 0.125),
        ("zenlink_link_tcp_congestion_window_segments", "May be under way.", "congestion_window", 1.0),
    )
    known = tuple(links)
    sockets = [([one.zid, one.dst], one.tcp) for one in known if one.tcp is not None]
    for name, text, field, factor in gauges:
        gauge = GaugeMetricFamily(name, text, labels=["zid", "dst"])
        for labels, tcp in sockets:
            gauge.add_metric(labels, getattr(tcp, field) * factor)
        yield gauge
    counters = (
        ("zenlink_link_tcp_retransmits", "Segments sent again.", "retransmits"),
        ("zenlink_link_tcp_sent_bytes", "With those sent again, since the link came up.", "bytes_sent"),
        ("zenlink_link_tcp_received_bytes", "Since the link came up.", "bytes_received"),
    )
    for name, text, field in counters:
        counter = CounterMetricFamily(name, text, labels=["zid", "dst"])
        for labels, tcp in sockets:
            counter.add_metric(labels, getattr(tcp, field))
        yield counter
    full = CounterMetricFamily(
        "zenlink_link_udp_dropped", "Datagrams that found no room in the socket.", labels=["zid", "dst"]
    )
    for one in known:
        if one.udp_dropped is not None:
            full.add_metric([one.zid, one.dst], one.udp_dropped)
    yield full
    dropped = CounterMetricFamily(
        "zenlink_interface_dropped", "Packets dropped on the way of a link.", labels=["interface", "way"]
    )
    for interface in {one.interface: one for one in known if one.interface}.values():
        dropped.add_metric([interface.interface, "rx"], interface.rx_dropped)
        dropped.add_metric([interface.interface, "tx"], interface.tx_dropped)
    yield dropped


def certificate_metrics(found: Iterable[CertificateInfo]) -> Iterator[Metric]:
    """Labels are bounded by the files of the configuration."""
    ends = GaugeMetricFamily(
        "zenlink_certificate_not_after_timestamp_seconds", "When it ends.", labels=["use", "file"]
    )
    for one in found:
        ends.add_metric([one.use, one.file], one.not_after_s)
    yield ends
