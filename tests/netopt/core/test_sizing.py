"""The formulas, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core import sizing
from netopt.core.sizing import MIB, Demand
from netopt.errors import UsageError

DEMANDS = st.builds(
    Demand,
    rate_bit_s=st.integers(1000, 10**12),
    rtt_s=st.floats(0, 60),
    message_bytes=st.integers(1, 1 << 30),
    streams=st.integers(1, 1000),
    memory_bytes=st.sampled_from([0, 512 * MIB, 4096 * MIB, 1 << 40]),
)


def demand(**changes) -> Demand:
    values = {"rate_bit_s": 10**9, "rtt_s": 0.05, "message_bytes": 6 * MIB, "streams": 2}
    return Demand(**(values | changes))


def test_one_gigabit_times_fifty_milliseconds_is_6_25_million_bytes():
    assert demand().bdp_bytes == 6_250_000


@pytest.mark.parametrize(
    ("rate_bit_s", "rtt_s", "receive", "send"),
    [
        (10**9, 0.05, 16 * MIB, 16 * MIB),  # pow2ceil(2 x 6 250 000)
        (10**8, 0.005, 131_072, 131_072),  # pow2ceil(2 x 62 500)
        (10**9, 0.1, 32 * MIB, 16 * MIB),  # the send side is capped
        (10**10, 0.1, 64 * MIB, 16 * MIB),  # both are
    ],
)
def test_tcp_buffers_hold_twice_the_bandwidth_delay_product(rate_bit_s, rtt_s, receive, send):
    wanted = demand(rate_bit_s=rate_bit_s, rtt_s=rtt_s)
    assert (sizing.tcp_rmem_max(wanted), sizing.tcp_wmem_max(wanted)) == (receive, send)


def test_datagram_buffers_hold_whole_images():
    assert sizing.rmem_max(demand()) == 32 * MIB
    assert sizing.rmem_max(demand(streams=4)) == 64 * MIB
    assert sizing.rmem_default(demand()) == 16 * MIB
    assert sizing.wmem_max(demand()) == 16 * MIB


def test_fragment_memory_is_three_seconds_of_the_link_within_bounds():
    assert sizing.ipfrag_high_thresh(demand(rate_bit_s=10**7)) == 32 * MIB
    assert sizing.ipfrag_high_thresh(demand(rate_bit_s=10**8)) == 64 * MIB
    assert sizing.ipfrag_high_thresh(demand(rate_bit_s=10**9)) == 128 * MIB


def test_a_queue_never_holds_more_than_a_tenth_of_a_second():
    assert sizing.txqueuelen(demand(rate_bit_s=10**9)) == 8333
    assert sizing.txqueuelen(demand(rate_bit_s=10**8)) == 1000
    assert sizing.txqueuelen(demand(rate_bit_s=10**10, streams=4)) == 10_000


def test_a_small_board_gets_small_limits():
    assert sizing.rmem_max(demand(memory_bytes=1024 * MIB)) == 16 * MIB


@pytest.mark.parametrize(("number", "power"), [(0, 1), (1, 1), (2, 2), (3, 4), (125_000, 131_072)])
def test_pow2ceil(number, power):
    assert sizing.pow2ceil(number) == power


@given(DEMANDS)
def test_every_size_is_a_sensible_power_of_two(wanted):
    for size in (
        sizing.tcp_rmem_max(wanted),
        sizing.tcp_wmem_max(wanted),
        sizing.rmem_max(wanted),
        sizing.rmem_default(wanted),
        sizing.wmem_max(wanted),
        sizing.ipfrag_high_thresh(wanted),
    ):
        assert size & (size - 1) == 0
        assert 1 <= size <= 128 * MIB
    assert sizing.rmem_default(wanted) <= sizing.rmem_max(wanted)


@pytest.mark.parametrize(
    "changes",
    [{"rate_bit_s": 0}, {"rtt_s": -1.0}, {"rtt_s": float("nan")}, {"message_bytes": 0}, {"streams": 0}],
)
def test_a_demand_that_makes_no_sense_is_refused_with_its_limits(changes):
    with pytest.raises(UsageError, match="out of range; give"):
        demand(**changes)
