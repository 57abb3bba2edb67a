"""Rates, times and sizes in and out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netopt.core.quantities import parse_rate, parse_size, parse_time, rate_text, size_text, time_text
from netopt.errors import UsageError


@pytest.mark.parametrize(
    ("text", "bit_s"),
    [("1Gbit/s", 10**9), ("100M", 10**8), ("100 Mbps", 10**8), ("9600", 9600), ("2.5Gbit", 2_500_000_000)],
)
def test_rates(text, bit_s):
    assert parse_rate(text) == bit_s


@pytest.mark.parametrize(("text", "seconds"), [("50ms", 0.05), ("0.1s", 0.1), ("500 us", 0.0005)])
def test_times(text, seconds):
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "count"), [("6MiB", 6 << 20), ("6M", 6 << 20), ("900kB", 900_000), ("64", 64)]
)
def test_sizes(text, count):
    assert parse_size(text) == count


@pytest.mark.parametrize("parse", [parse_rate, parse_time, parse_size])
@pytest.mark.parametrize("text", ["", "fast", "-1ms", "1 parsec", "1e9", "٣ms"])
def test_what_is_no_quantity_is_refused_with_an_example(parse, text):
    with pytest.raises(UsageError, match=r"e\.g\. "):
        parse(text)


def test_a_time_needs_its_unit():
    with pytest.raises(UsageError, match="with its unit"):
        parse_time("50")


def test_texts_for_people():
    assert [rate_text(10**9), rate_text(10**8), rate_text(9600), rate_text(7)] == [
        "1 Gbit/s",
        "100 Mbit/s",
        "9.6 kbit/s",
        "7 bit/s",
    ]
    assert [time_text(2), time_text(0.05), time_text(0), time_text(0.0005)] == [
        "2 s",
        "50 ms",
        "0 ms",
        "500 µs",
    ]
    assert [size_text(32 << 20), size_text(212992), size_text(12), size_text(1 << 30)] == [
        "32 MiB",
        "208 KiB",
        "12 B",
        "1 GiB",
    ]


@given(st.text(max_size=12))
def test_any_text_gives_a_number_or_a_usage_error(text):
    for parse in (parse_rate, parse_time, parse_size):
        with suppress(UsageError):
            assert parse(text) >= 0
