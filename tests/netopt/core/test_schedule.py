from __future__ import annotations

import pytest

from netopt.core.schedule import NS_PER_S, Schedule, Shot
from netopt.errors import UsageError


def test_times_are_fixed_before_the_first_message():
    schedule = Schedule(rate_hz=30.0, messages=10, warmup=5)
    assert [schedule.intended_ns(number) for number in (0, 1, 3, 30)] == [
        0,
        33_333_333,
        100_000_000,
        NS_PER_S,
    ]
    assert schedule.total == 15


def test_latency_counts_from_the_intended_time_and_the_round_trip_from_the_sending():
    shot = Shot(sequence=0, intended_ns=100, sent_ns=130, sent_wall_ns=0, received_ns=200)
    assert (shot.late_ns, shot.latency_ns, shot.round_trip_ns) == (30, 100, 70)


def test_a_lost_message_has_no_latency():
    shot = Shot(sequence=0, intended_ns=100, sent_ns=90, sent_wall_ns=0)
    assert (shot.late_ns, shot.latency_ns, shot.round_trip_ns) == (0, None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_hz": 0.0},
        {"rate_hz": 1e6},
        {"rate_hz": float("nan")},
        {"messages": 0},
        {"messages": 10**9},
        {"warmup": -1},
        {"payload_bytes": 63},
        {"payload_bytes": 1 << 30},
        {"timeout_s": 0.0},
        {"timeout_s": 61.0},
    ],
    ids=str,
)
def test_what_cannot_be_measured_is_refused_with_what_can(wrong):
    with pytest.raises(UsageError, match="choose"):
        Schedule(**wrong)
