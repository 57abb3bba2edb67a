"""A ratio that got worse is told; one that is better, or that only some blocks show, is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.blocks import Ratio
from bench.recorded import as_text, changes, read, write

RTT, RATE = "RTT 64 B p50, ms", "loss-free 64 B, msg/s"
PAIR = "zenlink/dds"


def told(figure: str, was: float, median: float, low: float | None = None, high: float | None = None) -> str:
    now = Ratio(median, low or median, high or median, 3)
    return as_text(changes({PAIR: {figure: now}}, {PAIR: {figure: was}}))


@pytest.mark.parametrize(
    ("figure", "was", "median", "percent"), [(RTT, 2.0, 2.5, 25), (RTT, 2.0, 4.0, 100), (RATE, 0.5, 0.4, 25)]
)
def test_a_ratio_that_got_worse_is_told(figure: str, was: float, median: float, percent: int) -> None:
    assert told(figure, was, median).startswith(f"worse by {percent} %: {PAIR} {figure}: {median:.2f} [")


@pytest.mark.parametrize(("figure", "was", "median"), [(RTT, 2.0, 2.4), (RTT, 2.0, 1.0), (RATE, 0.5, 0.8)])
def test_a_better_ratio_and_a_little_worse_one_are_not(figure: str, was: float, median: float) -> None:
    assert told(figure, was, median).startswith("none of 1 ratios")


def test_one_block_that_was_no_worse_than_recorded_speaks_for_noise() -> None:
    assert told(RTT, 2.0, 3.0, low=1.9, high=5.0).startswith("none of 1")
    assert told(RATE, 0.5, 0.3, low=0.1, high=0.55).startswith("none of 1")


def test_a_rate_that_fell_to_nothing_is_worse() -> None:
    assert told(RATE, 0.5, 0.0).startswith("worse")


def test_only_what_both_have_is_compared() -> None:
    assert changes({PAIR: {RTT: Ratio(1, 1, 1, 1)}}, {}) == []
    assert changes({}, {PAIR: {RTT: 1.0}}) == []
    assert as_text([]) == "no ratio of this run is recorded"


def test_what_is_recorded_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / "recorded.json", {"cores": 2}, {PAIR: {RTT: Ratio(1.23456, 1.0, 2.0, 3)}})
    assert read(tmp_path / "recorded.json") == {PAIR: {RTT: 1.235}}


def test_the_record_in_the_tree_can_be_read() -> None:
    assert read(Path(__file__).parents[2] / "bench" / "recorded.json")
