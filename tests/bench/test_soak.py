"""A straight line through what was seen says how fast it grows."""

from __future__ import annotations

import pytest

from bench.soak import Soak, as_text, slope


def seen(rss: list[float], threads: list[float]) -> Soak:
    made = Soak(sent=10, arrived=10)
    for minute, (size, count) in enumerate(zip(rss, threads, strict=True)):
        made.add(float(minute), {"RSS, MiB": size, "threads": count})
    return made


def test_the_slope_is_that_of_the_line_with_the_least_squares() -> None:
    assert slope([0.0, 1.0, 2.0, 3.0], [5.0, 7.0, 9.0, 11.0]) == 2.0
    assert slope([0.0, 1.0, 2.0], [1.0, 4.0, 1.0]) == 0.0
    assert slope([1.0], [9.0]) == 0.0


def test_what_fills_at_first_is_no_growth() -> None:
    made = seen([100.0, 180.0, *([200.0] * 8)], [20.0] * 10)
    assert made.slopes() == pytest.approx({"RSS, MiB": 0.0, "threads": 0.0})
    assert "missed" not in as_text(made)


def test_a_leak_is_told() -> None:
    text = as_text(
        seen([200.0 + 2 * minute for minute in range(10)], [20.0 + minute for minute in range(10)])
    )
    assert "missed: RSS, MiB: +2.000 a minute, at most 1.000; 200 to 218" in text
    assert "missed: threads: +1.000 a minute" in text


def test_one_more_thread_for_a_moment_is_no_leak() -> None:
    threads = [20.0] * 10
    threads[5] = 21.0
    assert "missed" not in as_text(seen([200.0] * 10, threads))
