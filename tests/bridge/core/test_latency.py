from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.latency import EDGES_NS, METRIC_EDGES_S, NOT_COMPARED, PERIOD_NS, SKEWED, PassiveLatency

MS = 1_000_000
SENT_NS = 1_700_000_000 * 10**9


def counted(*latencies_ms: float, offset_ns: int = 0, bound_ns: int = 0) -> PassiveLatency:
    found = PassiveLatency()
    found.correct(offset_ns, bound_ns)
    for latency_ms in latencies_ms:
        arrive(found, round(latency_ms * MS), offset_ns=offset_ns)
    return found


def arrive(at: PassiveLatency, latency_ns: int, *, offset_ns: int = 0) -> None:
    """A sample that took so long, its source's clock being ahead."""
    at.sample(SENT_NS + offset_ns, SENT_NS + latency_ns)


def test_the_targets_are_edges_of_both_kinds():
    assert {10 * MS, 100 * MS} <= set(EDGES_NS)
    assert {0.01, 0.1} <= set(METRIC_EDGES_S)
    assert {round(edge * 1e9) for edge in METRIC_EDGES_S} <= set(EDGES_NS)
    assert list(EDGES_NS) == sorted(EDGES_NS)


def test_percentiles_are_upper_edges_and_the_mean_is_exact():
    found = counted(*[4.2] * 98, 70.0, 70.0).figures()
    assert (found.samples, found.p50_ms, found.p99_ms) == (100, 5.0, 80.0)
    assert found.mean_ms == pytest.approx((98 * 4.2 + 140) / 100)


def test_buckets_of_metrics_hold_every_sample_once():
    found = counted(0.0, 1.0, 1.1, 10.0, 10.1, 100.0, 5000.0, 50_000.0).figures()
    by_edge = dict(zip((*METRIC_EDGES_S, "more"), found.buckets, strict=True))
    assert by_edge == {
        **dict.fromkeys(METRIC_EDGES_S, 0),
        0.001: 2,
        0.0025: 1,
        0.01: 1,
        0.025: 1,
        0.1: 1,
        "more": 2,
    }


def test_nothing_is_known_before_the_clocks_are_compared():
    found = PassiveLatency()
    assert found.next_ns > SENT_NS
    assert (found.figures().void, found.figures().p50_ms) == (NOT_COMPARED, None)


def test_clocks_too_far_apart_void_everything_visibly():
    found = counted(5.0)
    found.correct(600 * MS, 10 * MS)
    assert found.next_ns > SENT_NS
    assert (found.figures().void, found.figures().samples) == (SKEWED, 0)
    found.correct(2 * MS, 10 * MS)
    assert (found.next_ns, found.figures().void) == (0, "")


def test_a_clock_ahead_is_corrected():
    assert counted(5.0, offset_ns=300 * MS).figures().mean_ms == pytest.approx(5.0)
    assert counted(5.0, offset_ns=-300 * MS).figures().mean_ms == pytest.approx(5.0)


def test_samples_right_behind_one_another_are_not_all_looked_at():
    found = counted()
    found.sample(SENT_NS, SENT_NS)
    assert found.next_ns == SENT_NS + PERIOD_NS
    found.correct(0, 0)
    assert found.next_ns == 0, "a clock that was set back does not end it"


def test_the_bound_is_the_widest_that_held_while_samples_were_counted():
    found = counted(5.0, bound_ns=4 * MS)
    found.correct(0, 1 * MS)
    assert found.figures().bound_ms == 4.0


@given(st.lists(st.integers(-(10**9), 10**11)))
def test_every_sample_is_counted_once(latencies_ns):
    found = counted()
    for latency_ns in latencies_ns:
        arrive(found, latency_ns)
    figures = found.figures()
    assert figures.samples == sum(figures.buckets) == len(latencies_ns)
