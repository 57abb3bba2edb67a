"""Thinning by source time: the rate is kept for each writer, in spite of jitter and bursts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.routes.rate import MAX_SOURCES, RateLimit, rate_limit

ONE, OTHER = b"a" * 16, b"b" * 16
MS = 1_000_000
START = 1_700_000_000_000 * MS


def passed(limit: RateLimit, times_ms: list[int], source: bytes = ONE) -> list[int]:
    return [time for time in times_ms if limit.passes(source, START + time * MS)]


def test_without_a_rate_there_is_no_limit() -> None:
    assert rate_limit(None) is None
    assert isinstance(rate_limit(1.0), RateLimit)


def test_a_faster_topic_is_thinned_to_the_rate() -> None:
    assert passed(RateLimit(10), list(range(0, 1000, 10))) == list(range(0, 1000, 100))


def test_a_slower_topic_passes_whole() -> None:
    assert passed(RateLimit(10), [0, 100, 250, 400, 900]) == [0, 100, 250, 400, 900]


def test_jitter_does_not_halve_the_rate() -> None:
    times = [number * 100 + (3 if number % 2 else -3) for number in range(1, 101)]
    assert len(passed(RateLimit(10), times)) >= 95


def test_each_writer_has_its_own_rate() -> None:
    limit = RateLimit(1)
    assert passed(limit, [0, 500]) == [0]
    assert passed(limit, [0, 500], OTHER) == [0]


def test_after_silence_nothing_is_made_up_for() -> None:
    assert passed(RateLimit(10), [0, 10_000, 10_010, 10_020]) == [0, 10_000]


def test_writers_are_forgotten_in_the_order_of_their_silence() -> None:
    limit = RateLimit(1)
    for number in range(MAX_SOURCES + 1):
        limit.passes(number.to_bytes(16, "big"), START)
    assert len(limit._due_ns) == MAX_SOURCES
    assert limit.passes((0).to_bytes(16, "big"), START)


@pytest.mark.parametrize("rate_hz", [0.1, 1, 30, 1000])
@given(st.lists(st.integers(0, 50 * MS), min_size=1, max_size=200))
def test_no_window_of_a_second_has_more_than_the_rate_and_one(rate_hz: float, steps: list[int]) -> None:
    limit, now, kept = RateLimit(rate_hz), START, []
    for step in steps:
        now += step
        if limit.passes(ONE, now):
            kept.append(now)
    assert kept
    for start in kept:
        assert sum(start <= time < start + 1000 * MS for time in kept) <= rate_hz + 2
