from __future__ import annotations

import pytest

from netopt.core.clockoffset import OffsetEstimator
from netopt.core.schedule import NS_PER_S, Shot
from netopt.core.tally import Tally
from tests.fakes.distribution import ExactDistribution
from tests.netopt.core.test_clockoffset import shot as answered

MS = 1_000_000


def tally(**options) -> Tally:
    return Tally(ExactDistribution, OffsetEstimator(), **options)


def shot(sequence: int, latency_ms: float | None, *, late_ms: float = 0.0) -> Shot:
    intended_ns = sequence * 10 * MS
    return Shot(
        sequence=sequence,
        intended_ns=intended_ns,
        sent_ns=intended_ns + round(late_ms * MS),
        sent_wall_ns=0,
        received_ns=None if latency_ms is None else intended_ns + round(latency_ms * MS),
    )


def test_percentiles_are_those_of_everything_that_was_sent():
    found = tally()
    for sequence in range(100):
        found.add(shot(sequence, None if sequence < 2 else 5.0))
    latency = found.summary().latency
    assert (latency.p50_ms, latency.p90_ms) == (5.0, 5.0)
    assert (latency.p99_ms, latency.p999_ms, latency.max_ms) == (None, None, None), "2 % were lost"
    assert found.lost == 2


def test_the_percentile_of_the_target_is_given_too():
    found = tally(asked=95.0)
    for sequence in range(100):
        found.add(shot(sequence, float(sequence + 1)))
    latency = found.summary().latency
    assert (latency.asked, latency.asked_ms) == (95.0, 95.0)


def test_lateness_is_in_the_latency_and_a_number_of_its_own():
    found = tally()
    found.add(shot(0, 7.0, late_ms=2.0))
    summary = found.summary()
    assert (summary.latency.p50_ms, summary.round_trip.p50_ms, summary.lateness.p50_ms) == (7.0, 5.0, 2.0)


def test_a_result_that_the_sender_made_is_marked():
    found = tally()
    for sequence in range(100):
        found.add(shot(sequence, 12.0, late_ms=10.0))
    assert "10" in found.summary().spoiled


def test_a_little_lateness_spoils_nothing():
    found = tally()
    for sequence in range(100):
        found.add(shot(sequence, 2.0, late_ms=0.4))
    assert found.summary().spoiled == ""


def test_a_reply_behind_that_of_a_later_message_is_reordered():
    found = tally()
    for sequence in (0, 2, 1, 4, 3, 5):
        found.add(shot(sequence, 5.0))
    assert found.reordered == 2


def test_jitter_is_the_mean_difference_of_neighbours():
    found = tally()
    for sequence, latency_ms in enumerate((5.0, 7.0, 4.0)):
        found.add(shot(sequence, latency_ms))
    assert found.summary().jitter_ms == 2.5


def test_nothing_sent_is_no_division_by_zero():
    summary = tally().summary()
    assert (summary.sent, summary.latency.p99_ms, summary.jitter_ms) == (0, None, 0.0)
    assert summary.one_way is None
    assert summary.one_way_void


def test_each_direction_has_its_delay_and_both_the_bound():
    estimator = OffsetEstimator()
    found = Tally(ExactDistribution, estimator)
    for number in range(10):
        one = answered(number * 20 * MS, there_ns=8 * MS, back_ns=2 * MS, offset_ns=3 * NS_PER_S)
        estimator.add(one)
        found.add(one)
    one_way = found.summary().one_way
    assert one_way.offset_ms == pytest.approx(3003.0, abs=0.1)
    assert one_way.bound_ms == pytest.approx(5.0, abs=0.1)
    assert abs(one_way.forward.p50_ms - 8.0) <= one_way.bound_ms
    assert abs(one_way.back.p50_ms - 2.0) <= one_way.bound_ms


def test_a_clock_step_voids_the_delay_one_way_and_says_so():
    estimator = OffsetEstimator()
    found = Tally(ExactDistribution, estimator)
    for number in range(4):
        one = answered(
            number * 20 * MS, there_ns=5 * MS, back_ns=5 * MS, wall_step_ns=0 if number < 2 else NS_PER_S
        )
        estimator.add(one)
        found.add(one)
    summary = found.summary()
    assert summary.one_way is None
    assert "stepped" in summary.one_way_void
    assert summary.latency.p50_ms == 10.0, "the round trip is of one clock that nobody steps"
