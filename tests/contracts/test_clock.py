"""What everything with a deadline relies on."""

from __future__ import annotations

import pytest

from bridge.clock import SystemClock
from bridge.ports import Clock
from tests.fakes.clock import FakeClock


@pytest.fixture(params=[FakeClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    return request.param()


def test_monotonic_time_never_goes_back(clock: Clock) -> None:
    times = [clock.monotonic_s() for _ in range(1000)]
    assert times == sorted(times)
    assert all(isinstance(time, float) for time in times)


def test_the_wall_clock_counts_nanoseconds_of_our_time(clock: Clock) -> None:
    assert isinstance(clock.time_ns(), int)
    assert 1_600_000_000_000_000_000 < clock.time_ns() < 4_000_000_000_000_000_000


def test_the_fake_moves_only_when_told() -> None:
    clock = FakeClock()
    start_s, start_ns = clock.monotonic_s(), clock.time_ns()
    assert (clock.monotonic_s(), clock.time_ns()) == (start_s, start_ns)
    assert clock.advance(1.5) == start_s + 1.5
    assert clock.time_ns() == start_ns + 1_500_000_000
    clock.step_wall(-5)
    assert (clock.monotonic_s(), clock.time_ns()) == (start_s + 1.5, start_ns + 1_499_999_995)
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance(-0.1)
