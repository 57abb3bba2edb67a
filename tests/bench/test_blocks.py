"""Turns in blocks A B B A become ratios: pairing, percentiles, spread."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.blocks import TAIL_SAMPLES, Turn, medians, null, of_block, order, paired, percentile

RATE = "loss-free 64 B, msg/s"


def turns(*values: tuple[str, float]) -> list[Turn]:
    return [Turn(arm, {RATE: value}) for arm, value in values]


def test_outer_arms_take_two_turns_around_the_others() -> None:
    assert order(["a", "b"]) == ("a", "b", "b", "a")
    assert order(["a", "b"], ["x", "y"]) == ("a", "b", "x", "y", "b", "a")


@pytest.mark.parametrize(
    ("share", "found"), [(0.5, 50.0), (0.99, 99.0), (0.999, 100.0), (1.0, 100.0), (0.0, 1.0)]
)
def test_a_percentile_is_the_value_of_nearest_rank(share: float, found: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], share) == found


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_that_share_does_not_exceed_a_percentile(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_what_never_came_back_took_for_ever() -> None:
    assert percentile([], 0.5) == math.inf


def test_a_drift_meets_both_arms_alike() -> None:
    """Each turn is 10 slower than the one before; the arms are equal otherwise."""
    block = turns(("a", 100.0), ("b", 110.0), ("x", 120.0), ("b", 130.0), ("a", 140.0))
    assert paired([block], "a", "b")[RATE].median == 1.0
    assert paired([block], "a", "x")[RATE].median == 1.0
    assert null([turns(("a", 100.0), ("a", 110.0), ("a", 120.0), ("a", 130.0))])[RATE].median == 1.0


def test_ratios_are_taken_within_a_block_and_spread_between_them() -> None:
    """The machine is 10 times slower in the second block; the ratio does not notice."""
    blocks = [
        turns(("a", 200.0), ("b", 100.0), ("b", 100.0), ("a", 200.0)),
        turns(("a", 24.0), ("b", 10.0), ("b", 10.0), ("a", 24.0)),
        turns(("a", 190.0), ("b", 100.0), ("b", 100.0), ("a", 190.0)),
    ]
    found = paired(blocks, "a", "b")[RATE]
    assert (found.low, found.median, found.high, found.blocks) == (1.9, 2.0, 2.4, 3)


def test_percentiles_are_of_all_samples_of_an_arm_in_a_block() -> None:
    block = [
        Turn("a", samples={"RTT 64 B, ms": [1.0] * 99}),
        Turn("b", samples={"RTT 64 B, ms": [2.0] * 200}),
        Turn("a", samples={"RTT 64 B, ms": [4.0] * 101}),
    ]
    found = of_block(block)["a"]
    assert (found["RTT 64 B p50, ms"], found["RTT 64 B p99, ms"]) == (4.0, 4.0)
    assert paired([block], "a", "b")["RTT 64 B p50, ms"].median == 2.0


def test_a_tail_is_of_all_samples_of_an_arm_and_absent_where_they_are_too_few() -> None:
    def ping(arm: str, value: float, times: int) -> Turn:
        return Turn(arm, samples={"RTT 64 B, ms": [value] * times})

    few = TAIL_SAMPLES // 2 - 1
    blocks = [[ping("a", 1.0, few), ping("b", 2.0, few)], [ping("a", 1.0, few), ping("b", 2.0, few)]]
    assert "RTT 64 B p99.9, ms" not in medians(blocks)["a"]
    blocks.append([ping("a", 9.0, 2)])
    found = medians(blocks)
    assert found["a"]["RTT 64 B p99.9, ms"] == 9.0
    assert "RTT 64 B p99.9, ms" not in found["b"]


def test_losses_are_summed_over_all_turns_and_never_outvoted() -> None:
    blocks = [[Turn("a", counts={"round trips lost": lost})] for lost in (0, 52, 0)]
    assert medians(blocks)["a"]["round trips lost"] == 52


def test_a_ratio_to_nothing_is_endless_and_one_to_what_was_not_measured_is_absent() -> None:
    block = turns(("a", 5.0), ("b", 0.0))
    assert paired([block], "a", "b")[RATE].median == math.inf
    assert paired([turns(("a", 0.0), ("b", 0.0))], "a", "b")[RATE].median == 1.0
    assert paired([turns(("a", 5.0))], "a", "b") == {}
    lost = [Turn("a", samples={"RTT 64 B, ms": [1.0]}), Turn("b", samples={"RTT 64 B, ms": []})]
    assert paired([lost], "a", "b") == {}


def test_the_null_test_divides_the_outer_turns_by_the_inner() -> None:
    found = null([turns(("a", 4.0), ("a", 2.0), ("a", 2.0), ("a", 6.0))])[RATE]
    assert found.median == 2.5
