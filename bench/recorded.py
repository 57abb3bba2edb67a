"""The ratios of an earlier run, and which of them got worse since: what CI prints, and never fails on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.blocks import Ratio

WORSE = 1.25
"""From how much on a ratio counts as worse; below, machines and days differ by as much."""
_HIGHER_IS_BETTER = "msg/s"

Ratios = Mapping[str, Mapping[str, Ratio]]


@dataclass(frozen=True, slots=True)
class Change:
    """A ratio now beside the recorded one."""

    pair: str
    figure: str
    was: float
    now: Ratio

    @property
    def factor(self) -> float:
        """How many times worse; below 1 it is better."""
        return self._worse(self.now.median)

    @property
    def worse(self) -> bool:
        """By the median, and by the best block to some extent, too: else the machine may have done it."""
        return self.factor >= WORSE and min(self._worse(self.now.low), self._worse(self.now.high)) > 1.0

    def _worse(self, now: float) -> float:
        if not (now and self.was):
            return 1.0 if now == self.was else float("inf")
        return self.was / now if self.figure.endswith(_HIGHER_IS_BETTER) else now / self.was

    def __str__(self) -> str:
        spread = f" [{self.now.low:.2f} to {self.now.high:.2f}]" if self.now.blocks > 1 else ""
        return f"{self.pair} {self.figure}: {self.now.median:.2f}{spread}, recorded {self.was:.2f}"


def changes(now: Ratios, recorded: Mapping[str, Mapping[str, float]]) -> list[Change]:
    """Of every ratio that both have."""
    return [
        Change(pair, figure, recorded[pair][figure], ratio)
        for pair, found in now.items()
        for figure, ratio in found.items()
        if figure in recorded.get(pair, {})
    ]


def as_text(found: list[Change]) -> str:
    """The ratios that got worse, or that none did."""
    if not found:
        return "no ratio of this run is recorded"
    worse = [f"worse by {(one.factor - 1) * 100:.0f} %: {one}" for one in found if one.worse]
    if worse:
        return "\n".join(worse)
    return f"none of {len(found)} ratios is worse than the recorded one by {(WORSE - 1) * 100:.0f} %"


def read(file: Path) -> dict[str, dict[str, float]]:
    """The recorded ratios."""
    found: dict[str, dict[str, float]] = json.loads(file.read_text(encoding="utf-8"))["ratios"]
    return found


def write(file: Path, machine: Mapping[str, Any], now: Ratios) -> None:
    """Record the ratios of this run, with what it ran on."""
    ratios = {
        pair: {figure: round(ratio.median, 3) for figure, ratio in found.items()}
        for pair, found in now.items()
    }
    file.write_text(json.dumps({"machine": machine, "ratios": ratios}, indent=1) + "\n", encoding="utf-8")
