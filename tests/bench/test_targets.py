"""Limits of ratios and of figures, judged by the median, with what the blocks disagree on told."""

from __future__ import annotations

import pytest

from bench.blocks import Block, Ratio, Turn, medians
from bench.targets import TARGETS, Target, Verdict, verdicts

P50 = "RTT 64 B p50, ms"


def judged(blocks: list[Block]) -> dict[str, Verdict]:
    return {str(one.target): one for one in verdicts(blocks, medians(blocks))}


def block(ours_ms: float, theirs_ms: float) -> Block:
    made = {"zenlink": ours_ms, "rust": theirs_ms, "dds": 0.5}
    return [Turn(arm, samples={"RTT 64 B, ms": [value]}) for arm, value in made.items()]


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target("x", 2.0), 2.0, True),
        (Target("x", 2.0), 2.1, False),
        (Target("x", 2.0, at_least=True), 2.0, True),
        (Target("x", 2.0, at_least=True), 1.9, False),
    ],
)
def test_a_target_is_an_upper_or_a_lower_limit(target: Target, value: float, met: bool) -> None:
    assert target.met(value) is met


def test_a_ratio_is_judged_by_its_median_and_disagreement_is_told() -> None:
    found = judged([block(1.0, 1.0), block(1.4, 1.0), block(1.6, 1.0)])
    ratio = found[f"zenlink/rust {P50} ≤ 1.5"]
    assert (ratio.value, ratio.met, ratio.sure) == (1.4, True, False)
    floor = found[f"zenlink/dds {P50} ≤ 5"]
    assert (floor.value, floor.met, floor.sure) == (2.8, True, True)
    absolute = found[f"{P50} ≤ 1.2"]
    assert (absolute.value, absolute.met, absolute.sure) == (1.4, False, True)


def test_only_what_was_measured_is_judged() -> None:
    assert verdicts([], {}) == []
    assert set(judged([[Turn("rust", samples={"RTT 64 B, ms": [1.0]})]])) == set()


def test_a_rate_that_only_ours_reaches_is_met() -> None:
    rate = "loss-free 64 KiB, msg/s"
    turns = [Turn("zenlink", {rate: 2000.0}), Turn("rust", {rate: 0.0})]
    assert judged([turns])[f"zenlink/rust {rate} ≥ 1"].met


def test_targets_name_figures_once() -> None:
    assert len({str(target) for target in TARGETS}) == len(TARGETS)


def test_blocks_that_agree_make_sure() -> None:
    target = Target("x", 2.0, "rust")
    assert Verdict(target, 3.0, Ratio(3.0, 2.5, 4.0, 5)).sure
    assert not Verdict(target, 3.0, Ratio(3.0, 1.5, 4.0, 5)).sure
