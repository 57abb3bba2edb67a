"""Turns of A B B A become one ratio, with what the machine does by itself beside it."""

from __future__ import annotations

import pytest

from bench.overhead import LIMITS, as_text, compared

CPU, P99 = LIMITS


def made(a1: float, b1: float, b2: float, a2: float) -> dict[str, list[dict[str, float]]]:
    turns = {"A1": a1, "B1": b1, "B2": b2, "A2": a2}
    return {name: [{CPU: value, P99: 1.0}] * 3 for name, value in turns.items()}


def test_medians_and_both_ratios() -> None:
    found = compared(made(100.0, 108.0, 110.0, 104.0))[CPU]
    assert (found["A"], found["B"]) == (102.0, 109.0)
    assert found["B/A"] == pytest.approx(109 / 102)
    assert found["A/A"] == pytest.approx(1.04)


@pytest.mark.parametrize(
    ("turns", "word"),
    [
        ((100.0, 105.0, 105.0, 100.0), "met"),
        ((100.0, 120.0, 120.0, 100.0), "missed"),
        ((100.0, 160.0, 160.0, 170.0), "not decided"),
    ],
)
def test_a_limit_is_met_or_missed_or_nobody_can_tell(turns: tuple[float, ...], word: str) -> None:
    [line] = [line for line in as_text(compared(made(*turns)), 3).splitlines() if f": {CPU}: " in line]
    assert line.startswith(f"{word}: ")


def test_what_was_never_lost_has_no_ratio_to_divide_by_zero() -> None:
    found = compared({name: [{"messages lost": 0.0}] for name in ("A1", "B1", "B2", "A2")})
    assert found["messages lost"] == {"A": 0.0, "B": 0.0, "B/A": 1.0, "A/A": 1.0}
