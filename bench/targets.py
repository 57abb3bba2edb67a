"""What the project wants of its figures: limits of ratios, and of a few figures on 2 cores. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.blocks import Block, Figures, Ratio, paired

OURS, THEIRS = "zenlink", "rust"
FLOORS = ("dds", "zenoh")
START = "start to first message, s"


@dataclass(frozen=True, slots=True)
class Target:
    """A figure of an arm and its limit; with a base, the limit of its ratio to that of another arm."""

    figure: str
    limit: float
    base: str = ""
    at_least: bool = False
    arm: str = OURS

    def met(self, value: float) -> bool:
        """Whether a value keeps it."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        what = f"{self.arm}/{self.base} " if self.base else ""
        return f"{what}{self.figure} {'≥' if self.at_least else '≤'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what was measured."""

    target: Target
    value: float
    spread: Ratio | None = None

    @property
    def met(self) -> bool:
        """By the median of the blocks."""
        return self.target.met(self.value)

    @property
    def sure(self) -> bool:
        """Whether every block says the same."""
        return self.spread is None or self.target.met(self.spread.low) == self.target.met(self.spread.high)


TARGETS = (
    *(
        Target(f"RTT {size} {share}, ms", 1.5, THEIRS)
        for size in ("64 B", "1 KiB", "64 KiB", "1 MiB", "6 MiB")
        for share in ("p50", "p99")
    ),
    Target("loss-free 64 B, msg/s", 0.67, THEIRS, at_least=True),
    Target("loss-free 1 KiB, msg/s", 0.67, THEIRS, at_least=True),
    Target("loss-free 64 KiB, msg/s", 1.0, THEIRS, at_least=True),
    Target("loss-free 1 MiB, msg/s", 1.0, THEIRS, at_least=True),
    Target("loss-free 6 MiB, msg/s", 1.0, THEIRS, at_least=True),
    Target("CPU, s per million messages", 2.0, THEIRS),
    Target(START, 1.0, THEIRS),
    Target("router recovery, s", 1.0, THEIRS),
    Target("convergence of 1000 topics, s", 1.0, THEIRS),
    Target("RTT 64 B p50, ms", 5.0, "dds"),
    Target("RTT 1 MiB p50, ms", 3.0, "dds"),
    Target("RTT 64 B p50, ms", 1.15, OURS, arm="mtls"),
    Target("RTT 1 MiB p50, ms", 1.5, OURS, arm="mtls"),
    Target("loss-free 64 B, msg/s", 40_000, at_least=True),
    Target("RTT 64 B p50, ms", 1.2),
    Target("RTT 64 B p99, ms", 3.0),
    Target("RTT 6 MiB p50, ms", 60.0),
    Target(START, 1.5),
    Target("round trips lost", 0),
    Target("messages doubled", 0),
)


def verdicts(blocks: Sequence[Block], figures: Mapping[str, Figures]) -> list[Verdict]:
    """Of the targets that were measured.

    Args:
        blocks: what the ratios are taken from.
        figures: the medians of each arm.
    """
    ratios = {pair: paired(blocks, *pair) for pair in {(one.arm, one.base) for one in TARGETS if one.base}}
    found = []
    for target in TARGETS:
        if not target.base:
            value = figures.get(target.arm, {}).get(target.figure, math.nan)
            if not math.isnan(value):
                found.append(Verdict(target, value))
        elif ratio := ratios[target.arm, target.base].get(target.figure):
            found.append(Verdict(target, ratio.median, ratio))
    return found
