"""Parts, and what a run of them comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.largemessages import HEADER, Assembly, Outcome, part_sizes
from netopt.errors import FrameError


@given(st.integers(1, 10_000_000))
def test_the_parts_carry_the_whole_message_and_fit_a_datagram(size):
    sizes = part_sizes(size)
    assert sum(sizes) - len(sizes) * HEADER.size == size
    assert max(sizes) <= 65507  # the largest payload of a UDP datagram over IPv4


@given(st.permutations([(number, index) for number in range(3) for index in range(4)]), st.data())
def test_a_message_counts_when_its_last_part_is_there_in_any_order(order, data):
    assembly = Assembly([0.0, 1.0, 2.0])
    duplicated = [*order, data.draw(st.sampled_from(order))]
    for now, (number, index) in enumerate(duplicated, start=10):
        assembly.part(HEADER.pack(number, index, 4), float(now))
    assert assembly.complete
    for number, latency in assembly.latencies_s.items():
        last = max(at for at, part in enumerate(order, start=10) if part[0] == number)
        assert latency == pytest.approx(last - number)


def test_the_first_part_of_a_message_is_told_whichever_it_is():
    assembly = Assembly([0.0, 0.0])
    parts = [HEADER.pack(0, 1, 2), HEADER.pack(0, 0, 2), HEADER.pack(0, 0, 2), HEADER.pack(1, 0, 1)]
    assert [assembly.part(part, 1.0) for part in parts] == [True, False, False, True]


def test_a_message_with_a_part_missing_is_lost():
    assembly = Assembly([0.0, 0.0])
    for index in (0, 2):
        assembly.part(HEADER.pack(0, index, 3), 1.0)
    assembly.part(HEADER.pack(1, 0, 1), 1.0)
    assert assembly.latencies_s == {1: 1.0}
    assert not assembly.complete


@given(st.binary(max_size=20))
def test_any_bytes_are_a_part_or_an_error(data):
    assembly = Assembly([0.0])
    try:
        assembly.part(data, 1.0)
    except FrameError:
        assert assembly.latencies_s == {}


def test_lost_messages_are_late_for_ever():
    half = Outcome(kind="x", sent=4, latencies_s=(0.3, 0.1))
    assert half.lost == 2
    assert half.percentile_s(50) == 0.3
    assert half.percentile_s(99) is None
    whole = Outcome(kind="x", sent=100, latencies_s=tuple(number / 100 for number in range(100)))
    assert whole.percentile_s(50) == 0.49
    assert whole.percentile_s(99) == 0.98
    assert Outcome(kind="x", sent=1, latencies_s=()).percentile_s(50) is None
