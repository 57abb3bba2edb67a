from __future__ import annotations

from dataclasses import replace

import pytest

from netopt.core.clockoffset import OffsetEstimator
from netopt.core.probeframe import Echo
from netopt.core.tally import Tally
from netopt.core.verdict import Answer, Basis, Target, judge, target_of
from netopt.errors import UsageError
from tests.fakes.distribution import ExactDistribution
from tests.netopt.core.test_clockoffset import shot as answered
from tests.netopt.core.test_tally import shot

MS = 1_000_000


def summary(*, there_ms: float, back_ms: float, clock_id: int = 0, slowest_ms: float | None = None):
    """Of 100 messages, 5 of which take ``slowest_ms`` there."""
    estimator = OffsetEstimator(clock_id=clock_id)
    tally = Tally(ExactDistribution, estimator)
    for number in range(100):
        one = answered(
            number * 100 * MS,
            there_ns=round((slowest_ms if slowest_ms and number >= 95 else there_ms) * MS),
            back_ns=round(back_ms * MS),
            echo=Echo(clock_id=clock_id),
        )
        estimator.add(one)
        tally.add(one)
    return tally.summary()


LOCAL = Target()


@pytest.mark.parametrize(
    ("there_ms", "back_ms", "answer"),
    [(9.0, 9.0, Answer.MET), (9.0, 11.0, Answer.MISSED), (11.0, 1.0, Answer.MISSED)],
)
def test_with_one_clock_the_slower_direction_decides(there_ms, back_ms, answer):
    verdict = judge(summary(there_ms=there_ms, back_ms=back_ms, clock_id=4), LOCAL)
    assert (verdict.answer, verdict.basis) == (answer, Basis.ONE_WAY)


def test_where_the_clocks_leave_it_open_the_round_trip_decides_and_that_is_said():
    verdict = judge(summary(there_ms=6.0, back_ms=6.0), LOCAL)
    assert (verdict.answer, verdict.basis) == (Answer.MISSED, Basis.ROUND_TRIP)
    assert "clocks" in verdict.text


def test_a_delay_beyond_the_target_by_more_than_the_bound_is_missed_one_way():
    verdict = judge(summary(there_ms=6.0, back_ms=6.0, slowest_ms=80.0), LOCAL)
    assert (verdict.answer, verdict.basis) == (Answer.MISSED, Basis.ONE_WAY)
    assert "±" in verdict.text


def test_the_round_trip_can_be_asked_for():
    verdict = judge(summary(there_ms=6.0, back_ms=6.0, clock_id=4), LOCAL, Basis.ROUND_TRIP)
    assert (verdict.answer, verdict.basis, verdict.value_ms) == (Answer.MISSED, Basis.ROUND_TRIP, 12.0)


def test_lost_messages_are_over_the_target():
    tally = Tally(ExactDistribution, OffsetEstimator())
    for sequence in range(100):
        tally.add(shot(sequence, None if sequence < 2 else 1.0))
    verdict = judge(tally.summary(), LOCAL)
    assert (verdict.answer, verdict.value_ms) == (Answer.MISSED, None)
    assert verdict.text.startswith("missed: more than 1 % lost, so p99 there and back is unknown")


def test_without_any_answer_it_is_unreachable():
    tally = Tally(ExactDistribution, OffsetEstimator())
    tally.add(shot(0, None))
    assert judge(tally.summary(), LOCAL).answer is Answer.UNREACHABLE


def test_a_void_delay_one_way_falls_back_to_the_round_trip_with_the_reason():
    found = replace(summary(there_ms=2.0, back_ms=2.0), one_way=None, one_way_void="a clock was stepped")
    verdict = judge(found, LOCAL)
    assert (verdict.answer, verdict.basis) == (Answer.MET, Basis.ROUND_TRIP)
    assert "stepped" in verdict.text


def test_exit_codes_are_those_of_the_command_line():
    assert [answer.exit_code for answer in (Answer.MET, Answer.MISSED, Answer.UNREACHABLE)] == [0, 1, 3]


@pytest.mark.parametrize(
    ("text", "name", "limit_ms"), [("local", "local", 10.0), ("cloud", "cloud", 100.0), ("2.5", "own", 2.5)]
)
def test_a_target_is_a_class_or_a_number_of_ms(text, name, limit_ms):
    found = target_of(text, percentile=99.0, payload_bytes=64)
    assert (found.name, found.limit_ms) == (name, limit_ms)


@pytest.mark.parametrize(("text", "percentile"), [("near", 99.0), ("-1", 99.0), ("nan", 99.0), ("10", 0.0)])
def test_what_is_no_target_is_refused_with_what_is(text, percentile):
    with pytest.raises(UsageError, match=r"give|choose"):
        target_of(text, percentile=percentile, payload_bytes=64)
